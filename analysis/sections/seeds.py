"""What seeds show: notes on means over them, and configurations over all data sets."""

from __future__ import annotations

import pandas as pd

from analysis.frames.cells import counted
from analysis.frames.columns import varied, without_chance
from analysis.frames.datasets import ABOVE, over_datasets
from analysis.frames.load import Study
from analysis.frames.measures import shown_of
from analysis.render.document import Section, Table
from analysis.sections.best import settings

_MOST = 10
_MIDDLE = (
    "The mean of the middle half of the runs on all data sets, as they were measured; a failed run "
    "or an easy data set hardly moves it (Agarwal et al. 2021)."
)
_INTERVAL = (
    "The interval is that of a bootstrap within each data set, stretched for few seeds. It is "
    "about other seeds, not about other data sets or test images."
)


def seeds_notes(study: Study, rows: pd.DataFrame) -> tuple[str, ...]:
    """Return notes on how many of the planned seeds enter the means; none for one planned seed.

    Args:
        study: the study.
        rows: the finished rows that the table is made of.
    """
    planned = len(set(study.meta["seeds"]))
    if planned == 1 or rows.empty:
        return ()
    counts = rows.groupby("config_id")["seed"].nunique()
    same = counts.index.isin(without_chance(study))
    notes = []
    if (~same).any():
        notes.append(f"Mean over {_of_planned(counts[~same], planned)}.")
    if same.any():
        where = "Every" if same.all() else "Where the seed changes nothing but the times, every"
        notes.append(
            f"{where} seed has the same result; only times are means, over "
            f"{_of_planned(counts[same], planned)}."
        )
    return tuple(notes)


def _of_planned(counts: pd.Series[int], planned: int) -> str:
    fewest, most = int(counts.min()), int(counts.max())
    if fewest == planned:
        return counted(planned, "seed")
    done = str(most) if fewest == most else f"{fewest} to {most}"
    return f"the seeds that have finished, {done} of {planned}"


def _the_best(number: int) -> str:
    return "The best configuration" if number == 1 else f"The {number} best configurations"


def data_sets(study: Study, key: str) -> Section | None:
    """Return the best configurations over all data sets; None with one data set or one seed."""
    frame = over_datasets(study)
    if frame.empty:
        return None
    best = frame.head(_MOST)
    measure = shown_of(study)
    configurations = study.rows.drop_duplicates("config_id").set_index("config_id")
    constant = [name for name in study.factors if name == "dataset" or name not in varied(study)]
    cells = {
        "settings": [
            settings(study, configurations.loc[config_id], constant)
            for config_id in best["config_id"]
        ]
    }
    unit = f" ({measure.unit})" if measure.unit else ""
    cells[f"interquartile mean{unit}"] = [measure.cell(value) for value in best["iqm"]]
    has_interval = bool(best["low"].notna().all())
    if has_interval:
        ends = zip(best["low"], best["high"], strict=True)
        cells["95 % interval"] = [
            f"{measure.cell(low)} … {measure.cell(high)}" for low, high in ends
        ]
    than = "above" if study.mode == "max" else "below"
    for column, threshold in zip(ABOVE, frame.attrs["thresholds"], strict=True):
        cells[f"runs {than} {measure.value(threshold)} (%)"] = [
            f"{100 * share:.0f}" for share in best[column]
        ]
    number, num_seeds = int(frame["num_datasets"].iloc[0]), int(frame["num_seeds"].iloc[0])
    num_known = len(frame) + frame.attrs["num_left_out"]
    of = "All configurations" if len(best) == num_known else _the_best(len(best))
    caption = (
        f"{of} by {measure.words} over {counted(number, 'data set')} and "
        f"{counted(num_seeds, 'seed')} each."
    )
    thresholds = "The last columns are the shares of runs beyond the quartiles of all runs."
    notes = [_MIDDLE, *((_INTERVAL,) if has_interval else ()), thresholds]
    if left_out := frame.attrs["num_left_out"]:
        lacking = counted(left_out, "other configuration")
        notes.append(
            f"Without a result of its own at every data set and seed, not shown: {lacking}."
        )
    table = Table(f"{key}-data-sets", caption, cells, frame, tuple(notes))
    return Section("Over all data sets", (table,))
