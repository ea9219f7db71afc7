"""A recorder of a study of images, for tests that report rows by hand."""

from __future__ import annotations

from typing import Any

from tune_app.engine.recorder import StudyRecorder
from tune_app.storage.store import StudyStore
from tune_app.study.objective import Objective
from tune_app.study.result_rule import ResultRule
from tune_app.training.registry import TRAINABLES


def study_recorder(store: StudyStore, factors: Any) -> StudyRecorder:
    """Return the recorder of a launch that trains ResNets."""
    rule = ResultRule(Objective("val_accuracy", "max"))
    return StudyRecorder(store, factors, rule, TRAINABLES["resnet"])
