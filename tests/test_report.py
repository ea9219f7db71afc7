from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis import sections
from analysis.load import load_study
from analysis.report import main, render, write_report
from analysis.tables import GRID_COLUMNS, grid_table
from search_spaces.errors import UserError
from tests.studies import (
    A2,
    A5,
    PREFIX,
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


def section(text: str, title: str) -> list[str]:
    """Return the lines of one section of a report."""
    return text.split(f"### {title}\n\n")[1].split("\n\n#", maxsplit=1)[0].splitlines()


def cells(rows: list[str]) -> list[list[str]]:
    """Return the cells of a Markdown table without its heading."""
    table = [row for row in rows if row.startswith("|")][2:]
    return [[cell.strip() for cell in row.replace("\\|", "¦").split("|")[1:-1]] for row in table]


def test_files_of_one_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shared_study(tmp_path / "grid")
    assert main([str(path)]) == 0
    report = path / "report"
    assert capsys.readouterr().out.splitlines() == [
        f"table: {report / 'tables' / 'grid.csv'}",
        f"table: {report / 'tables' / 'grid.md'}",
        f"report: {report / 'report.md'}",
    ]
    assert sorted(p.name for p in report.rglob("*") if p.is_file()) == [
        *("grid.csv", "grid.md", "report.md"),
    ]
    written = (report / "tables" / "grid.csv").read_text().splitlines()
    assert written[0] == ",".join(GRID_COLUMNS)
    assert written[2] == (
        "a5,mnist,resnet18,16,sgd,0.001,False,5,0,0.9928571428571429,0.9875,0.985,0.986,0.95,50.0,"
        "cpu,k1,,finished"
    )
    table = grid_table(load_study(path))
    back = pd.read_csv(report / "tables" / "grid.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(back, table, check_dtype=False, check_exact=True)
    text = (report / "report.md").read_text()
    assert "Unfinished" not in text
    assert "### Open rows" not in text and "### Failed" not in text
    assert (report / "tables" / "grid.md").read_text().strip() in text
    assert "Rows served: 4, by trials: 1. Epochs to train: 5 instead of 14 (÷2.8)." in text
    assert cells(section(text, "Shared compute")) == [["pin_memory", "2", "not applicable"]]


def test_same_study_gives_the_same_report(tmp_path: Path) -> None:
    path = shared_study(tmp_path / "grid")
    write_report([path])
    before = {p: p.read_bytes() for p in (path / "report").rglob("*.*")}
    write_report([path])
    assert {p: p.read_bytes() for p in (path / "report").rglob("*.*")} == before


def test_report_of_an_unfinished_study(tmp_path: Path) -> None:
    text = render([load_study(troubled_study(tmp_path))])
    lines = text.splitlines()
    assert lines[0] == "# Report"
    assert lines[2].startswith("> **Unfinished:** 3 of 7 rows of study grid have ended.")
    assert cells(section(text, "Set-up")[-9:]) == [
        *(["finished", "2"], ["diverged", "1"], ["failed", "1"], ["unfinished", "1"]),
        *(["open", "1"], ["missing", "1"], ["all", "7"]),
    ]
    assert [row[-1] for row in cells(section(text, "Results"))] == [
        *("finished", "finished", "diverged", "failed", "unfinished", "open", "missing")
    ]
    failed = cells(section(text, "Failed, diverged and unconverged rows"))
    assert [(row[0], row[-2], row[-1]) for row in failed] == [
        ("nan", "diverged", "training diverged at epoch 1"),
        ("crash", "failed", "ValueError: a ¦ b"),
    ]
    open_rows = cells(section(text, "Open rows"))
    assert [(row[0], row[-2], row[-1]) for row in open_rows] == [
        ("slow", "unfinished", "1 of 2 epochs"),
        ("gpu", "open", "no GPU in the cluster"),
        ("never", "missing", "no trial has begun"),
    ]


def test_best_row_is_picked_on_validation_with_the_gap_beside_it(tmp_path: Path) -> None:
    text = render([load_study(troubled_study(tmp_path))])
    best = section(text, "Best configurations")
    assert cells(best) == [
        [
            *("MNIST", "resnet18", "good"),
            "batch_size=16, optimizer=sgd, lr=0.1, pin_memory=no, epochs=2",
            *("2", "1", "95", "95.0", "lucky", "100.0", "5.0"),
        ]
    ]


def test_repeated_results_are_no_candidates(tmp_path: Path) -> None:
    path = tmp_path / "grid"
    off, on = resnet_config(), resnet_config(pin_memory=True)
    # The copy's config_id sorts first, so it would win the tie.
    write_study(path, study_json({"a_on": on, "b_off": off}))
    write_trial(path, "k1", off, {2: ["b_off", "a_on"]}, [line(2, milestone=True)])
    best = cells(section(render([load_study(path)]), "Best configurations"))
    assert (best[0][2], best[0][4]) == ("b_off", "1")


def test_study_without_results_says_so(tmp_path: Path) -> None:
    text = render([load_study(prefix_study(tmp_path))])
    assert "> **Unfinished:** 0 of 2 rows" in text
    assert section(text, "Best configurations") == ["No row can be picked yet."]


def test_study_without_any_optional_field(tmp_path: Path) -> None:
    meta = study_json({"a2": A2})
    for key in ("data", "provenance", "launches", "created_at", "device", "sharing"):
        del meta[key]
    meta["space"] = {}
    path = write_study(tmp_path / "bare", meta)
    write_trial(path, "k1", A2, {2: ["a2"]}, [line(2, milestone=True)])
    text = render([load_study(path)])
    assert "None" not in text and "nan" not in text
    assert cells(section(text, "Best configurations"))[0][2] == "a2"


def test_unconverged_rows_are_listed_and_the_study_is_finished(tmp_path: Path) -> None:
    config = svm_config()
    space = {"trainable": "svm", "factors": ["dataset", "kernel", "C", "gamma"]}
    path = write_study(tmp_path / "svm", study_json({"s1": config}, name="svm", space=space))
    result = line(1, milestone=True, status="unconverged", converged=False)
    write_trial(path, "k1", config, {1: ["s1"]}, [result])
    text = render([load_study(path)])
    assert "Unfinished" not in text
    listed = cells(section(text, "Failed, diverged and unconverged rows"))
    assert listed[0][-2:] == [
        "unconverged",
        "the solver stopped after 1000 iterations before it converged",
    ]


def test_several_studies_share_one_report(tmp_path: Path) -> None:
    first = shared_study(tmp_path / "one")
    second = prefix_study(tmp_path)
    write_trial(second, "k1", A5, PREFIX, [line(1)])
    written = write_report([first, second])
    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        *("report/tables/one.csv", "report/tables/one.md"),
        *("report/tables/grid.csv", "report/tables/grid.md", "report/report.md"),
    ]
    assert (tmp_path / "report" / "report.md").read_text().count("\n### Set-up") == 2
    elsewhere = write_report([first], tmp_path / "out")
    assert elsewhere[-1] == tmp_path / "out" / "report.md"


def test_long_tables_are_cut_in_the_report_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sections, "MOST_ROWS", 3)
    path = shared_study(tmp_path / "grid")
    text = render([load_study(path)])
    assert len(cells(section(text, "Results"))) == 3
    assert "The first 3 of 4 rows" in text


def test_file_names_come_from_the_directory(tmp_path: Path) -> None:
    meta = study_json({"a2": A2}, name="../../escape")
    written = write_report([write_study(tmp_path / "deep" / "grid", meta)])
    assert {path.parent.parent.name for path in written[:2]} == {"report"}
    assert not list(tmp_path.rglob("*escape*"))


@pytest.mark.parametrize("case", ["no study", "same name", "not writable"])
def test_mistakes_are_one_line_and_exit_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    path = shared_study(tmp_path / "grid")
    (tmp_path / "file").write_text("")
    arguments = {
        "no study": [str(tmp_path)],
        "same name": [str(path), str(shared_study(tmp_path / "other" / "grid"))],
        "not writable": [str(path), "--out", str(tmp_path / "file")],
    }[case]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shared_study(tmp_path / "grid")
    write_report([path])
    before = (path / "report" / "report.md").read_text()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError, match="No space left on device"):
        write_report([path])
    assert (path / "report" / "report.md").read_text() == before
    assert not list((path / "report").rglob(".*"))


def test_starts_without_torch_or_ray(tmp_path: Path) -> None:
    path = shared_study(tmp_path / "grid")
    program = (
        "import sys; from analysis.report import main; status = main(sys.argv[1:]);"
        "heavy = {'torch', 'ray', 'sklearn', 'scipy', 'matplotlib'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
