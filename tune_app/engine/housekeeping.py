"""What a study no longer needs goes: spent checkpoints, weights that are not the best, remains."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tune_app.storage.store import StudyStore
from tune_app.storage.whole_file import is_partial
from tune_app.study.ledger import Ledger
from tune_app.study.objective import Objective
from tune_app.study.recorded import Recorded
from tune_app.training.checkpoint import remove_checkpoints

_WEIGHTS = re.compile(r"(?P<group>.+)\.epoch_(?P<epoch>[0-9]{1,9})\.pt")


def tidy(ledger: Ledger, recorded: Recorded) -> None:
    """Remove what the study no longer needs; to be called while it is locked.

    Before a launch this clears away what a killed one left: half-written files, and the entries of
    weights whose score was never recorded. Such an entry would keep the trial, once it reaches that
    score again, from saving its weights.
    """
    ledger.store.refresh()
    for place in ("", "weights/", "tune/*/*/", "tune/*/*/*/"):
        for path in plain_glob(ledger.root, f"{place}.*"):
            if is_partial(path.name) and path.is_file():
                ledger.store.remove([path])
    remove_spent_checkpoints(ledger, recorded)
    keep_best_weights(ledger.store, recorded, Objective.of_study(ledger.study))


def remove_spent_checkpoints(ledger: Ledger, recorded: Recorded) -> None:
    """Delete the checkpoints of trials whose rows are all finished.

    Ray writes the last one while a driver that was stopped no longer hears of it, so all launches
    are looked at, not only the latest.
    """
    known, ended = set(ledger.row_keys()), recorded.ended(ledger.study).keys()
    for trial in recorded.trials.values():
        rows = trial.rows().keys() & known
        if rows and rows <= ended:
            for directory in trial.directories:
                if directory.path is not None:
                    _remove_checkpoints(ledger.store, directory.path)
    if ended >= known:
        # A directory whose params.json was damaged belongs to no trial any more.
        for path in plain_glob(ledger.root, "tune/*/*"):
            _remove_checkpoints(ledger.store, path)


def _remove_checkpoints(store: StudyStore, directory: Path) -> None:
    # A URL is listed only where the refreshed copy has one: thousands of lists take minutes.
    if any(directory.glob("checkpoint_*")):
        remove_checkpoints(store, directory)


def keep_best_weights(store: StudyStore, recorded: Recorded, objective: Objective) -> None:
    """Keep, per group, only the weights with the best score, and say where they are.

    Trials save a milestone's weights when they beat the group's record at that moment; the scores
    that they reported decide here. ``<study>/weights/<group>.json`` then names the file.

    Args:
        store: the study's.
        recorded: what its launches recorded.
        objective: that of the study's search space.
    """
    root = store.root
    best: dict[str, tuple[float, Path]] = {}
    records = {directory.path: directory.records for directory in recorded.directories}
    saved = {
        path: match
        for path in plain_glob(root, "tune/*/*/weights/*.pt")
        if (match := _WEIGHTS.fullmatch(path.name)) and path.is_file()
        if path.parent.parent in records
    }
    for path, match in saved.items():
        group, epoch = match["group"], int(match["epoch"])
        for row in records[path.parent.parent]:
            score = objective.score(row) if row["epoch"] == epoch else None
            if score is not None and objective.prefers(score, best.get(group, (None,))[0]):
                best[group] = (score, path)
    for group, (score, path) in best.items():
        entry = {"metric": objective.metric, "score": score, "file": str(path.relative_to(root))}
        store.write(root / "weights" / f"{group}.json", json.dumps(entry).encode())
    store.remove(saved.keys() - {path for _, path in best.values()})
    entries = [path for path in plain_glob(root, "weights/*.json") if path.is_file()]
    store.remove(path for path in entries if path.stem not in best)


def plain_glob(root: Path, pattern: str) -> list[Path]:
    """Return what matches inside of a study, by name, without anything behind a symbolic link."""
    top = root.resolve()
    parents: dict[Path, bool] = {}
    found = []
    for path in sorted(root.glob(pattern)):
        parent = path.parent
        if parent not in parents:
            parents[parent] = parent.resolve() == top / parent.relative_to(root)
        if parents[parent] and not path.is_symlink():
            found.append(path)
    return found
