"""The tables of a comparison but for its rows: changes, settings, measures and times."""

from __future__ import annotations

import math

from analysis.compare.changes import KINDS
from analysis.compare.measure import spread
from analysis.compare.result import Comparison
from analysis.compare.row_tables import direction
from analysis.compare.times import time_words
from analysis.frames.labels import MISSING, label, parameter_heading
from analysis.frames.measures import measure_of, metric_cell
from analysis.render.document import Table


def changes_table(found: Comparison, key: str) -> Table:
    """Return what differs between the studies."""
    frame = found.changes[found.changes["differs"]]
    a, b = found.first.label, found.second.label
    cells = {
        "kind": list(frame["kind"]),
        "what": list(frame["fact"]),
        a: list(frame["a"]),
        b: [
            f"{text} ({note})" if note else text
            for text, note in zip(frame["b"], frame["note"], strict=True)
        ],
    }
    same = set(found.changes["kind"]) - set(frame["kind"])
    kinds = [kind for kind in KINDS if kind in same]
    notes = (f"The same in both: {', '.join(kinds)}.",) if kinds else ()
    caption = f"What differs between {a} and {b}, as study.json and the launches recorded it."
    return Table(f"{key}-changes", caption, cells, found.changes, notes)


def levels_table(found: Comparison, key: str) -> Table | None:
    """Return the differences by setting; None if no parameter varies."""
    frame = found.levels
    if frame.empty:
        return None
    cells = {
        "parameter": [parameter_heading(factor) for factor in frame["factor"]],
        "value": [label(f, v) for f, v in zip(frame["factor"], frame["level"], strict=True)],
        "pairs": [str(number) for number in frame["num_pairs"]],
        "difference [95 % interval]": [
            spread(found.measure.scale, *line)
            for line in zip(frame["difference"], frame["low"], frame["high"], strict=True)
        ],
    }
    a, b = found.first.label, found.second.label
    caption = (
        f"Mean difference in {found.measure.scale.words} by setting "
        f"({b} − {a}; {direction(found)})."
    )
    notes = ("The intervals are not adjusted for the number of lines.",)
    return Table(f"{key}-settings", caption, cells, frame, notes)


def measures_table(found: Comparison, key: str) -> Table | None:
    """Return how far every measure agrees; None if no row has a result in both studies."""
    frame = found.measures
    if frame.empty:
        return None
    study = found.first.study
    scales = [measure_of(study, name) for name in frame["measure"]]

    def texts(column: str) -> list[str]:
        return [
            metric_cell(study, None, name, value, num_seeds=number)
            for name, value, number in zip(
                frame["measure"], frame[column], frame["num_rows"], strict=True
            )
        ]

    cells = {
        "measure": [scale.heading for scale in scales],
        "rows": [str(number) for number in frame["num_rows"]],
        "equal digit for digit": [str(number) for number in frame["num_equal"]],
        f"mean {found.first.label}": texts("mean_a"),
        f"mean {found.second.label}": texts("mean_b"),
        "difference": [s.in_words(v) for s, v in zip(scales, frame["difference"], strict=True)],
        "largest of a row": [
            s.in_words(v).lstrip("+") for s, v in zip(scales, frame["largest"], strict=True)
        ],
    }
    caption = "Every measure that both studies report, over all joined rows with results."
    return Table(f"{key}-measures", caption, cells, frame)


def times_table(found: Comparison, key: str) -> Table | None:
    """Return the ratios of times; None if the studies have none in common."""
    frame = found.times
    if frame.empty:
        return None
    cells = {
        "measure": [time_words(name) for name in frame["measure"]],
        "pairs": [str(number) for number in frame["num_pairs"]],
        f"{found.second.label} ÷ {found.first.label}": [_ratio(v) for v in frame["ratio"]],
        "95 % interval": [
            f"{_ratio(low)} to {_ratio(high)}" if math.isfinite(low) else MISSING
            for low, high in zip(frame["low"], frame["high"], strict=True)
        ],
        "single pairs": [
            f"{_ratio(low)} to {_ratio(high)}" if math.isfinite(low) else MISSING
            for low, high in zip(frame["smallest"], frame["largest"], strict=True)
        ],
        "rows left out": [str(number) for number in frame["num_left_out"]],
    }
    problems = dict.fromkeys(filter(None, frame["problem"]))
    notes = (
        "Only rows timed under the same conditions count: equally many trials at once on the node "
        "and, on the same device, equally many threads. The ratio is a geometric mean.",
        *(f"Times are not compared: {problem}." for problem in problems),
    )
    caption = "Times and rates, as ratios."
    return Table(f"{key}-times", caption, cells, frame, notes)


def _ratio(value: float) -> str:
    return f"{value:.3g}×" if math.isfinite(value) else MISSING
