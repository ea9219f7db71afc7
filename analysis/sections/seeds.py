"""Notes on the number of seeds over which a table's values are means."""

from __future__ import annotations

import pandas as pd

from analysis.frames.cells import counted
from analysis.frames.columns import same_at_every_seed
from analysis.frames.load import Study


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
    same = counts.index.isin(same_at_every_seed(study))
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
