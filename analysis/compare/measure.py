"""The measure that decides a comparison: which one, its direction, and how it is printed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.compare.joined import Joined
from analysis.frames.load import Study
from analysis.frames.measures import (
    Measure,
    measure_of,
    measures_of,
    num_items_of,
    picked_by,
    reported_numbers,
)
from search_spaces.errors import UserError, choices, did_you_mean, one_line

_TIMES = ("_seconds", "_per_second")


@dataclass(frozen=True)
class Judged:
    """The measure that decides.

    Attributes:
        name: the measure.
        better: ``"max"``, ``"min"``, or None if it is not known which values are better.
        scale: how it is printed.
        why: why it is this one; empty if it is the objective of all studies.
    """

    name: str
    better: str | None
    scale: Measure
    why: str = ""

    @property
    def direction(self) -> str:
        """Which values are better, in words; empty if it is not known."""
        return {"max": "higher is better", "min": "lower is better", None: ""}[self.better]


def is_time(name: str) -> bool:
    """Return whether a measure depends on the machine and on what else runs there."""
    return name.endswith(_TIMES)


def difference_cell(study: Study, dataset: object, name: str, value: float) -> str:
    """Return a difference with its sign, without its unit."""
    return measure_of(study, name).difference(value, num_items_of(study, dataset, name))


def spread(scale: Measure, mean: float, low: float, high: float) -> str:
    """Return a mean difference with its interval: ``+1.2 points [+0.3, +2.1]``."""
    if not math.isfinite(low):
        return scale.in_words(mean)
    shown, *ends = scale.estimated_difference(mean, low, high)
    return f"{shown} {scale.difference_unit}".rstrip() + f" [{', '.join(ends)}]"


def measures_in(study: Study) -> list[str]:
    """Return what the finished rows report as numbers; the objective before the first result."""
    return reported_numbers(study) or [study.metric]


def common_measures(first: Study, second: Study) -> list[str]:
    """Return the measures that both studies report, in the order of the first."""
    theirs = set(measures_in(second))
    return [name for name in measures_in(first) if name in theirs]


def choose(studies: Sequence[Study], wanted: str | None = None) -> Judged:
    """Return the measure by which studies are compared with the first.

    It is the objective of the first study that another one reports too, else the objective of
    another study that the first one reports, else the first measure that they have in common.
    Where one study takes high values for better and another low ones, neither is.

    Raises:
        UserError: ``wanted`` is not reported by all studies, or they report nothing in common.
    """
    first, *others = studies
    common = [name for name in measures_in(first) if all(name in measures_in(s) for s in others)]
    if wanted is not None:
        if wanted not in common:
            raise UserError(
                f"--measure {wanted}: not reported by all of the studies"
                f"{did_you_mean(wanted, common)}; allowed: {choices(common) or 'none'}"
            )
        return _of_all(studies, wanted)
    if not common:
        lists = "; ".join(f"{s.path.name} reports {choices(measures_in(s)[:8])}" for s in studies)
        raise UserError(f"the studies report no measure in common, so nothing compares: {lists}")
    objectives = list(dict.fromkeys(study.metric for study in studies))
    known = [name for name in objectives if name in common]
    found = _of_all(studies, known[0] if known else common[0])
    why = (_why(studies, found.name), found.why)
    return replace(found, why=" ".join(filter(None, why)))


def _of_all(studies: Sequence[Study], name: str) -> Judged:
    found = judged(studies[0], name)
    if len({measures_of(study).better(name) for study in studies} - {None}) < 2:
        return found
    why = f"The studies disagree on whether high or low values of {found.scale.words} are better."
    return replace(found, better=None, why=why)


def judged(study: Study, name: str) -> Judged:
    """Return a measure of a study as one that decides."""
    return Judged(name, measures_of(study).better(name), measure_of(study, name))


def _why(studies: Sequence[Study], name: str) -> str:
    words = measure_of(studies[0], name).words
    objectives = {study.metric: measure_of(study, study.metric).axis for study in studies}
    if len(objectives) == 1:
        if name == studies[0].metric:
            return ""
        (objective,) = objectives.values()
        return f"No study reports its objective, {objective}, so they are compared by {words}."
    return (
        f"The studies pick by different objectives ({', '.join(objectives.values())}); they are "
        f"compared by {words}, which all of them report."
    )


def unlike(joined: Joined, name: str) -> str:
    """Return why two studies' values of a measure cannot be compared; empty if they can."""
    studies, labels = (joined.first, joined.second), joined.labels
    words = measure_of(joined.first, name).words
    units = [measures_of(study).unit(name) for study in studies]
    if all(units) and units[0] != units[1]:
        where = (f"in {one_line(u)} in {at}" for u, at in zip(units, labels, strict=True))
        return f"{words} is {' and '.join(where)}"
    shares = [measure_of(study, name).in_percent for study in studies]
    has_results = all(name in study.metric_keys for study in studies)
    if has_results and shares[0] != shares[1]:
        is_one, is_none = labels if shares[0] else reversed(labels)
        return f"{words} is a fraction of 0 to 1 in {is_one} and is none in {is_none}"
    return ""


def also_shown(first: Study, second: Study, name: str) -> str:
    """Return the measure on test data that stands beside the one that decides; empty if none."""
    shown = picked_by(first).shown
    both = common_measures(first, second)
    return shown if name == first.metric and shown != name and shown in both else ""
