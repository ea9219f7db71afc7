"""What runs on each node: the same versions, the same code."""

from __future__ import annotations

from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tune_app.engine.cluster import versions
from tune_app.engine.cluster.versions import check_versions, code_digest, describe_versions


def test_equal_versions_pass() -> None:
    own = describe_versions()
    assert own["ray"] and own["torch"] and "+" not in own["torch"]
    check_versions({"a": own, "b": dict(own)})
    check_versions({"a": versions.versions_task()("id")})


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"torch": "1.0"}, "node b has torch 1.0, the driver has"),
        ({"python": "3.9"}, "node b has python 3.9, the driver has"),
        ({"ray": None}, "node b has no ray, the driver has"),
        ({"tune_app": "0123"}, "node b has other code of tune_app (0123), the driver has"),
    ],
)
def test_a_difference_is_named(change: dict[str, str | None], part: str) -> None:
    own = describe_versions()
    with pytest.raises(UserError) as caught:
        check_versions({"a": own, "b": {**own, **change}})
    assert part in str(caught.value)


def test_a_node_without_this_package_is_named() -> None:
    with pytest.raises(UserError, match="node b has no tune_app of this version"):
        check_versions({"b": {"tune_app": None}})


def test_the_digest_changes_with_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_digest()
    assert before == code_digest() and len(before) == 12
    (tmp_path / "one.py").write_text("x = 1\n")
    monkeypatch.setattr("search_spaces.__path__", [str(tmp_path)])
    changed = code_digest()
    (tmp_path / "one.py").write_text("x = 2\n")
    assert len({before, changed, code_digest()}) == 3
