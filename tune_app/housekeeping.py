"""What a study no longer needs goes: spent checkpoints, weights that are not the best, remains."""

from __future__ import annotations

import json
from pathlib import Path

from tune_app.atomic import atomic_file, is_partial
from tune_app.checkpoint import remove_checkpoints
from tune_app.ledger import Ledger, read_results


def tidy(ledger: Ledger) -> None:
    """Remove what the study no longer needs; to be called while it is locked.

    Before a launch this clears away what a killed one left: half-written files, and the entries of
    weights whose score was never recorded. Such an entry would keep the trial, once it reaches that
    score again, from saving its weights.
    """
    for place in ("", "weights/", "tune/*/*/", "tune/*/*/*/"):
        for path in ledger.root.glob(f"{place}.*"):
            if is_partial(path):
                path.unlink(missing_ok=True)
    remove_spent_checkpoints(ledger)
    keep_best_weights(ledger.root)


def remove_spent_checkpoints(ledger: Ledger) -> None:
    """Delete the checkpoints of trials whose rows are all finished.

    Ray writes the last one while a driver that was stopped no longer hears of it, so all launches
    are looked at, not only the latest.
    """
    finished = ledger.finished()
    for history in ledger.histories().values():
        for directory in history.directories:
            plan = json.loads((directory / "params.json").read_text())
            served = [key for ids in plan["plan"]["serves"].values() for key in ids]
            if all((config_id, plan["seed"]) in finished for config_id in served):
                remove_checkpoints(directory)


def keep_best_weights(root: Path) -> None:
    """Keep, per group, only the weights that scored best on validation, and say where they are.

    Trials save a milestone's weights when they beat the group's record at that moment; the scores
    that they reported decide here. ``<study>/weights/<group>.json`` then names the file.
    """
    best: dict[str, tuple[float, Path]] = {}
    every = sorted(root.glob("tune/*/*/weights/*.epoch_*.pt"))
    for path in every:
        group, epoch = path.stem.rsplit(".epoch_", 1)
        for row in read_results(path.parent.parent / "result.json"):
            if row["epoch"] == int(epoch) and row["val_accuracy"] > best.get(group, (-1.0,))[0]:
                best[group] = (row["val_accuracy"], path)
    for group, (score, path) in best.items():
        entry = {"score": score, "file": str(path.relative_to(root))}
        with atomic_file(root / "weights" / f"{group}.json") as stream:
            stream.write(json.dumps(entry).encode())
    for path in set(every) - {path for _, path in best.values()}:
        path.unlink(missing_ok=True)
    for path in root.glob("weights/*.json"):
        if path.stem not in best:
            path.unlink(missing_ok=True)
