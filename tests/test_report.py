from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from analysis import report as module
from analysis.load import load_study
from analysis.markdown import render_markdown
from analysis.report import main, write_report, write_tables
from analysis.sections import build_document
from analysis.tables import GRID_COLUMNS, grid_table
from search_spaces.errors import UserError
from tests.studies import (
    A2,
    A5,
    PREFIX,
    QUICK,
    line,
    prefix_study,
    resnet_config,
    shared_study,
    study_json,
    svm_config,
    write_study,
    write_trial,
)


def troubled_study(path: Path) -> Path:
    """Write a study with a row of every status but unconverged."""
    configurations = {
        "good": resnet_config(lr=0.1),
        "lucky": resnet_config(lr=0.2),
        "nan": resnet_config(lr=0.3),
        "crash": resnet_config(lr=0.4),
        "slow": resnet_config(lr=0.5),
        "gpu": resnet_config(lr=0.6, device="cuda"),
        "never": resnet_config(lr=0.7),
    }
    no_gpu = {"config_id": "gpu", "seed": 0, "reason": "no GPU in the cluster"}
    study = write_study(path / "grid", study_json(configurations, open_rows=[no_gpu]))
    results = {
        "good": [line(1), line(2, milestone=True, val_accuracy=0.95, test_accuracy=133 / 140)],
        "lucky": [line(1), line(2, milestone=True, val_accuracy=0.90, test_accuracy=140 / 140)],
        "nan": [line(1, train_loss=float("nan"), status="diverged")],
        "crash": [line(1)],
        "slow": [line(1)],
    }
    for config_id, lines in results.items():
        error = "ValueError: a | b\n" if config_id == "crash" else None
        config = configurations[config_id]
        write_trial(study, f"k_{config_id}", config, {2: [config_id]}, lines, error=error)
    return study


def render(*paths: Path) -> str:
    """Return the report of studies as Markdown, without figures."""
    studies = {path.name: load_study(path) for path in paths}
    return render_markdown(build_document(studies, figures=False))


def section(text: str, title: str) -> list[str]:
    """Return the lines of one section of a report."""
    return text.split(f"### {title}\n\n")[1].split("\n\n#", maxsplit=1)[0].splitlines()


def cells(rows: list[str]) -> list[list[str]]:
    """Return the cells of a Markdown table without its heading."""
    table = [row for row in rows if row.startswith("|")][2:]
    return [[cell.strip() for cell in row.replace("\\|", "¦").split("|")[1:-1]] for row in table]


def test_files_of_a_real_study(real_study: Path, tmp_path: Path) -> None:
    started = time.process_time()
    written = {
        path.relative_to(tmp_path).as_posix() for path in write_report([real_study], tmp_path)
    }
    assert time.process_time() - started < 30
    assert {"report.md", "report.html", "report.pdf", "tables/q1a.csv"} <= written
    for name in ("best", "summary", "grid-1", "grid-2", "effects", "epochs", "confusion-1-pairs"):
        assert {f"tables/q1a-{name}.{kind}" for kind in ("csv", "md", "tex")} <= written
    for name in ("parallel", "curves-1", "curves-2", "confusion-1", "train-seconds", "effects"):
        assert {f"figures/q1a-{name}.svg", f"figures/q1a-{name}.png"} <= written
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.*")} == written
    assert (tmp_path / "report.html").stat().st_size < 2_000_000, "too heavy to send"
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    text = (tmp_path / "report.md").read_text()
    for target in re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text):
        assert (tmp_path / target).is_file()
    assert "Rows served" not in text and "rows served: 128, by trials: 32" in text
    assert (tmp_path / "tables" / "q1a.csv").read_text().count("\n") == 129


def test_table_of_a_study_holds_every_row_and_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shared_study(tmp_path / "grid")
    assert main([str(path), *QUICK]) == 0
    report = path / "report"
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == f"report: {report / 'report.md'}"
    assert said[0].startswith(f"tables: {report / 'tables'} (")
    written = (report / "tables" / "grid.csv").read_text().splitlines()
    assert written[0] == ",".join(GRID_COLUMNS)
    assert written[2] == (
        "a5,mnist,resnet18,16,sgd,0.001,False,5,0,0.9928571428571429,0.9875,0.985,0.986,0.95,50.0,"
        "cpu,k1,,finished"
    )
    table = grid_table(load_study(path))
    back = pd.read_csv(report / "tables" / "grid.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(back, table, check_dtype=False, check_exact=True)
    [alone] = write_tables([path], tmp_path / "alone")
    assert alone.read_bytes() == (report / "tables" / "grid.csv").read_bytes()
    text = (report / "report.md").read_text()
    assert "Unfinished" not in text and "grid: open rows" not in text
    assert "rows served: 4, by trials: 1. Epochs to train: 5 instead of 14 (÷2.8)." in text
    assert "pin_memory changed nothing: 2 rows repeat" in text


def test_same_study_gives_the_same_bytes(tmp_path: Path) -> None:
    path = shared_study(tmp_path / "grid")
    before = {p: p.read_bytes() for p in write_report([path])}
    assert {p.suffix for p in before} >= {".html", ".pdf", ".svg", ".png"}
    assert {p: p.read_bytes() for p in write_report([path])} == before


def test_report_of_an_unfinished_study(tmp_path: Path) -> None:
    text = render(troubled_study(tmp_path))
    lines = text.splitlines()
    assert lines[0] == "# Hyperparameter study: grid"
    assert lines[4].startswith("> **Unfinished: 3 of 7 rows of study grid have ended.")
    [studies] = cells(section(text, "Studies"))
    # study, configurations, seeds, rows, finished, diverged, failed, unfinished, open, missing
    assert studies[:10] == ["grid", "7", "1", "7", "2", "1", "1", "1", "1", "1"]
    statuses = [row[-2] for row in cells(section(text, "All configurations"))]
    assert statuses == [
        *("finished", "finished", "diverged", "failed", "unfinished", "open", "missing")
    ]
    failed = cells(section(text, "grid: failed, diverged and unconverged rows"))
    assert [(row[0], row[-2], row[-1]) for row in failed] == [
        ("nan", "diverged", "training diverged at epoch 1"),
        ("crash", "failed", "ValueError: a ¦ b"),
    ]
    open_rows = cells(section(text, "grid: open rows"))
    assert [(row[0], row[-2], row[-1]) for row in open_rows] == [
        ("slow", "unfinished", "1 of 2 epochs"),
        ("gpu", "open", "no GPU in the cluster"),
        ("never", "missing", "no trial has begun"),
    ]


def test_every_part_of_an_unfinished_study_can_be_drawn(tmp_path: Path) -> None:
    written = write_report([troubled_study(tmp_path)], tmp_path / "out")
    assert {path.name for path in written} >= {"report.html", "report.pdf", "grid-curves-1.svg"}


def test_best_row_is_picked_on_validation_with_the_gap_beside_it(tmp_path: Path) -> None:
    text = render(troubled_study(tmp_path))
    assert cells(section(text, "Best configurations")) == [
        [
            *("MNIST", "ResNet-18", "good"),
            "batch size 16, optimizer SGD, learning rate 0.1, pin memory no, epochs 2",
            *("2", "1", "95", "95.0", "lucky", "100.0", "5.0"),
        ]
    ]


def test_repeated_results_are_no_candidates(tmp_path: Path) -> None:
    path = tmp_path / "grid"
    off, on = resnet_config(), resnet_config(pin_memory=True)
    # The copy's config_id sorts first, so it would win the tie.
    write_study(path, study_json({"a_on": on, "b_off": off}))
    write_trial(path, "k1", off, {2: ["b_off", "a_on"]}, [line(2, milestone=True)])
    best = cells(section(render(path), "Best configurations"))
    assert (best[0][2], best[0][4]) == ("b_off", "1")


def test_study_without_results_says_so(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    assert "> **Unfinished: 0 of 2 rows" in render(path)
    assert section(render(path), "Best configurations") == ["No row can be picked yet."]
    assert write_report([path])


def test_study_without_any_optional_field(tmp_path: Path) -> None:
    meta = study_json({"a2": A2})
    for key in ("data", "provenance", "launches", "created_at", "device", "sharing"):
        del meta[key]
    meta["space"] = {}
    path = write_study(tmp_path / "bare", meta)
    write_trial(path, "k1", A2, {2: ["a2"]}, [line(2, milestone=True)])
    text = render(path)
    assert "None" not in text and "nan" not in text
    assert cells(section(text, "Best configurations"))[0][2] == "a2"


def test_unconverged_rows_are_listed_and_the_study_is_finished(tmp_path: Path) -> None:
    config = svm_config()
    space = {"trainable": "svm", "factors": ["dataset", "kernel", "C", "gamma"]}
    path = write_study(tmp_path / "svm", study_json({"s1": config}, name="svm", space=space))
    result = line(1, milestone=True, status="unconverged", converged=False)
    write_trial(path, "k1", config, {1: ["s1"]}, [result])
    text = render(path)
    assert "Unfinished" not in text
    listed = cells(section(text, "svm: failed, diverged and unconverged rows"))
    assert listed[0][-2:] == [
        "unconverged",
        "the solver stopped after 1000 iterations before it converged",
    ]


def test_several_studies_share_one_report(tmp_path: Path) -> None:
    first = shared_study(tmp_path / "one")
    second = prefix_study(tmp_path)
    write_trial(second, "k1", A5, PREFIX, [line(1)])
    written = write_report([first, second], formats=["md"], figures=False)
    names = {path.relative_to(tmp_path).as_posix() for path in written}
    assert {"report/tables/one.csv", "report/tables/grid.csv", "report/report.md"} <= names
    text = (tmp_path / "report" / "report.md").read_text()
    assert text.count("\n## Study ") == 2 and text.count("\n## Set-up") == 1
    elsewhere = write_report([first], tmp_path / "out", formats=["md"], figures=False)
    assert elsewhere[-1] == tmp_path / "out" / "report.md"


def test_file_names_come_from_the_directory(tmp_path: Path) -> None:
    meta = study_json({"a2": A2}, name="../../escape")
    written = write_report([write_study(tmp_path / "deep" / "a b'c", meta)])
    assert {path.parent.name for path in written} <= {"report", "tables", "figures"}
    assert not list(tmp_path.rglob("*escape*"))


@pytest.mark.parametrize("case", ["no study", "same name", "not writable", "format", "watch"])
def test_mistakes_are_one_line_and_exit_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    path = shared_study(tmp_path / "grid")
    (tmp_path / "file").write_text("")
    arguments = {
        "no study": [str(tmp_path)],
        "same name": [str(path), str(shared_study(tmp_path / "other" / "grid"))],
        "not writable": [str(path), "--out", str(tmp_path / "file")],
        "format": [str(path), "--formats", "docx"],
        "watch": [str(path), "--watch", "0"],
    }[case]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shared_study(tmp_path / "grid")
    write_report([path], formats=["md"], figures=False)
    before = (path / "report" / "report.md").read_text()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError, match="No space left on device"):
        write_report([path], formats=["md"], figures=False)
    assert (path / "report" / "report.md").read_text() == before
    assert not list((path / "report").rglob(".*"))


def test_watching_follows_the_study_until_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = prefix_study(tmp_path)
    seen = []

    def sleep(seconds: float) -> None:
        seen.append((path / "report" / "report.md").read_text().splitlines()[2])
        if len(seen) == 1:
            write_trial(path, "k1", A5, PREFIX, [line(2, milestone=True), line(5, milestone=True)])
        elif len(seen) == 2:
            (path / "study.json").rename(path / "hidden.json")
        else:
            assert seconds == 3.0
            raise KeyboardInterrupt

    monkeypatch.setattr(module.time, "sleep", sleep)
    assert main([str(path), "--watch", "3", *QUICK]) == 0
    assert seen == ["0 of 2 rows have ended.", *["2 of 2 rows have ended."] * 2]
    assert "it has no study.json" in capsys.readouterr().err


def test_starts_without_heavy_packages(tmp_path: Path) -> None:
    path = shared_study(tmp_path / "grid")
    program = (
        "import sys; from analysis.report import main; status = main(sys.argv[1:]);"
        "heavy = {'torch', 'ray', 'sklearn', 'matplotlib', 'typst'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), *QUICK],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
