"""Hyperparameter studies on Ray Tune that share work between rows and can be resumed.

A file with a search space needs these names::

    from tune_app import ArrayData, Measure, SearchSpace, classifier

A script or a notebook runs a study with ``run_study`` and reads it with ``load_study``. The names
are imported when they are first used, so that the command line starts quickly.
"""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "ArrayData": "tune_app.data.array_data",
    "Measure": "search_spaces.measure",
    "SearchSpace": "search_spaces.space",
    "UserError": "search_spaces.errors",
    "classifier": "tune_app.training.classifier_family",
    "load_study": "tune_app.api.loaded",
    "run_study": "tune_app.api.run",
}
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
