"""The sentences that follow the answer. Each is computed, so none can contradict the data."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

from analysis.compare.answer import equal_words
from analysis.compare.changes import KINDS
from analysis.compare.left_out import failures, joined_words, other_data
from analysis.compare.measure import spread
from analysis.compare.result import Comparison
from analysis.compare.times import time_words
from analysis.compare.verdict import ALPHA
from analysis.frames.arithmetic import groups_of, warning
from analysis.frames.cells import counted, p_words
from analysis.frames.columns import numbers
from analysis.frames.labels import label, parameter_heading
from analysis.frames.measures import measure_of
from analysis.frames.summary import best_data
from analysis.sections.captions import capital

_MOST_NAMED = 6
_LONGEST_VALUE = 40


def evidence(found: Comparison) -> list[str]:
    """Return the sentences that follow the answer, the most important first."""
    return [
        text
        for text in (
            _decided(found),
            failures(found),
            other_data(found),
            _equal(found),
            _also(found),
            _images(found),
            _opposite(found),
            _times(found),
            changed_words(found),
            *joined_words(found),
            found.measure.why,
            _best(found),
            *_warnings(found),
        )
        if text
    ]


def _decided(found: Comparison) -> str:
    verdict, b = found.verdict, found.second.label
    parts = []
    if verdict.num_better or verdict.num_worse:
        ties = verdict.num_pairs - verdict.num_better - verdict.num_worse
        of = counted(verdict.num_pairs, "pair")
        parts.append(
            f"{b} is better in {verdict.num_better}, worse in {verdict.num_worse}"
            f"{f', equal in {ties}' if ties else ''} of {of}"
        )
    if math.isfinite(verdict.p_value):
        parts.append(p_words(verdict.p_value))
    if verdict.word == "not distinguishable" and verdict.reason:
        parts.append(verdict.reason)
    if verdict.of_runs and verdict.word in ("better", "worse", "higher", "lower"):
        parts.append("with one seed this is about these trained models; another seed may differ")
    text = "; ".join(parts)
    return f"{capital(text)}." if text else ""


def _equal(found: Comparison) -> str:
    if found.verdict.word == "equal" or found.is_unlike or not found.verdict.num_rows:
        return ""
    return f"{equal_words(found)} in {found.measure.scale.words}."


def _also(found: Comparison) -> str:
    units = found.also_units
    if units is None or found.verdict.word == "not comparable":
        return ""
    low, high = units.interval(1 - ALPHA)
    scale = measure_of(found.first.study, found.also)
    equal = int(found.also_pairs["equal"].sum())
    number = len(found.also_pairs)
    rows = f"{equal} of {counted(number, 'row')} {_were(1 if number == 1 else equal)} equal"
    size = spread(scale, units.mean, low, high)
    return f"Beside it, not tested: {scale.words} {size}; {rows} digit for digit."


def _images(found: Comparison) -> str:
    """Return in how many rows the models differ beyond the choice of the test images."""
    frame = found.images[found.images["p_adjusted"].notna()]
    if not (frame["only_a"] + frame["only_b"]).any():
        return ""
    differ = frame[frame["p_adjusted"] < ALPHA]
    num_better = int((differ["only_b"] > differ["only_a"]).sum())
    sides = {found.second.label: num_better, found.first.label: len(differ) - num_better}
    which = ", ".join(f"{label} is better in {count}" for label, count in sides.items() if count)
    return (
        f"Test predictions image by image (McNemar, Holm): the two models differ in {len(differ)} "
        f"of {counted(len(frame), 'row')}{f'; {which}' if which else ''}."
    )


def _opposite(found: Comparison) -> str:
    """Return the settings at which the sign of the difference is opposite, both beyond chance."""
    clear = found.levels[found.levels["p_value"] < ALPHA]
    texts = []
    for factor, group in clear.groupby("factor", sort=False):
        if (group["difference"] > 0).any() and (group["difference"] < 0).any():
            at = ", ".join(
                f"{found.measure.scale.in_words(difference)} at {label(str(factor), level)}"
                for difference, level in zip(group["difference"], group["level"], strict=True)
            )
            texts.append(f"{parameter_heading(str(factor))}: {at}")
    return f"The sign of the difference depends on {'; '.join(texts)}." if texts else ""


def _times(found: Comparison) -> str:
    times = found.times
    if times.empty:
        return ""
    line = times.iloc[0]
    if line["problem"]:
        return f"Times are not compared: {line['problem']}."
    interval = f" [{line['low']:.2f}, {line['high']:.2f}]" if math.isfinite(line["low"]) else ""
    name = capital(time_words(str(line["measure"])))
    text = (
        f"{name}: {found.second.label} ÷ {found.first.label} = "
        f"{line['ratio']:.2f}{interval}, over {counted(int(line['num_pairs']), 'pair')}"
    )
    if line["num_left_out"]:
        left_out = counted(int(line["num_left_out"]), "row")
        text += f"; {left_out} timed under other conditions {_were(line['num_left_out'])} left out"
    return f"{text}."


def _were(number: int) -> str:
    return "is" if number == 1 else "are"


def changed_words(found: Comparison) -> str:
    """Return what changed, in one sentence."""
    frame = found.changes
    differ = frame[frame["differs"]]
    if differ.empty:
        return "Nothing that the studies record has changed."
    texts = []
    for kind, group in differ.groupby("kind", sort=False):
        lines = [_change(line) for line in group.to_dict("records")]
        more = len(lines) - _MOST_NAMED
        texts.append(
            f"{kind} ({'; '.join(lines[:_MOST_NAMED])}{f'; and {more} more' if more > 0 else ''})"
        )
    same = [kind for kind in KINDS if kind not in set(differ["kind"])]
    same = [kind for kind in same if kind in set(frame["kind"])]
    rest = f" The same: {', '.join(same)}." if same else ""
    return f"Changed: {', '.join(texts)}.{rest}"


def _change(line: dict[Hashable, Any]) -> str:
    texts = [str(line[side]) for side in ("a", "b")]
    if line["note"]:
        return str(line["note"])
    if max(map(len, texts)) > _LONGEST_VALUE:
        return str(line["fact"])
    return f"{line['fact']} {texts[0]} → {texts[1]}"


def _best(found: Comparison) -> str:
    """Return the best of both studies, as each would be picked from its own rows."""
    texts = []
    name = found.measure.name
    for named in (found.first, found.second):
        if found.is_unlike or name != named.study.metric or name not in named.study.metric_keys:
            return ""
        values = numbers(best_data(named.study), name).dropna()
        if values.empty:
            return ""
        value = values.max() if named.study.mode == "max" else values.min()
        texts.append(f"{measure_of(named.study, name).value(float(value))} in {named.label}")
    return (
        f"Best {found.measure.scale.words}, each picked from its own rows and so optimistic: "
        f"{', '.join(texts)}."
    )


def _warnings(found: Comparison) -> list[str]:
    return [
        f"{named.label}: {text}"
        for named in (found.first, found.second)
        if len(groups_of(named.study.meta)) > 1
        for text in warning(named.study)
    ]
