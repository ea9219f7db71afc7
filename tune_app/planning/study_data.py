"""Loads the data sets that a study uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from search_spaces.errors import UserError, choices, did_you_mean
from search_spaces.space import SearchSpace
from tune_app.data.array_data import ArrayData
from tune_app.data.datasets import DATASETS
from tune_app.data.images import load_datasets
from tune_app.data.own_data import load_own
from tune_app.data.split_data import SplitData
from tune_app.planning.request import StudyRequest
from tune_app.training.reported_names import CLASSES, TARGETS
from tune_app.training.trainable import Trainable


def load_own_data(
    request: StudyRequest,
    names: Sequence[str],
    loaded: Mapping[str, ArrayData],
    say: Callable[[str], None],
) -> dict[str, ArrayData]:
    """Return those of the data sets that the space brings along. Each is loaded once.

    Args:
        request: what the user asks for.
        names: the data sets that the study uses.
        loaded: data sets that are loaded already.
        say: shows a line to the user.

    Raises:
        UserError: a data set cannot be loaded.
    """
    own = dict(loaded)
    for name, load in request.space.datasets.items():
        if name in names and name not in own:
            say(f"loading data set {name}")
            own[name] = load_own(name, load, request.source)
    return own


def load_images(
    request: StudyRequest, names: Sequence[str], own: Mapping[str, ArrayData]
) -> dict[str, SplitData]:
    """Return the data sets that a study uses, split as the request says.

    Raises:
        UserError: there are no such images, or not so many, or a data set is missing.
    """
    if not names:
        return {}
    for name in names:
        if name not in own and name not in DATASETS:
            raise UserError(
                f"study {request.store.root.name} uses the data set {name}, which the space lacks; "
                "put it into datasets again, or use --study NAME for another study"
            )
    return load_datasets(
        names,
        request.source,
        request.num_images,
        request.split_seed,
        own=own,
        vary_split=request.vary_split,
    )


def check_objective(
    space: SearchSpace, trainable: Trainable, images: Mapping[str, SplitData]
) -> None:
    """Refuse an objective that a shipped trainable does not report, and data that it cannot use.

    Raises:
        UserError: there is one.
    """
    for name, data in images.items() if trainable.reports else ():
        kind = TARGETS if data.class_names is None else CLASSES
        if kind not in trainable.reports:
            raise UserError(
                f"search space {space.name}: data set {name} has {kind}, and trainable "
                f"{trainable.name} takes {choices(trainable.reports)}; give other data or another "
                "trainable"
            )
        known = trainable.reports[kind]
        for metric in space.objectives or (space.metric,):
            if metric not in known:
                raise UserError(
                    f"search space {space.name}: metric is {metric!r}, which trainable "
                    f"{trainable.name} does not report for data set {name}, which has {kind}"
                    f"{did_you_mean(metric, known)}; allowed: {choices(known)}"
                )


def num_train(images: Mapping[str, SplitData]) -> dict[str, int]:
    """Return data set -> number of training items."""
    return {name: len(data.train) for name, data in images.items()}
