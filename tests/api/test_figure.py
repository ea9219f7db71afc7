"""Figures of a study: which there are, what a notebook gets, and what is saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tests.own_studies import own_study, report
from tests.studies import shared_study, study_json, write_study
from tune_app import load_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_study(tmp_path_factory.mktemp("figures") / "grid")


def test_a_notebook_gets_the_specification_and_a_drawing(study: Path) -> None:
    figure = load_study(study).figure("curves")
    shown = figure._repr_mimebundle_()
    assert set(shown) == {"application/vnd.vegalite.v6+json", "image/svg+xml", "text/plain"}
    spec = shown["application/vnd.vegalite.v6+json"]
    points = [d for name, d in spec["datasets"].items() if name.endswith("points")]
    assert [len(lines) for lines in points] == [5], "the trial has five epochs"
    assert shown["image/svg+xml"].startswith("<svg ")
    assert shown["text/plain"] == f"<figure: {figure.caption}>"
    assert figure.caption.startswith("Validation accuracy (%) by epoch, one line per trial")


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("x.svg", b"<svg "),
        ("x.PNG", b"\x89PNG"),
        ("deep/x.html", b"<!doctype html>"),
        ("x.json", b'{\n "$schema": "https://vega.github.io/schema/vega-lite/v6.json"'),
    ],
)
def test_a_figure_is_saved(study: Path, tmp_path: Path, name: str, begins: bytes) -> None:
    written = load_study(study).figure("curves").save(tmp_path / name)
    content = written.read_bytes()
    assert written == tmp_path / name and content.startswith(begins)
    if name.endswith("html"):
        assert b"Vega" in content and b"<svg" in content, "interactive, and a drawing without"
    if name.endswith("json"):
        assert json.loads(content)["datasets"]


def test_what_is_not_there_is_named(study: Path, tmp_path: Path) -> None:
    loaded = load_study(study)
    names = loaded.figures
    assert "curves" in names and len(names) == len(set(names))
    with pytest.raises(UserError) as raised:
        loaded.figure("curve")
    assert str(raised.value) == (
        f"figure 'curve': not one of grid; did you mean 'curves'?; allowed: {', '.join(names)}"
    )
    with pytest.raises(UserError, match=r"no such format; allowed: a name that ends in .svg, .png"):
        loaded.figure("curves").save(tmp_path / "x.pdf")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"x\.svg: cannot be written \([A-Z][a-z ]+\)$"):
        loaded.figure("curves").save(tmp_path / "file" / "x.svg")
    write_study(tmp_path / "new", study_json({}, name="new"))
    with pytest.raises(UserError, match="figure 'curves': new has no results yet to draw"):
        load_study(tmp_path / "new").figure("curves")


def test_figures_follow_the_measure_that_a_study_is_judged_by(study: Path) -> None:
    figure = load_study(study, metric="val_loss").figure("curves")
    assert figure.caption.startswith("Validation loss by epoch")


def test_a_measure_named_as_in_latex_is_drawn(tmp_path: Path) -> None:
    measures = {"\\xi": {"unit": "\\upmu m"}}
    ledger = own_study(tmp_path / "s", [{"k": 1}, {"k": 2}], metric="\\xi", measures=measures)
    for k in (1, 2):
        report(ledger, {"k": k}, [{"\\xi": 1.0 * k}])
    figure = load_study(ledger.root).figure("effects")
    assert figure.svg.startswith("<svg ") and "\u2216xi (\u2216upmu m)" in figure.svg
