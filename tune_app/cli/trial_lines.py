"""The lines of the trials that run, below the progress bar of a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.table import Table

MAX_LINES = 12
_KEY = re.compile(r"-[0-9a-f]{16}$")
_MARGIN = "  "


class RunningTrial(NamedTuple):
    """A trial that runs.

    Attributes:
        name: the name of its directory.
        words: its state, what matters most first: ``epoch 2/5``, ``val_accuracy 97.50 %``.
    """

    name: str
    words: Sequence[str]


def trial_lines(trials: Sequence[RunningTrial], width: int) -> Table:
    """Return a line for each trial. What does not fit is left out, beginning with the last word.

    Args:
        trials: the trials; of many only the first ones are shown.
        width: how many characters a line of the terminal has.
    """
    shown = trials[:MAX_LINES]
    names = [_KEY.sub("", trial.name) for trial in shown]
    if len(set(names)) < len(names):
        names = [trial.name for trial in shown]
    room = width - max(map(len, names), default=0) - 2 * len(_MARGIN)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_column(no_wrap=True, overflow="ellipsis")
    for name, trial in zip(names, shown, strict=True):
        table.add_row(f"{_MARGIN}{name}", _MARGIN.join(_fitting(trial.words, room)))
    if len(trials) > MAX_LINES:
        table.add_row(f"{_MARGIN}and {len(trials) - MAX_LINES} more", "")
    return table


def _fitting(words: Sequence[str], room: int) -> Iterator[str]:
    """Yield the first word, and those after it for which there is room."""
    used = -len(_MARGIN)
    for place, word in enumerate(words):
        used += len(_MARGIN) + len(word)
        if place and used > room:
            return
        yield word
