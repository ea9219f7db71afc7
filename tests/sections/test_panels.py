"""What is kept of single configurations, one click away in the HTML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.frames.load import load_study
from analysis.render.document import Code, Facts, Lines, Paragraph, Sparkline
from analysis.render.drawings import Drawings
from analysis.render.html import render_html
from analysis.render.markdown import render_markdown
from analysis.render.writing import write_report
from analysis.sections import panels as module
from analysis.sections.panels import panel_names, panels, weights
from analysis.sections.report_document import build_document
from analysis.sections.results import rows_table
from tests.own_studies import own_study, report, rmse_study, score_study
from tests.studies import shared_study, troubled_study
from tests.study.test_kept_weights import percent_study, weights_study

EVIL = "<script>alert(1)</script>\x1b[2J"


def failed_folder(root: Path) -> Path:
    """Return the directory of the trial that failed in ``rmse_study``."""
    [error] = root.glob("tune/*/*/error.txt")
    return error.parent


def test_a_row_has_its_result_curve_and_files(tmp_path: Path) -> None:
    study = load_study(rmse_study(tmp_path / "rmse").root)
    panel = panels(study, "rmse")[0]
    assert panel.name == "row-rmse-32b632da76"
    assert panel.title == "32b632da76 · lr 0.1, width 8 · finished".replace("lr", "learning rate")
    assert panel.configuration.pairs == (("lr", "0.1"), ("width", "8"))
    assert [row.title for row in panel.rows] == [f"Seed {seed}: finished" for seed in range(3)]
    result, curve, files = panel.rows[0].parts
    assert isinstance(result, Facts) and isinstance(curve, Sparkline) and isinstance(files, Facts)
    assert result.pairs[:4] == (
        ("epoch", "3"), ("loss", "16"), ("val_rmse", "4 mm"), ("test_rmse", "5 mm"),
    )  # fmt: skip
    assert curve.title == "val_rmse in 3 epochs, from 24 mm to 4 mm"
    assert curve.points == ((0.0, 1.0), (0.5, 0.25), (1.0, 0.0))
    assert curve.path == "M2.0,2.0L80.0,23.0L158.0,30.0"
    assert files.title.startswith("Files in tune/001/trial_")
    assert [name for name, _ in files.pairs] == ["params.json", "result.json", "returned.json"]


def test_one_value_above_one_makes_a_measure_no_share_in_any_panel(tmp_path: Path) -> None:
    configs = [{"lr": 0.1}, {"lr": 0.2}]
    ledger = own_study(tmp_path / "own", configs, metric="val_accuracy")
    report(ledger, configs[0], [{"val_accuracy": 0.5, "train_accuracy": 0.25}])
    report(ledger, configs[1], [{"val_accuracy": 0.75, "train_accuracy": 80.0}])
    results = [panel.rows[0].parts[0] for panel in panels(load_study(ledger.root), "own")]
    found = [dict(facts.pairs) for facts in results if isinstance(facts, Facts)]
    assert [facts["val_accuracy"] for facts in found] == ["50.00 %", "75.00 %"]
    assert [facts["train_accuracy"] for facts in found] == ["0.25", "80"]


def test_an_error_below_one_per_cent_is_no_share_beside_larger_ones(tmp_path: Path) -> None:
    ledger = percent_study(tmp_path / "own")
    study = load_study(ledger.root)
    [curve] = [
        part for part in panels(study, "own")[0].rows[0].parts if isinstance(part, Sparkline)
    ]
    assert curve.title == "val_error in 2 epochs, from 0.9 % to 0.8 %"
    place, _ = weights(study)
    assert isinstance(place, Paragraph) and "(val_error 0.8 %) are in" in place.text


def test_a_failed_row_has_its_traceback_and_output_as_text(tmp_path: Path) -> None:
    root = rmse_study(tmp_path / "rmse").root
    folder = failed_folder(root)
    (folder / "error.txt").write_text(f"{EVIL}\nValueError: {EVIL}\n")
    (folder / "output.txt").write_text("".join(f"step {i} {EVIL}\n" for i in range(50)))
    study = load_study(root)
    row = panels(study, "rmse")[3].rows[1]
    assert row.title == "Seed 1: failed" and row.trials == (folder.name,)
    texts = {part.title: part.lines for part in row.parts if isinstance(part, Lines)}
    assert texts["Traceback"][1] == "ValueError: <script>alert(1)</script>"
    assert texts["Output, the last 20 lines"][-1] == "step 49 <script>alert(1)</script>"
    document = build_document({"rmse": study}, figures=False, labs=False)
    html = render_html(document, Drawings())
    assert "step 49 &lt;script&gt;alert" in html and "<script>alert" not in html
    assert f'data-trial="{folder.name}"' in html
    assert "step 49" not in render_markdown(document)


def test_the_main_table_leads_to_the_panels(tmp_path: Path) -> None:
    study = load_study(rmse_study(tmp_path / "rmse").root)
    html = render_html(build_document({"rmse": study}, figures=False, labs=False), Drawings())
    links = re.findall(r'<a href="#(row-[^"]+)">([^<]+)</a>', html)
    assert [place for place, _ in links] == list(rows_table(study, "rmse").panels)
    assert len(links) == 4 and all(place.endswith(config_id) for place, config_id in links)
    assert all(html.count(f'id="{place}"') == 1 for place, _ in links)


def test_failed_rows_and_the_best_come_first_where_there_are_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = score_study(tmp_path / "score")
    report(ledger, {"depth": 1}, [], ended=False, error="ValueError: no\n", launch="002")
    (ledger.root / "tune" / "001").rename(ledger.root / "hidden")
    ids = [configuration.config_id for configuration in ledger.configurations()]
    for depth in (2, 3, 4):
        report(ledger, {"depth": depth}, [{"score": float(depth)}], launch="003")
    study = load_study(ledger.root)
    monkeypatch.setattr(module, "MOST_PANELS", 2)
    assert list(panel_names(study, "score")) == [ids[0], ids[3]], "the failed one and the best"
    assert [panel.title.split()[0] for panel in panels(study, "score")] == [ids[0], ids[3]]
    assert sorted(rows_table(study, "score").panels) == [
        "",
        "",
        *sorted(panel_names(study, "score").values()),
    ]


def test_texts_of_a_report_together_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = rmse_study(tmp_path / "rmse").root
    for folder in root.glob("tune/*/*"):
        (folder / "output.txt").write_text("x" * 100 + "\n")
    monkeypatch.setattr(module, "_MOST_TEXT", 350)
    texts = [
        part.lines[0]
        for panel in panels(load_study(root), "rmse")
        for row in panel.rows
        for part in row.parts
        if isinstance(part, Lines) and part.title == "Output"
    ]
    assert texts.count("x" * 100) == 3 and texts.count(texts[-1]) == 9
    assert texts[-1].startswith("left out here")


def test_a_row_names_the_row_that_it_was_trained_as(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    found = {panel.title.split()[0]: panel.rows[0].parts[0] for panel in panels(study, "grid")}
    assert isinstance(found["a2"], Facts) and isinstance(found["a5"], Facts)
    assert found["a2"].pairs[0] == ("trained as", "a5") and found["a5"].pairs[0][0] == "epoch"


def test_rows_of_every_status_have_a_panel(tmp_path: Path) -> None:
    study = load_study(troubled_study(tmp_path))
    titles = [panel.title.rpartition(" · ")[2] for panel in panels(study, "grid")]
    assert titles == [
        *("finished", "finished", "diverged", "failed", "unfinished", "open", "not begun"),
    ]


def test_only_failed_rows_of_a_study_at_a_url_are_fetched(tmp_path: Path) -> None:
    root = rmse_study(tmp_path / "rmse").root
    for folder in root.glob("tune/*/*"):
        (folder / "output.txt").write_text("printed\n")
    texts = [
        row.title
        for panel in panels(load_study(root.as_uri()), "rmse")
        for row in panel.rows
        for part in row.parts
        if isinstance(part, Lines) and part.title == "Output"
    ]
    assert texts == ["Seed 1: failed"]


def test_the_best_weights_stand_with_the_best_configuration(tmp_path: Path) -> None:
    file = weights_study(tmp_path / "grid")
    place, lines = weights(load_study(tmp_path / "grid"))
    inside = file.relative_to(tmp_path / "grid").as_posix()
    assert isinstance(place, Paragraph) and isinstance(lines, Code)
    assert place.text == f"The weights of mnist-resnet18 (val_accuracy 90.00 %) are in {inside}:"
    assert lines.lines[-1].startswith(f"model.load_state_dict(torch.load('{file}'")
    out = tmp_path / "out"
    write_report([tmp_path / "grid"], out, figures=False, labs=False)
    assert "```\nimport torch\n" in (out / "report.md").read_text()
    assert '<pre class="code">import torch\n' in (out / "report.html").read_text()
    assert (out / "report.pdf").stat().st_size > 10_000
    assert weights(load_study(rmse_study(tmp_path / "rmse").root)) == ()
