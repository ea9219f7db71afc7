"""The parameter that sets the length of a training, if a study has one."""

from __future__ import annotations

from analysis.frames.load import Study


def length_axis(study: Study) -> str | None:
    """Return the parameter whose values are numbers of epochs to train; None without one.

    It is the prefix axis that a search space declares, and ``epochs`` in a study of this package's
    trainables. A user's function may mean anything by ``epochs``.
    """
    declared = study.meta["space"].get("prefix_axis")
    if isinstance(declared, str):
        return declared if declared in study.rows else None
    return "epochs" if not study.is_own and "epochs" in study.config_keys else None
