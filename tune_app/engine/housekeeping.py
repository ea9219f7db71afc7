"""What a study no longer needs goes: spent checkpoints, weights that are not the best, remains."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tune_app.storage import mirror
from tune_app.storage.atomic import atomic_file
from tune_app.storage.whole_file import is_partial
from tune_app.study.ledger import Ledger
from tune_app.study.objective import Objective
from tune_app.study.study_file import plain_glob, read_results
from tune_app.training.checkpoint import remove_checkpoints

_WEIGHTS = re.compile(r"(?P<group>.+)\.epoch_(?P<epoch>[0-9]{1,9})\.pt")


def tidy(ledger: Ledger) -> None:
    """Remove what the study no longer needs; to be called while it is locked.

    Before a launch this clears away what a killed one left: half-written files, and the entries of
    weights whose score was never recorded. Such an entry would keep the trial, once it reaches that
    score again, from saving its weights.
    """
    mirror.refresh(ledger.root)
    for place in ("", "weights/", "tune/*/*/", "tune/*/*/*/"):
        for path in plain_glob(ledger.root, f"{place}.*"):
            if is_partial(path.name) and path.is_file():
                mirror.remove([path])
    remove_spent_checkpoints(ledger)
    keep_best_weights(ledger.root, Objective.of_study(ledger.study))


def remove_spent_checkpoints(ledger: Ledger) -> None:
    """Delete the checkpoints of trials whose rows are all finished.

    Ray writes the last one while a driver that was stopped no longer hears of it, so all launches
    are looked at, not only the latest.
    """
    histories = ledger.histories()
    finished = {key for history in histories.values() for key in history.finished}
    for history in histories.values():
        if history.rows and history.rows <= finished:
            for directory in history.directories:
                _remove_checkpoints(directory)
    if finished >= set(ledger.row_keys()):
        # A directory whose params.json was damaged belongs to no trial any more.
        for directory in plain_glob(ledger.root, "tune/*/*"):
            _remove_checkpoints(directory)


def _remove_checkpoints(directory: Path) -> None:
    # A URL is listed only where the refreshed copy has one: thousands of lists take minutes.
    if any(directory.glob("checkpoint_*")):
        remove_checkpoints(directory)


def keep_best_weights(root: Path, objective: Objective) -> None:
    """Keep, per group, only the weights with the best score, and say where they are.

    Trials save a milestone's weights when they beat the group's record at that moment; the scores
    that they reported decide here. ``<study>/weights/<group>.json`` then names the file.

    Args:
        root: the study directory.
        objective: that of the study's search space.
    """
    best: dict[str, tuple[float, Path]] = {}
    saved = {
        path: match
        for path in plain_glob(root, "tune/*/*/weights/*.pt")
        if (match := _WEIGHTS.fullmatch(path.name)) and path.is_file()
    }
    for path, match in saved.items():
        group, epoch = match["group"], int(match["epoch"])
        for row in read_results(path.parent.parent / "result.json"):
            score = objective.score(row) if row["epoch"] == epoch else None
            if score is not None and objective.prefers(score, best.get(group, (None,))[0]):
                best[group] = (score, path)
    for group, (score, path) in best.items():
        entry = {"metric": objective.metric, "score": score, "file": str(path.relative_to(root))}
        with atomic_file(root / "weights" / f"{group}.json") as stream:
            stream.write(json.dumps(entry).encode())
    mirror.remove(saved.keys() - {path for _, path in best.values()})
    entries = [path for path in plain_glob(root, "weights/*.json") if path.is_file()]
    mirror.remove(path for path in entries if path.stem not in best)
