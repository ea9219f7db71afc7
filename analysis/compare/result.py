"""The comparison of studies with the first of them, as data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from analysis.compare.changes import changes_data
from analysis.compare.details import levels_data, measures_data, one_sided_data
from analysis.compare.joined import Joined, join, settings_of
from analysis.compare.measure import Judged, also_shown, choose, unlike
from analysis.compare.pairs import Pairs, pairs_of, units
from analysis.compare.predictions import mcnemar_of_rows
from analysis.compare.times import times_data
from analysis.compare.unclear import unclear_words
from analysis.compare.verdict import Verdict, decide, tested
from analysis.frames.copies import study_store
from analysis.frames.load import Study, load_study
from analysis.stats import Units
from search_spaces.errors import UserError, choices
from tune_app.storage.store import StudyStore

LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, eq=False)
class Named:
    """A study of a comparison.

    Attributes:
        label: its letter; the first study is A.
        place: its directory or URL, as the user gave it.
        study: the study.
    """

    label: str
    place: str
    study: Study


@dataclass(frozen=True, eq=False)
class Comparison:
    """One study compared with the first.

    Attributes:
        first, second: the studies.
        joined: their rows, side by side.
        measure: what decides.
        pairs: its values.
        verdict: better, worse, or not distinguishable.
    """

    first: Named
    second: Named
    joined: Joined
    measure: Judged
    pairs: Pairs
    verdict: Verdict

    @cached_property
    def is_unlike(self) -> bool:
        """Whether the values of the two studies cannot be subtracted."""
        return bool(unlike(self.joined, self.measure.name))

    @cached_property
    def also(self) -> str:
        """The measure on test data that stands beside the one that decides; empty if none."""
        name = also_shown(self.first.study, self.second.study, self.measure.name)
        return "" if unlike(self.joined, name) else name

    @cached_property
    def also_pairs(self) -> Pairs:
        """The values of ``also``."""
        return pairs_of(self.joined, self.also)

    @cached_property
    def also_units(self) -> Units | None:
        """The independent differences of ``also``."""
        return units(self.also_pairs) if self.also else None

    @cached_property
    def images(self) -> pd.DataFrame:
        """McNemar's tests of the pairs, as ``predictions.mcnemar_of_rows``."""
        return mcnemar_of_rows(self.joined, self.pairs)

    @cached_property
    def levels(self) -> pd.DataFrame:
        """The differences by setting, as ``details.levels_data``."""
        is_needed = self.verdict.word != "equal" and not self.is_unlike
        return levels_data(self.joined, self.pairs if is_needed else self.pairs.iloc[:0])

    @cached_property
    def measures(self) -> pd.DataFrame:
        """The agreement of every measure, as ``details.measures_data``."""
        return measures_data(self.joined, self.measure)

    @cached_property
    def times(self) -> pd.DataFrame:
        """The ratios of times, as ``times.times_data``."""
        return times_data(self.joined)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """What differs between the studies, as ``changes.changes_data``."""
        return changes_data(self.first.study, self.second.study)

    @cached_property
    def one_sided(self) -> pd.DataFrame:
        """Joined rows without two results, as ``details.one_sided_data``."""
        return one_sided_data(self.joined)


def compare_studies(
    places: Sequence[str | Path | StudyStore], measure: str | None = None
) -> list[Comparison]:
    """Compare studies with the first of them.

    Args:
        places: two or more directories, URLs or stores.
        measure: the measure that decides; by default the objective.

    Raises:
        UserError: a place has no study or is named twice, or the studies have nothing in common.
    """
    return compare(named_studies([study_store(place) for place in places]), measure)


def named_studies(stores: Sequence[StudyStore]) -> list[Named]:
    """Load studies and name them A, B, C and so on.

    Raises:
        UserError: there are fewer than two, too many, or the same one twice.
    """
    if len(stores) < 2:
        raise UserError("one study is nothing to compare; name two or more")
    if len(stores) > len(LABELS):
        raise UserError(f"{len(stores)} studies; at most {len(LABELS)} are compared at once")
    places = [s.place if s.at_url else os.path.realpath(s.root) for s in stores]
    twice = next((s for i, s in enumerate(stores) if places[i] in places[:i]), None)
    if twice is not None:
        raise UserError(f"{twice.place}: named twice; a study always equals itself")
    return [
        Named(label, store.place, load_study(store))
        for label, store in zip(LABELS, stores, strict=False)
    ]


def compare(studies: Sequence[Named], measure: str | None = None) -> list[Comparison]:
    """Compare studies with the first of them.

    Args:
        studies: two or more.
        measure: the measure that decides; by default the objective.

    Raises:
        UserError: a study has no configuration in common with the first, or no measure.
    """
    first, *others = studies
    for named in studies:
        if not named.study.meta["configurations"]:
            raise UserError(f"{named.place}: no configurations yet; compare it once it has results")
    judged = choose([named.study for named in studies], measure)
    found = []
    for second in others:
        joined = join(first.study, second.study, (first.label, second.label))
        if joined.lines.empty:
            raise UserError(_nothing_in_common(first, second, joined))
        pairs = pairs_of(joined, judged.name)
        verdict = tested(joined, judged, pairs)
        found.append(Comparison(first, second, joined, judged, pairs, verdict))
    words = decide([comparison.verdict for comparison in found], judged)
    return [replace(one, verdict=verdict) for one, verdict in zip(found, words, strict=True)]


def _nothing_in_common(first: Named, second: Named, joined: Joined) -> str:
    places = f"{first.place} and {second.place}"
    if joined.unclear[0]:
        return (
            f"{places}: no rows can be joined: {unclear_words(joined, (first.place, second.place))}"
        )
    apart = _apart(first.study, second.study)
    if apart:
        return (
            f"{places} have no configuration in common: {apart}; compare studies that share "
            "configurations"
        )
    parameters = [choices(named.study.config_keys[:8]) for named in (first, second)]
    return (
        f"{places} have no configuration in common (parameters: {parameters[0]}; and "
        f"{parameters[1]}); compare studies that share configurations"
    )


def _apart(first: Study, second: Study) -> str:
    """Return the first parameter of both studies that has no value in both; empty if all have."""
    settings = [list(settings_of(study).values()) for study in (first, second)]
    for name in settings[0][0]:
        values = [dict.fromkeys(str(one[name]) for one in of if name in one) for of in settings]
        if all(values) and not values[0].keys() & values[1].keys():
            shown = [choices(list(texts)[:5]) for texts in values]
            return f"{name} is {shown[0]} in the first and {shown[1]} in the second"
    return ""
