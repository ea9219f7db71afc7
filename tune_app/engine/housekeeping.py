"""Delete what a study no longer needs: checkpoints of finished trials, weights that were beaten."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tune_app.planning.prepared_study import PreparedStudy
from tune_app.storage.store import StudyStore
from tune_app.storage.whole_file import is_partial
from tune_app.study.ledger import Ledger
from tune_app.study.objective import Objective
from tune_app.study.recorded import Recorded
from tune_app.study.selection import rank
from tune_app.training.own_checkpoint import prune_checkpoints

_WEIGHTS = re.compile(r"(?P<group>.+)\.epoch_(?P<epoch>[0-9]{1,9})\.pt")


def tidy(ledger: Ledger, recorded: Recorded) -> None:
    """Delete what the study no longer needs. The caller holds the study's lock.

    Before a launch this also deletes what a killed launch left behind: half-written files, and
    entries of weights whose score was never recorded. Such an entry would stop the trial from
    saving its weights when it reaches the same score again.
    """
    ledger.store.refresh()
    for place in ("", "weights/", "tune/*/*/", "tune/*/*/*/"):
        for path in plain_glob(ledger.root, f"{place}.*"):
            if is_partial(path.name) and path.is_file():
                ledger.store.remove([path])
    for check in recorded.checks:
        if check.path is not None:
            _remove_checkpoints(ledger.store, check.path)
            ledger.store.remove(plain_glob(check.path, "weights/*.pt"))
    remove_spent_checkpoints(ledger, recorded)
    keep_best_weights(ledger, recorded)


def remove_spent_checkpoints(ledger: Ledger, recorded: Recorded) -> None:
    """Delete the checkpoints of trials whose rows all need no trial any more.

    This looks at all launches, not only at the latest: Ray may write a last checkpoint after the
    driver of a launch has stopped.
    """
    known, ended = set(ledger.row_keys()), recorded.ended(ledger.study).keys()
    keep = ledger.study["space"].get("keep_checkpoints", "none")
    for trial in recorded.trials.values():
        rows = trial.rows().keys() & known
        folders = [d.path for d in trial.directories if d.path is not None]
        # Listing thousands of folders at a URL takes minutes; the working copy shows which have any
        if rows and rows <= ended and any(any(f.glob("checkpoint_*")) for f in folders):
            objective = Objective.of_study(ledger.study)
            scores = {e: objective.score(report.record) for e, report in trial.history.items()}
            prune_checkpoints(
                ledger.store,
                folders,
                trial.key,
                keep=keep,
                score=scores.get,
                objective=objective,
            )
    if ended >= known and keep == "none":
        # A directory with a damaged params.json belongs to no trial.
        for path in plain_glob(ledger.root, "tune/*/*"):
            _remove_checkpoints(ledger.store, path)


def _remove_checkpoints(store: StudyStore, directory: Path) -> None:
    # Listing thousands of folders at a URL takes minutes; the working copy shows which have any.
    if any(directory.glob("checkpoint_*")):
        store.remove_folders(directory, "checkpoint_*")


def keep_best_weights(ledger: Ledger, recorded: Recorded) -> None:
    """Keep only the weights with the best recorded score of each group, and delete the others.

    A trial saves the weights of a milestone unless they are worse than the best of their group so
    far. Equal scores are decided as in the report: fewer epochs, then the declared order.
    ``<study>/weights/<group>.json`` names the file that is kept.

    Args:
        ledger: the study.
        recorded: what its launches recorded.
    """
    store, root, objective = ledger.store, ledger.root, Objective.of_study(ledger.study)
    places = {c.config_id: place for place, c in enumerate(ledger.configurations())}
    best: dict[str, tuple[tuple[float, ...], float, Path]] = {}
    directories = {directory.path: directory for directory in recorded.directories}
    saved = {
        path: match
        for path in plain_glob(root, "tune/*/*/weights/*.pt")
        if (match := _WEIGHTS.fullmatch(path.name)) and path.is_file()
        if path.parent.parent in directories
    }
    for path, match in saved.items():
        group, epoch = match["group"], int(match["epoch"])
        directory = directories[path.parent.parent]
        config_ids = directory.serves().get(epoch, [])
        place = min((places.get(config_id, len(places)) for config_id in config_ids), default=0)
        for row in directory.records:
            score = objective.score(row) if row["epoch"] == epoch else None
            if score is None:
                continue
            order = (*rank(score, objective.mode, epoch, place), directory.seed or 0)
            if group not in best or order < best[group][0]:
                best[group] = (order, score, path)
    for group, (_, score, path) in best.items():
        entry = {"metric": objective.metric, "score": score, "file": str(path.relative_to(root))}
        store.write(root / "weights" / f"{group}.json", json.dumps(entry).encode())
    store.remove(saved.keys() - {path for *_, path in best.values()})
    entries = [path for path in plain_glob(root, "weights/*.json") if path.is_file()]
    store.remove(path for path in entries if path.stem not in best)


def plain_glob(root: Path, pattern: str) -> list[Path]:
    """Return the paths in a study that match, sorted, without symbolic links or what is behind."""
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


def read_again(study: PreparedStudy, launch: str) -> Recorded:
    """Return what is recorded once a launch has ended, and bring the study's files in order.

    Raises:
        StorageError: the study is gone, or another driver may have taken it over.
    """
    ledger = study.ledger
    with ledger.store.guarded():
        ledger.store.check_held()
        ledger.store.refresh()
        if study.search is None:
            recorded = study.recorded.with_launch(ledger.root, ledger.study, launch)
        else:  # it has added configurations, and may have stopped trials of earlier launches
            ledger.save()
            recorded = ledger.read_trials()
        tidy(ledger, recorded)
    return recorded
