"""What is noticed of a study, and when its report is built."""

from __future__ import annotations

import queue
import time
from pathlib import Path

import pytest

from analysis.serve import watching
from analysis.serve.watching import Watch, WatchedStudy, marks
from search_spaces.errors import UserError
from tests.serve.growing_study import GrowingStudy


class Builder:
    """Builds reports that count themselves; the time of a build is given."""

    def __init__(self) -> None:
        self.number = 0
        self.problem = ""

    def build(self, place: str) -> bytes:
        if self.problem:
            raise UserError(self.problem)
        self.number += 1
        return f"{place} {self.number}".encode()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a clock that a test sets."""
    now = [1000.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: now[0])
    return now


class Watched:
    """A study whose reports are built when a test says so."""

    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[WatchedStudy | None] = queue.SimpleQueue()
        self.study = WatchedStudy("place", self.queue)
        self.builder = Builder()

    def build(self) -> bool:
        """Build the report that is waited for; return whether there was one."""
        if self.queue.empty():
            return False
        study = self.queue.get()
        assert study is self.study
        study.build(self.builder)  # type: ignore[arg-type]
        return True


def test_files_that_tell_how_far_a_study_is_change_its_marks(tmp_path: Path) -> None:
    study = GrowingStudy(tmp_path)
    seen = [marks(study.root)]

    def has_changed() -> bool:
        seen.append(marks(study.root))
        return seen[-1] != seen[-2]

    assert not has_changed()
    study.report(0, 1)
    assert has_changed()
    study.report(0, 2)
    assert has_changed()
    study.fail(1, "ValueError: no")
    assert has_changed()
    for name in ("search.jsonl", "tune/001/trial-0/stopped.json"):
        (study.root / name).write_text("{}")
        assert has_changed(), "a search asked for a row, or stopped one"
    (study.root / "report").mkdir()
    (study.root / "report" / "report.html").write_text("x")
    (study.root / "tune" / "001" / "trial-0" / "output.txt").write_text("x")
    assert not has_changed(), "what changes no row of the report"
    study.ledger.start_launch({"open": []})
    assert has_changed()
    assert marks(tmp_path / "none") == marks(tmp_path / "none")


def test_a_report_is_built_only_while_somebody_looks(clock: list[float]) -> None:
    watched = Watched()
    watched.study.changed({"rows": 1})
    assert not watched.build()
    watched.study.viewed()
    assert watched.build() and watched.study.report() == b"place 1"
    clock[0] += watching.VIEWED_SECONDS + 1
    watched.study.changed({"rows": 2})
    assert not watched.build(), "the page was closed"
    watched.study.viewed()
    assert watched.build() and watched.study.state()["version"] == 2


def test_nothing_is_built_again_without_a_change(clock: list[float]) -> None:
    watched = Watched()
    watched.study.viewed()
    assert not watched.build(), "nothing was read yet"
    watched.study.changed({})
    assert watched.build()
    for _ in range(5):
        clock[0] += 100
        watched.study.viewed()
        assert not watched.build()


def test_a_build_of_ten_seconds_is_followed_by_twenty_without(clock: list[float]) -> None:
    watched = Watched()
    watched.study.viewed()
    build = watched.builder.build

    def slow(place: str) -> bytes:
        clock[0] += 10
        watched.study.changed({"rows": 2})  # results arrive while the report is built
        assert watched.study.state()["is_building"] and watched.study.report() is None
        return build(place)

    watched.builder.build = slow  # type: ignore[method-assign]
    watched.study.changed({"rows": 1})
    assert watched.build() and watched.study.report() == b"place 1"
    watched.builder.build = build  # type: ignore[method-assign]
    for seconds, is_due in ((0, False), (19, False), (2, True)):
        clock[0] += seconds
        watched.study.viewed()
        assert watched.build() is is_due


def test_results_come_together_in_one_build(clock: list[float]) -> None:
    watched = Watched()
    watched.study.viewed()
    for number in range(10):
        watched.study.changed({"rows": number})
    assert watched.build() and not watched.build()
    assert watched.study.state()["state"] == {"rows": 9}


def test_the_last_report_is_served_if_the_next_cannot_be_built(clock: list[float]) -> None:
    watched = Watched()
    watched.study.viewed()
    watched.study.changed({})
    assert watched.build()
    watched.builder.problem = "place: no report"
    clock[0] += 10
    watched.study.changed({})
    assert watched.build()
    state = watched.study.state()
    assert state["report_problem"] == "place: no report" and state["version"] == 1
    assert watched.study.report() == b"place 1"
    watched.builder.problem = ""
    clock[0] += 10
    watched.study.changed({})
    assert watched.build() and watched.study.state()["report_problem"] == ""


def test_an_equal_report_is_no_new_version(clock: list[float]) -> None:
    watched = Watched()
    watched.study.viewed()
    watched.builder.build = lambda place: b"same"  # type: ignore[method-assign]
    for _ in range(2):
        watched.study.changed({})
        clock[0] += 10
        watched.study.viewed()
        assert watched.build()
    assert watched.study.state()["version"] == 1


def test_a_study_that_cannot_be_read_keeps_its_last_state(clock: list[float]) -> None:
    watched = Watched()
    watched.study.changed({"rows": 1})
    watched.study.changed(None, "study.json: damaged")
    state = watched.study.state()
    assert state["state"] == {"rows": 1} and state["problem"] == "study.json: damaged"


def test_a_change_of_the_files_is_read_and_only_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = GrowingStudy(tmp_path)
    readings: queue.SimpleQueue[str] = queue.SimpleQueue()
    looks: queue.SimpleQueue[int] = queue.SimpleQueue()
    holders = iter([None, None, "another", *[None] * 1000])

    def read_state(place: str) -> dict[str, object]:
        readings.put(place)
        return {"rows": 1}

    def counted(root: Path) -> int:
        looks.put(1)
        return marks(root)

    monkeypatch.setattr(watching, "read_state", read_state)
    monkeypatch.setattr(watching, "marks", counted)
    monkeypatch.setattr(watching, "_holder", lambda _store: next(holders))
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.01)
    with Watch(_NoBuilder()) as watch:  # type: ignore[arg-type]
        watch.follow(str(study.root))
        for _ in range(8):
            looks.get(timeout=30)
        found = readings.qsize()
        study.report(0, 1)
        for _ in range(found + 1):
            assert readings.get(timeout=30) == str(study.root)
    assert found == 3, "at first, when a driver took the study, and when it let it go"


def test_a_study_at_a_url_is_read_and_a_place_without_one_says_so(tmp_path: Path) -> None:
    study = GrowingStudy(tmp_path)
    study.finish(0)
    with Watch(_NoBuilder()) as watch:  # type: ignore[arg-type]
        found = watch.follow(study.root.as_uri())
        missing = watch.follow((tmp_path / "none").as_uri())
        deadline = time.monotonic() + 60
        while found.state()["state"] is None or not missing.state()["problem"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert found.state()["state"]["rows"]["finished"] == 2 and found.state()["problem"] == ""
    assert "no study there" in missing.state()["problem"]


class _NoBuilder:
    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass
