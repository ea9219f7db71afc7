"""Names that a person recognises, such as ``mnist_resnet18_bs64_sgd_lr0.1_epochs5``.

A name is made of the configuration's own values. So it stays the same when the study is resumed or
grows, unless the growth adds a factor.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from search_spaces.configuration import Config

FOLDER = "tensorboard"
"""The folder of a study that has TensorBoard's run of each row."""
_MOST_LETTERS, _MOST_OF_A_VALUE, _ID_LETTERS = 100, 40, 6


class RowNames:
    """The names of a study's configurations. Each has a name of its own.

    Args:
        factors: the parameters whose values are in the names, in their order.
    """

    def __init__(self, factors: Sequence[str]) -> None:
        self._short = _short_names(factors)
        self._taken: set[str] = set()

    def name(self, config_id: str, config: Config, group: Sequence[str] = ()) -> str:
        """Return the name of a configuration, which is asked for once.

        Of configurations that differ only in what the name leaves out, the first that is asked for
        has the plain name. The others have the beginning of their id in it.

        Args:
            config_id: identity of the configuration.
            config: its parameters, with those at their defaults.
            group: the parameters that the name begins with, such as data set and model.
        """
        order = [f for f in dict.fromkeys([*group, *self._short]) if f in config]
        parts = [_part(self._short.get(f, f), f, config[f]) for f in order]
        plain = "_".join(filter(None, parts))[:_MOST_LETTERS].strip("._") or "row"
        name = f"{plain}_{config_id[:_ID_LETTERS]}" if plain in self._taken else plain
        self._taken.add(name)
        return name


def _short_names(factors: Sequence[str]) -> dict[str, str]:
    """Return factor -> what stands for it: ``bs`` for ``batch_size``, if nothing else is ``bs``."""
    initials = {f: "".join(word[0] for word in f.split("_") if word) for f in factors}
    taken = [*initials.values(), *factors]
    return {f: i if len(i) > 1 and taken.count(i) == 1 else f for f, i in initials.items()}


def _part(short: str, name: str, value: Any) -> str:
    """Return what a name says of one parameter; text stands for itself."""
    if isinstance(value, bool):
        return name if value else f"no_{name}"
    if isinstance(value, str):
        return _plain(value)
    return _plain(f"{short}{value:.4g}" if isinstance(value, float) else f"{short}{value}")


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "_", text)[:_MOST_OF_A_VALUE].strip("_")
