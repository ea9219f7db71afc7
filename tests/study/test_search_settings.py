from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from search_spaces.errors import UserError
from tests.ledgers import make_ledger
from tune_app.study.ledger import open_ledger
from tune_app.study.search_settings import SearchSettings

ASHA = SearchSettings("tpe", 30, seed=1, stopping="asha", rungs=(1, 3))


def test_settings_are_written_and_read() -> None:
    assert SearchSettings.from_json(ASHA.as_json()) == ASHA
    assert ASHA.as_json() == {
        "sampler": "tpe",
        "num_trials": 30,
        "seed": 1,
        "stopping": "asha",
        "rungs": [1, 3],
        "reduction": 3,
    }


@pytest.mark.parametrize(
    ("changes", "last_epoch", "rungs"),
    [
        ({}, 9, (1, 3)),
        ({"rungs": ()}, 9, (1, 3)),
        ({"rungs": ()}, 10, (1, 3, 9)),
        ({"rungs": (), "reduction": 2}, 9, (1, 2, 4, 8)),
        ({"rungs": (2, 5, 9)}, 5, (2,)),
        ({}, 1, ()),
        ({}, None, (1, 3)),
        ({"stopping": "none"}, 9, ()),
    ],
)
def test_rungs_lie_before_the_last_epoch(
    changes: dict[str, Any], last_epoch: int | None, rungs: tuple[int, ...]
) -> None:
    settings = SearchSettings(**{**ASHA.__dict__, **changes})
    assert settings.rungs_before(last_epoch) == rungs


@pytest.mark.parametrize(
    "edit",
    [
        {"sampler": 3},
        {"num_trials": 0},
        {"num_trials": True},
        {"seed": -1},
        {"rungs": "1,3"},
        {"rungs": [0]},
        {"reduction": 2.5},
    ],
)
def test_a_damaged_entry_is_named(tmp_path: Path, edit: dict[str, Any]) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.study["search"] = {**ASHA.as_json(), **edit}
    ledger.save()
    with pytest.raises(UserError, match=f"search: {next(iter(edit))} is damaged"):
        open_ledger(ledger.store)
