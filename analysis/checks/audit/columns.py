"""Find out which column of a user's table is which."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.checks.audit.table import MEASURED, SETTINGS
from search_spaces.errors import UserError, choices, did_you_mean

ALIASES = {
    **dict.fromkeys(("accuracy", "acc", "test_acc", "testacc"), "test_accuracy"),
    **dict.fromkeys(("precision", "macro_precision"), "test_precision"),
    **dict.fromkeys(("recall", "macro_recall"), "test_recall"),
    **dict.fromkeys(("f1", "f1_score", "macro_f1"), "test_f1"),
    **dict.fromkeys(("val_acc", "validation_accuracy"), "val_accuracy"),
    **dict.fromkeys(("train_time_s", "traintime_s", "training_time_s"), "train_seconds"),
    **dict.fromkeys(("learning_rate", "learningrate"), "lr"),
    **dict.fromkeys(("batch", "batchsize"), "batch_size"),
    **dict.fromkeys(("pinmem", "pinmemory"), "pin_memory"),
    **{"opt": "optimizer", "num_epochs": "epochs", "data_set": "dataset", "compute": "device"},
}
"""Other name -> column, in lower case and with ``_`` for all other characters."""
KNOWN = tuple(dict.fromkeys((*SETTINGS, *MEASURED, "converged", "num_test")))
BOOKKEEPING = (
    "id",
    "trial_id",
    "shared_with",
    "same_as",
    "status",
    "reason",
    "launch",
    "milestone",
)
_TYPING_ERROR = 0.8
"""Unknown headings that are at least this similar to a known name are refused, others ignored."""


@dataclass(frozen=True)
class Options:
    """What a user states about a table.

    Attributes:
        names: our column name -> the file's.
        factors: further columns that say how a row was made.
        percent: whether accuracies are percentages; None to decide by the numbers.
        num_test: test images of every row.
        num_images: images that were split.
        runs: how many runs each row is the mean of.
        averaging: ``macro``, ``weighted`` or ``micro``.
        ceiling: highest plausible accuracy, a fraction.
        selected_on: ``val`` or ``test``, if a row is called the best.
        compared: settings whose levels are compared as arms.
    """

    names: Mapping[str, str]
    factors: Sequence[str] = ()
    percent: bool | None = None
    num_test: int | None = None
    num_images: int | None = None
    runs: int = 1
    averaging: str | None = None
    ceiling: float | None = None
    selected_on: str | None = None
    compared: Sequence[str] = ()


def name_columns(
    path: Path, header: list[str], options: Options
) -> tuple[dict[str, int], list[str]]:
    """Return the position of every column that is used, by our name, and remarks on the others."""
    given = {theirs.strip(): ours for ours, theirs in options.names.items()}
    for ours, theirs in options.names.items():
        if theirs.strip() not in [h.strip() for h in header]:
            raise UserError(
                f"--map {ours}={theirs}: {path} has no column {theirs!r}"
                f"{did_you_mean(theirs, header)}; there are: {choices(header)}"
            )
    for factor in options.factors:
        if factor not in [h.strip() for h in header] and factor not in options.names:
            raise UserError(
                f"--factor {factor}: {path} has no such column{did_you_mean(factor, header)}"
            )
    canonical = {name.lower(): name for name in (*KNOWN, *BOOKKEEPING)}
    columns: dict[str, int] = {}
    unused = []
    for position, heading in enumerate(header):
        plain = _plain(heading)
        name = given.get(heading.strip()) or canonical.get(ALIASES.get(plain, plain), "")
        if not name and heading.strip() in options.factors:
            name = heading.strip()
        if not name:
            close = difflib.get_close_matches(plain, canonical, n=1, cutoff=_TYPING_ERROR)
            if close and len(plain) > 3:
                raise UserError(
                    f"{path}: column {heading!r} is not known; did you mean "
                    f"{canonical[close[0]]!r}? add --map {canonical[close[0]]}={heading}, or "
                    f"--factor {heading} if it says how a row was made"
                )
            unused.append(heading.strip() or "(no name)")
        elif name in columns:
            raise UserError(f"{path}: two columns are {name}; rename one, or choose with --map")
        else:
            columns[name] = position
    if "test_accuracy" not in columns:
        raise UserError(
            f"{path}: no column test_accuracy; name it with --map test_accuracy=COLUMN; "
            f"there are: {choices(header)}"
        )
    return columns, [f"columns not used: {choices(unused)}"] if unused else []


def _plain(heading: str) -> str:
    return re.sub(r"(_pct|_percent)$", "", re.sub(r"[^0-9a-z]+", "_", heading.lower()).strip("_"))
