from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from search_spaces.errors import UserError
from tests.ledgers import make_ledger
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import open_ledger


@pytest.mark.parametrize(
    ("edit", "part"),
    [
        (lambda s: s.update(schema_version=1), "schema version 1, this program reads 2"),
        (lambda s: s.pop("schema_version"), "not a study file"),
        (lambda s: s.update(seeds="0"), "seeds is missing or damaged"),
        (lambda s: s.update(seeds=["x"]), "seeds must be whole numbers"),
        (lambda s: s["configurations"][0]["config"].update(lr=7), "was edited"),
        (
            lambda s: s["configurations"].append(3),
            "configurations[4] needs a config_id and a config",
        ),
        (lambda s: s.update(study="../x"), "the study's name is damaged"),
        (lambda s: s["space"].update(defaults=[]), "space: defaults is damaged"),
        (lambda s: s.update(seeds=list(range(30_000))), "120,000 rows; no study has more"),
        (lambda s: s["data"].update(vary_split="yes"), "data: vary_split is damaged"),
    ],
)
def test_damaged_study_files_are_named(tmp_path: Path, edit: Any, part: str) -> None:
    ledger = make_ledger(tmp_path / "mine")
    edit(ledger.study)
    ledger.save()
    with pytest.raises(UserError) as error:
        open_ledger(ledger.store)
    assert part in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_study_file_that_is_not_json_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "study.json").write_bytes(content)
    with pytest.raises(UserError, match=r"not a study file.*; restore it from a copy"):
        open_ledger(LocalStore(tmp_path))
