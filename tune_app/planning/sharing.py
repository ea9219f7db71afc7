"""Which rows of a study share a trial.

Training that several rows have in common is done once, where the result is exactly the same:

* **Prefix sharing.** If nothing in the training depends on the last epoch, the 2-epoch run of a
  configuration is the first two epochs of its 5-epoch run. One trial with the milestones 2 and 5
  serves both. This is the simplest case of the stage trees of Hippo (Shin et al. 2020,
  arXiv:2006.11972).
* **Inert axes.** A parameter that changes nothing for a configuration, such as ``pin_memory``
  without a GPU, does not need a trial for each of its values.

A trainable declares both. Two rows share a trial only if everything else is the same, including the
seed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from search_spaces.configuration import Config, canonical_json
from tune_app.study.trial_record import AT_RETURN
from tune_app.training.trainable import Trainable


class Row(NamedTuple):
    """A row that needs a trial.

    Attributes:
        config_id: the configuration as the search space declares it.
        config: its values with every default filled in and ``device: auto`` decided.
        seed: the seed.
    """

    config_id: str
    config: Config
    seed: int


def group_rows(rows: Iterable[Row], trainable: Trainable, *, sharing: bool) -> dict[str, list[Row]]:
    """Return the rows of each trial, by the trial's key.

    The key is the first 16 hex digits of the SHA-256 of what decides the training, so a trial keeps
    its key over launches.

    Args:
        rows: the rows that need a trial.
        trainable: what the trials train.
        sharing: whether rows may share a trial; if not, each gets its own.
    """
    groups: dict[str, list[Row]] = {}
    essences: dict[str, str] = {}
    for row in rows:
        essence = _essence(trainable, row, sharing)
        key = hashlib.sha256(essence.encode()).hexdigest()[:16]
        assert essences.setdefault(key, essence) == essence, f"two trainings have the key {key}"
        groups.setdefault(key, []).append(row)
    return groups


def milestone_of(trainable: Trainable, config: Config) -> int:
    """Return the epoch at which a row ends; 1 for a trainable that has no epochs.

    It is ``AT_RETURN`` for a user's function without a ``prefix_axis``.
    """
    if trainable.prefix_axis:
        return int(config[trainable.prefix_axis])
    return AT_RETURN if trainable.is_own else 1


def _essence(trainable: Trainable, row: Row, sharing: bool) -> str:
    """Return what decides the training of a row, as text: equal texts mean equal training."""
    essential = dict(row.config)
    if sharing:
        if trainable.prefix_axis and trainable.shares_prefix(row.config):
            del essential[trainable.prefix_axis]
        for axis, is_inert in trainable.inert_axes.items():
            if axis in essential and is_inert(row.config):
                del essential[axis]
    return canonical_json({"config": essential, "seed": row.seed})
