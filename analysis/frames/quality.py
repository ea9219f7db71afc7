"""The measures by which the configurations of a study are selected, shown and compared."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from analysis.frames.load import Study
from tune_app.study.measures import NOT_MEASURED, Measures, quantity_of


class Quality(NamedTuple):
    """Two measures of one quantity.

    Attributes:
        selected: the measure that selects, on validation data if rows have such a measure.
        shown: the same quantity on test data; the selecting measure itself if there is none.
    """

    selected: str
    shown: str

    @property
    def is_optimistic(self) -> bool:
        """Whether a pick is shown by the very values that selected it."""
        return self.selected == self.shown


_ACCURACY = Quality("val_accuracy", "test_accuracy")


@lru_cache(maxsize=64)
def measures_of(study: Study) -> Measures:
    """Return what the measures of a study mean."""
    return Measures.of_study(study.meta)


@lru_cache(maxsize=64)
def picked_by(study: Study) -> Quality:
    """Return the measures by which configurations are picked and the picks are shown."""
    metric = study.metric
    on_test = measures_of(study).on_test_data(metric, study.metric_keys)
    if on_test is None and not study.is_own:
        on_test = f"test_{quantity_of(metric)}"  # trainables of this package report it at the end
    return Quality(metric, on_test or metric)


def has_accuracies(study: Study) -> bool:
    """Return whether a study is a classification of this package, as far as its rows tell.

    A user's function may report accuracies too, but what it calls so is not known.
    """
    if study.is_own:
        return False
    return not study.metric_keys or any(name in study.metric_keys for name in _ACCURACY)


def compared_by(study: Study) -> Quality:
    """Return the measures by which levels of factors are compared.

    A classification of this package is compared by its accuracy, anything else by its objective.
    """
    return _ACCURACY if has_accuracies(study) else picked_by(study)


def mean_column(study: Study, metric: str) -> str:
    """Return the column of ``main_effects_data`` with the means of a measure.

    A user's measure may have the name of another column there, such as ``level``.
    """
    return f"mean_{metric}" if study.is_own else metric


def reported_numbers(study: Study) -> list[str]:
    """Return the measures of a study that are numbers: the objective, on test data, the others."""
    names = [
        name
        for name in study.metric_keys
        if name not in NOT_MEASURED
        and pd.api.types.is_numeric_dtype(study.rows[name])
        and not pd.api.types.is_bool_dtype(study.rows[name])
    ]
    first = [name for name in picked_by(study) if name in names]
    return list(dict.fromkeys([*first, *names]))


def selection_words(study: Study) -> str:
    """Return how a configuration is picked: ``picked on validation``, ``picked by its score``."""
    if measures_of(study).split(study.metric) == "val":
        return "picked on validation"
    return f"picked by its {study.metric.replace('_', ' ')}"
