"""Rows that repeat the result of another seed, because the seed changes nothing for them.

A support vector machine on a given split has no random part. Six seeds give six copies of one
result, and no interval or test may count them as six. If each seed has its own split, or chooses
training images, the rows are true replicates.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from search_spaces.configuration import Configuration
from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tune_app.study.study_file import SAME_AT_EVERY_SEED
from tune_app.training.registry import Trainable


def same_at_every_seed(
    configurations: Sequence[Configuration], trainable: Trainable, num_train: Mapping[str, int]
) -> list[str]:
    """Return the config_ids whose result is the same at every seed as long as the split is.

    Args:
        configurations: the configurations of the study.
        trainable: the trainable of the study.
        num_train: data set -> number of training images.
    """
    return [
        configuration.config_id
        for configuration in configurations
        if trainable.ignores_seed(
            config := trainable.complete(configuration.config),
            num_train.get(str(config.get("dataset")), 0),
        )
    ]


def check_seeds(
    space: SearchSpace, seeds: Collection[int], trainable: Trainable, num_train: Mapping[str, int]
) -> None:
    """Refuse several seeds if all of them would give the same result.

    A study that measures time may have them, since its times are measured anew.

    Raises:
        UserError: none of the space's configurations depends on the seed.
    """
    configurations = space.corners()
    same = same_at_every_seed(configurations, trainable, num_train)
    if len(seeds) > 1 and len(same) == len(configurations) and not space.exclusive:
        raise UserError(
            f"--seeds: {len(seeds)} seeds would give {space.name} {len(seeds)} copies of one "
            "result, as the seed changes nothing in its configurations; name one seed, or add "
            "--vary-split, which gives every seed a split of its own"
        )


def num_repeats(study: Mapping[str, Any]) -> int:
    """Return how many rows of a study repeat the result of another seed.

    Args:
        study: ``study.json``.
    """
    return len(study.get(SAME_AT_EVERY_SEED, ())) * (len(study["seeds"]) - 1)
