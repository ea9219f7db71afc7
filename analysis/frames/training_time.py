"""The time by which trainings are compared.

A training with one thread on the CPU computes whenever it has a core, so its processor time is
nearly what it takes alone, whatever ran beside it. Its wall time is not: rows that ran while
somebody else used the machine look twice as dear as the others. Processor time leaves out the work
of a GPU, and hides how well several threads share theirs, so all other trainings are compared by
wall time.
"""

from __future__ import annotations

from functools import lru_cache

from analysis.frames.columns import finished, numbers
from analysis.frames.load import Study

WALL, PROCESSOR = "train_seconds", "cpu_seconds"
TUNE_SECONDS = "tune_seconds"
BY_PROCESSOR = (
    "Processor time: each training had one thread of a CPU, so what else ran on the machine hardly "
    "counts."
)
"""The footnote of processor times."""
_TOTALS = (WALL, "fit_seconds", TUNE_SECONDS)


@lru_cache(maxsize=64)
def compared_time(study: Study) -> str:
    """Return the column by which the trainings of a study are compared.

    It is ``cpu_seconds`` if every finished row was trained with one thread on a CPU and says its
    processor time, else ``train_seconds``.
    """
    rows = finished(study)
    rows = rows[numbers(rows, WALL).notna()]
    if rows.empty or PROCESSOR in study.config_keys or "device" not in rows:
        return WALL
    one_thread = (rows["device"] == "cpu") & (numbers(rows, "num_threads") == 1)
    return PROCESSOR if (one_thread & (numbers(rows, PROCESSOR) > 0)).all() else WALL


def time_words(study: Study) -> str:
    """Return what ``compared_time`` is in words: ``processor time`` or ``training time``."""
    return "processor time" if compared_time(study) == PROCESSOR else "training time"


def time_measures(study: Study) -> tuple[str, ...]:
    """Return the columns of what a whole training took, the one to compare by first.

    Rows that report no time have the one that Tune took.
    """
    return tuple(dict.fromkeys((compared_time(study), *_TOTALS)))
