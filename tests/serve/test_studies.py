from __future__ import annotations

import queue
from pathlib import Path

import pytest

from analysis.serve import studies as module
from analysis.serve.studies import ServedStudies
from analysis.serve.watching import WatchedStudy
from search_spaces.errors import UserError
from tests.studies import shared_study


def follow(place: str) -> WatchedStudy:
    return WatchedStudy(place, queue.SimpleQueue())


def test_studies_that_appear_in_a_folder_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_study(tmp_path / "results" / "one")
    (tmp_path / "results" / "notes").mkdir()
    served = ServedStudies([str(tmp_path / "results")], follow)
    first = served.all()
    assert list(first) == ["one"] and not served.is_single
    shared_study(tmp_path / "results" / "a")
    assert list(served.all()) == ["one"], "the folder is not looked through at every request"
    monkeypatch.setattr(module, "_LIST_SECONDS", 0.0)
    assert list(served.all()) == ["a", "one"]
    assert served.all()["one"] is first["one"], "it is followed once"


def test_names_in_addresses_are_plain_and_differ(tmp_path: Path) -> None:
    paths = [shared_study(tmp_path / place) for place in ("x/é ü", "y/é ü", "z/..a")]
    urls = ["s3://bucket/studies/q1a", (tmp_path / "x" / "é ü").as_uri()]
    served = ServedStudies([*map(str, paths), *urls], follow)
    assert {name: study.place for name, study in served.all().items()} == {
        "study": str(paths[0]),
        "study-2": str(paths[1]),
        "a": str(paths[2]),
        "q1a": urls[0],
        "study-3": urls[1],
    }


def test_a_place_without_studies_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for place, said in (
        ("none", "no such directory"),
        ("empty", "neither a study nor a folder with studies"),
        ("x" * 300, "no such directory"),
    ):
        with pytest.raises(UserError, match=said):
            ServedStudies([str(tmp_path / place)], follow)
