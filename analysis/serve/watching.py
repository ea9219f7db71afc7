"""Follows studies: notices what changed, reads their state, and has their reports built.

A study is looked at every few seconds, and its state is read only if its files changed. A report is
built only while somebody looks at its page. After a build of t seconds the next one waits for twice
as long, so that a large study does not keep a core busy. Meanwhile the last report is served.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from pathlib import Path
from typing import Any

from analysis.serve.processes import Follower, ReportBuilder, read_state
from search_spaces.errors import UserError
from tune_app.storage.open_store import store_at
from tune_app.storage.remote_folder import is_url
from tune_app.storage.store import STUDY_FILE, StudyStore
from tune_app.study.search_log import SEARCH_FILE
from tune_app.study.stop import STOPPED_FILE
from tune_app.study.study_file import LAUNCHES
from tune_app.study.trial_directory import ERROR_FILE, PARAMS_FILE, RETURNED_FILE
from tune_app.study.trial_record import RESULT_FILE

LOOK_SECONDS, URL_SECONDS, QUIET_SECONDS = 2.0, 15.0, 30.0
"""Pauses between looks at a folder, at a URL, and at a study that cannot be read."""
SHORTEST_PAUSE_SECONDS = 4.0
"""The shortest time between two builds of a report."""
VIEWED_SECONDS = 30.0
"""A page asks for the state of its study every few seconds; after this time it was closed."""
_WATCHED = (RESULT_FILE, PARAMS_FILE, ERROR_FILE, RETURNED_FILE, STOPPED_FILE)
_READINGS = threading.Semaphore(2)


class WatchedStudy:
    """A study, its newest state and its newest report. Every method can be called by any thread.

    Args:
        place: its path or URL.
        builds: the studies whose reports are to be built.

    Attributes:
        place: its path or URL.
    """

    def __init__(self, place: str, builds: queue.SimpleQueue[WatchedStudy | None]) -> None:
        self.place = place
        self._builds = builds
        self._lock = threading.Lock()
        self._state: dict[str, Any] | None = None
        self._problem = ""
        self._report: bytes | None = None
        self._report_problem = ""
        self._revision = self._built_revision = 0
        self._version = 0
        self._built_at = 0.0
        self._next_build = 0.0
        self._viewed = float("-inf")
        self._is_queued = False

    def viewed(self) -> None:
        """Note that somebody looks at the study's page."""
        with self._lock:
            self._viewed = time.monotonic()
        self.build_if_due()

    def state(self) -> dict[str, Any]:
        """Return what a page shows: the study's state, and the version of its report."""
        with self._lock:
            return {
                "state": self._state,
                "problem": self._problem,
                "version": self._version,
                "built_at": self._built_at or None,
                "is_building": self._is_queued,
                "report_problem": self._report_problem,
                "now": time.time(),
            }

    def report(self) -> bytes | None:
        """Return the newest report, or None if none was built yet."""
        with self._lock:
            return self._report

    def changed(self, state: dict[str, Any] | None, problem: str = "") -> None:
        """Take the state of the study after its files changed."""
        with self._lock:
            self._state = state if state is not None else self._state
            self._problem = problem
            self._revision += 1
        self.build_if_due()

    def build_if_due(self) -> None:
        """Have the report built if it is out of date, looked at, and not built just now."""
        with self._lock:
            now = time.monotonic()
            is_due = now >= self._next_build and now - self._viewed < VIEWED_SECONDS
            if self._is_queued or not is_due or self._revision == self._built_revision:
                return
            self._is_queued = True
        self._builds.put(self)

    def build(self, builder: ReportBuilder) -> None:
        """Build the report. Only the thread of the builder calls this."""
        with self._lock:
            revision = self._revision
        begun, problem, report = time.monotonic(), "", None
        try:
            report = builder.build(self.place)
        except UserError as error:
            problem = str(error)
        ended = time.monotonic()
        with self._lock:
            self._built_revision = revision
            self._report_problem = problem
            self._is_queued = False
            self._next_build = ended + max(SHORTEST_PAUSE_SECONDS, 2 * (ended - begun))
            if report is not None and report != self._report:
                self._report = report
                self._version += 1
            if report is not None:
                self._built_at = time.time()


class Watch:
    """The threads that follow studies and build reports, as a context manager.

    Args:
        builder: builds the reports.
    """

    def __init__(self, builder: ReportBuilder) -> None:
        self._builder = builder
        self._builds: queue.SimpleQueue[WatchedStudy | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._followers: set[Follower] = set()
        self._building = threading.Thread(target=self._build, daemon=True)

    def __enter__(self) -> Watch:
        self._building.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._builds.put(None)
        while self._building.is_alive():  # it may start a process at this moment
            self._builder.stop()
            self._building.join(timeout=0.5)
        self._builder.close()
        for follower in list(self._followers):
            follower.stop()

    def follow(self, place: str) -> WatchedStudy:
        """Begin to follow a study."""
        study = WatchedStudy(place, self._builds)
        follow = self._follow_url if is_url(place) else self._follow_folder
        threading.Thread(target=follow, args=(study,), daemon=True).start()
        return study

    def _build(self) -> None:
        while (study := self._builds.get()) is not None and not self._ended.is_set():
            study.build(self._builder)

    def _follow_folder(self, study: WatchedStudy) -> None:
        store, seen = store_at(study.place), None
        pause = 0.0
        while not self._ended.wait(pause):
            begun = time.monotonic()
            found = (marks(store.root), _holder(store))
            pause = max(LOOK_SECONDS, 20 * (time.monotonic() - begun))
            if found != seen:
                seen = found
                with _READINGS:
                    begun = time.monotonic()
                    _read(study)
                pause = max(pause, 5 * (time.monotonic() - begun))
            study.build_if_due()

    def _follow_url(self, study: WatchedStudy) -> None:
        seen, pause = None, 0.0
        while not self._ended.wait(pause):
            follower, pause = Follower(study.place, URL_SECONDS), URL_SECONDS
            self._followers.add(follower)
            try:
                for state in follower.states():
                    if state != seen:
                        study.changed(state)
                    seen = state
                    study.build_if_due()
            except UserError as error:
                study.changed(None, str(error))
                pause = QUIET_SECONDS
            finally:
                self._followers.discard(follower)
            study.build_if_due()


def marks(root: Path) -> int:
    """Return a number that changes with the files that tell how far a study is."""
    found = [_mark(root / STUDY_FILE), _mark(root / SEARCH_FILE)]
    found += [*_marks_in(root / LAUNCHES), *_marks_in(root / "weights")]
    for launch in _folders(root / "tune"):
        for trial in _folders(launch):
            found += [_mark(Path(trial) / name) for name in _WATCHED]
    return hash(tuple(found))


def _mark(path: Path) -> tuple[str, int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return str(path), status.st_size, status.st_mtime_ns


def _marks_in(folder: Path) -> list[tuple[str, int, int] | None]:
    try:
        return [_mark(path) for path in sorted(folder.iterdir())]
    except OSError:
        return []


def _folders(parent: str | Path) -> list[str]:
    try:
        with os.scandir(parent) as entries:
            return sorted(e.path for e in entries if e.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _holder(store: StudyStore) -> object:
    try:
        return store.holder()
    except OSError as error:
        return str(error)


def _read(study: WatchedStudy) -> None:
    try:
        study.changed(read_state(study.place))
    except UserError as error:
        study.changed(None, str(error))
