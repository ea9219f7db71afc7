"""Every figure of a report, of every kind of study and of odd numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from analysis.figures.chart import Chart
from analysis.frames.load import Study, load_study
from analysis.render.drawings import Drawings
from analysis.sections.report_document import build_document
from tests.analysed_studies import device_study, grid_study, scaling_study, svm_study
from tests.drawn_charts import drawn, every_option, problems, untold
from tests.random_search import random_search
from tests.studies import line, resnet_config, study_json, write_study, write_trial


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return random_search(tmp_path_factory.mktemp("search") / "search")


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
        assert problems(drawings.chart(figure)) == [], figure.name
        assert untold(drawings.chart(figure)) == [], figure.name
        assert drawn(drawings.chart(figure)).tag.endswith("svg")
        assert drawings.png(figure).startswith(b"\x89PNG")
        assert figure.alt not in ("", figure.caption) and figure.alt[-1] == "."


def test_a_search_over_numbers_has_every_figure(search: Study) -> None:
    figures = build_document({"search": search}).figures
    assert {figure.name.removeprefix("search-") for figure in figures} >= {
        *("parallel", "explore", "slices", "curves", "interactions", "heat"),
        *("importance", "surface", "history", "timeline"),
    }
    texts = " ".join(f"{figure.caption} {figure.alt}" for figure in figures)
    assert "rmse (mm)" in texts and "accuracy" not in texts


def test_every_choice_of_every_figure_can_be_drawn(search: Study) -> None:
    drawings = Drawings()
    charts = [drawings.chart(figure) for figure in build_document({"search": search}).figures]
    assert [name for chart in charts for name in untold(chart)] == []
    choices = [option for chart in charts for option in every_option(chart)]
    assert len(choices) > 60
    for chart in choices:
        assert _has_no_problem(chart)
    # Drawing all of them takes a while; some of each are enough to see that data arrive.
    for chart in choices[::9]:
        assert len(list(drawn(chart).iter())) > 40


def _has_no_problem(chart: Chart) -> bool:
    return all(choice.chosen in choice.options for choice in chart.choices) and not (
        {path for choice in chart.choices for path in _unequal(choice.options)}
    )


def _unequal(options: Any) -> set[str]:
    """Return the paths that some options of a choice change and others do not."""
    changed = [set(patch) for patch in options.values()]
    return set.union(*changed) - set.intersection(*changed)


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
    drawings = Drawings()
    figures = build_document({"grid": load_study(path)}).figures
    assert figures
    for figure in figures:
        assert drawings.svg(figure).startswith("<svg")
