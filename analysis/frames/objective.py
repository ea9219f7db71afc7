"""A study judged by another measure than its own objective."""

from __future__ import annotations

from dataclasses import replace

from analysis.frames.load import Study
from analysis.frames.measures import measures_of, reported_numbers
from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.study.objective import OBJECTIVES

_MODES = ("max", "min")


def judged_by(study: Study, metric: str | None, mode: str | None) -> Study:
    """Return a study with one other objective.

    Args:
        study: the study.
        metric: the measure to judge by; None for the study's own.
        mode: ``"max"`` or ``"min"``; None for the direction of the measure, as the study or the
            measure's name has it.

    Raises:
        UserError: finished rows do not report the measure, or its direction is not known.
    """
    if mode is not None and mode not in _MODES:
        raise UserError(f"mode is {mode!r}; allowed: {choices(_MODES)}")
    if metric is None or metric == study.metric:
        metric, better = study.metric, mode or study.mode
    else:
        known = reported_numbers(study)
        if metric not in known:
            raise UserError(
                f"metric {metric!r}: rows of {study.name} do not report it"
                f"{did_you_mean(str(metric), known)}; allowed: {choices(known) or 'none yet'}"
            )
        direction = mode or measures_of(study).better(metric)
        if direction is None:
            raise UserError(
                f"metric {metric!r}: whether a larger value is better is not known; name the mode, "
                f"too: mode='max' or mode='min', in a command --by {metric}:max or {metric}:min"
            )
        better = direction
    if (metric, better) == (study.metric, study.mode):
        return study
    space = {**study.meta["space"], "metric": metric, "mode": better}
    space.pop(OBJECTIVES, None)
    return replace(study, meta={**study.meta, "space": space})
