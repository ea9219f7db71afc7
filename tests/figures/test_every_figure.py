"""Every figure of a report, of every kind of study and of odd numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from analysis.figures.style import to_svg
from analysis.frames.load import load_study
from analysis.render.drawings import Drawings
from analysis.sections.report_document import build_document
from tests.analysed_studies import device_study, grid_study, scaling_study, svm_study
from tests.studies import (
    line,
    resnet_config,
    study_json,
    write_study,
    write_trial,
)


@pytest.mark.parametrize("kind", ["grid", "svm", "scaling", "devices"])
def test_every_figure_of_every_kind_of_study_is_drawn(tmp_path: Path, kind: str) -> None:
    study = {
        "grid": lambda: grid_study(tmp_path / "grid"),
        "svm": lambda: svm_study(tmp_path),
        "scaling": lambda: scaling_study(tmp_path / "scaling"),
        "devices": lambda: device_study(tmp_path),
    }[kind]()
    document = build_document({kind: study})
    assert document.figures
    drawings = Drawings()
    for figure in document.figures:
        root = ElementTree.fromstring(drawings.svg(figure))  # noqa: S314 — our own drawing
        assert root.tag.endswith("svg")
        assert drawings.png(figure).startswith(b"\x89PNG")
        assert figure.alt not in ("", figure.caption) and figure.alt[-1] == "."


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 0.0, 1e308, None])
def test_odd_numbers_are_drawn_without_an_error(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "grid"
    configurations = {f"c{i}": resnet_config(lr=0.1 * (i + 1)) for i in range(3)}
    write_study(path, study_json(configurations))
    names = ("val_accuracy", "test_accuracy", "train_seconds", "val_loss", "train_loss", "flops")
    for index, (config_id, config) in enumerate(configurations.items()):
        odd = dict.fromkeys(names, value) if index else {"flops": 1e6}
        lines = [line(1), line(2, milestone=True) | odd]
        write_trial(path, f"k{index}", config, {2: [config_id]}, lines)
    document = build_document({"grid": load_study(path)})
    for figure in document.figures:
        assert to_svg(figure.draw())
