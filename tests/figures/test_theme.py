"""Colours: their contrast to the page, and apart from each other for colour-blind readers."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.figures.chart import Chart
from analysis.figures.theme import CONFIG, DASHES, RAMP, SERIES, SHAPES, THEME, distinct
from analysis.frames.load import Study
from analysis.sections.report_document import build_document
from tests.analysed_studies import device_study, grid_study, scaling_study
from tests.random_search import random_search

THEMES = {"light": 0, "dark": 1}
# Machado, Oliveira & Fernandes (2009), severity 1.0.
BLIND = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]
    ),
    "deuteranopia": np.array(
        [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]]
    ),
}
_LMS = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
_LAB = np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def linear(colour: str) -> NDArray[np.float64]:
    """Return a colour as linear sRGB."""
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast of WCAG 2: 1 for equal colours, 21 for black and white."""
    low, high = sorted(float(linear(colour) @ LUMINANCE) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def difference(one: str, other: str, blind: str) -> float:
    """Return how far apart two colours are for a reader: the distance in OKLab, times 100."""
    seen = [np.clip(BLIND[blind] @ linear(colour), 0, 1) for colour in (one, other)]
    first, second = (_LAB @ np.cbrt(_LMS @ colour) for colour in seen)
    return 100 * float(np.linalg.norm(first - second))


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert difference("#d55e00", "#b57c00", "deuteranopia") < 1, "orange and ochre look alike"


@pytest.mark.parametrize("theme", THEMES)
def test_marks_have_a_contrast_of_three_and_texts_of_four_and_a_half(theme: str) -> None:
    colours = {name: both[THEMES[theme]] for name, both in THEME.items()}
    of = {name: contrast(colour, colours["page"]) for name, colour in colours.items()}
    assert min(of[name] for name in of if name.startswith(("series", "ramp"))) >= 3
    assert min(of["ink"], of["muted"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("blind", BLIND)
def test_any_two_series_can_be_told_apart(theme: str, blind: str) -> None:
    colours = [THEME[f"series-{n + 1}"][THEMES[theme]] for n in range(len(SERIES))]
    assert min(difference(*pair, blind) for pair in itertools.combinations(colours, 2)) > 13
    assert len(set(SHAPES)) == len(set(DASHES)) == len(SERIES), "a second channel for each"


@pytest.mark.parametrize("theme", THEMES)
def test_the_ramp_grows_in_contrast_so_that_it_needs_no_hue(theme: str) -> None:
    page = THEME["page"][THEMES[theme]]
    of = [contrast(THEME[f"ramp-{n + 1}"][THEMES[theme]], page) for n in range(len(RAMP))]
    assert of == sorted(of) and of[-1] > 3 * of[0]


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Chart]:
    """Return the figures of studies of several kinds."""
    path = tmp_path_factory.mktemp("themes")
    studies: dict[str, Study] = {
        "grid": grid_study(path / "grid"),
        "scaling": scaling_study(path / "scaling"),
        "q2": device_study(path),
        "search": random_search(path / "search", count=20),
    }
    figures = [f for name, s in studies.items() for f in build_document({name: s}).figures]
    return {figure.name: figure.draw() for figure in figures}


def test_no_figure_has_a_colour_of_its_own(charts: dict[str, Chart]) -> None:
    known = {light for light, _ in THEME.values()} | {"#000000", "#ffffff"}
    for name, chart in charts.items():
        text = json.dumps([chart.spec, [list(c.options.items()) for c in chart.choices], CONFIG])
        assert set(re.findall(r"#[0-9a-f]{6}\b", text)) <= known, name
        assert '"scheme"' not in text, name


def marks_of(spec: Any) -> Iterator[dict[str, Any]]:
    """Yield every unit of a specification."""
    if isinstance(spec, dict):
        if "mark" in spec:
            yield spec
        for value in spec.values():
            yield from marks_of(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from marks_of(value)


def test_marks_are_as_strong_as_their_colours(charts: dict[str, Chart]) -> None:
    """An opacity would take the contrast away that the palette has."""
    seen = 0
    for name, chart in charts.items():
        for unit in marks_of(chart.spec):
            mark = unit["mark"]
            if mark["type"] not in ("point", "line", "rule", "bar") or mark.get("opacity") == 0:
                continue
            opacities = [mark[key] for key in mark if key.lower().endswith("opacity")]
            for channel in ("fillOpacity", "strokeOpacity", "opacity"):
                if channel in unit["encoding"]:
                    opacities.append(unit["encoding"][channel]["condition"]["value"])
            seen += len(opacities)
            assert set(opacities) <= {1}, (name, mark)
    assert seen > 5


def test_texts_have_the_colour_of_texts(charts: dict[str, Chart]) -> None:
    for name, chart in charts.items():
        for unit in marks_of(chart.spec):
            if unit["mark"]["type"] != "text":
                continue
            colour = unit["encoding"].get("color", {})
            assert set(colour) <= {"condition", "value"}, f"{name}: no colour of a series"


def test_few_groups_have_a_shape_or_a_dash_beside_their_colour(charts: dict[str, Chart]) -> None:
    names = ("grid-explore", "grid-pareto", "grid-curves", "scaling-scaling", "search-interactions")
    for name in names:
        second = [
            (
                unit["encoding"]["color"],
                unit["encoding"].get("shape", unit["encoding"].get("strokeDash")),
            )
            for unit in marks_of(charts[name].spec)
            if unit["mark"]["type"] in ("point", "line") and "color" in unit["encoding"]
        ]
        same = [a["field"] == b["field"] for a, b in second if b]
        assert same and all(same), name


def test_names_are_made_different() -> None:
    assert distinct(["a", "b", "a", "a′"]) == ["a", "b", "a′", "a′′"]
