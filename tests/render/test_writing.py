"""The files of a report: which there are, where they lie, and that they are whole."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from analysis.frames.load import load_study
from analysis.frames.tables import study_table
from analysis.render import writing
from analysis.render.writing import write_report
from analysis.report import main
from search_spaces.errors import UserError
from tests.studies import (
    A2,
    A5,
    PREFIX,
    QUICK,
    line,
    prefix_study,
    shared_study,
    study_json,
    troubled_study,
    write_study,
    write_trial,
)


def test_files_of_a_real_study(real_study: Path, tmp_path: Path) -> None:
    written = {
        path.relative_to(tmp_path).as_posix() for path in write_report([real_study], tmp_path)
    }
    assert {"report.md", "report.html", "report.pdf", "tables/q1a.csv"} <= written
    for name in ("best", "summary", "grid-1", "grid-2", "effects", "epochs", "confusion-1-pairs"):
        assert {f"tables/q1a-{name}.{kind}" for kind in ("csv", "md", "tex")} <= written
    for name in ("parallel", "explore", "curves", "confusion-1", "pareto", "effects", "importance"):
        assert {f"figures/q1a-{name}.svg", f"figures/q1a-{name}.png"} <= written
    found = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.*")}
    assert found == written | {".report.files"}
    assert (tmp_path / "report.html").stat().st_size < 3_000_000, "too heavy to send"
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    text = (tmp_path / "report.md").read_text()
    targets = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text)
    assert len(targets) > 5
    for target in targets:
        assert (tmp_path / target).is_file()
    assert "q1a: 32 trials serve 128 rows. Epochs to train: " in text
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
    assert written[0].startswith("id,dataset,model,batch_size,optimizer,lr,pin_memory,epochs,seed,")
    assert written[2].startswith(
        "a5,mnist,resnet18,16,sgd,0.001,False,5,0,0.95,0.9928571428571429,0.05,0.9875,0.985,0.986,"
    )
    assert ",50.0," in written[2] and written[2].endswith(",cpu,k1,,finished")
    table = study_table(load_study(path))
    back = pd.read_csv(report / "tables" / "grid.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(back, table, check_dtype=False, check_exact=True)
    text = (report / "report.md").read_text()
    assert "Unfinished" not in text and "grid: open rows" not in text
    assert "1 trial serves 4 rows. Epochs to train: 5 instead of 14 (÷2.8)." in text
    assert "because it does nothing without a GPU: 2 rows repeat" in text


def test_tables_as_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shared_study(tmp_path / "grid")
    tables = path / "report" / "tables"
    assert main([str(path), *QUICK, "--parquet"]) == 0
    assert {f.stem for f in tables.glob("*.parquet")} == {f.stem for f in tables.glob("*.csv")}
    table = study_table(load_study(path))
    back = pd.read_parquet(tables / "grid.parquet")
    assert [*back] == [*table] and back["val_accuracy"].tolist() == table["val_accuracy"].tolist()
    assert main([str(path), *QUICK]) == 0
    assert not list(tables.glob("*.parquet")), "those of the earlier report are out of date"
    monkeypatch.setattr(writing, "MANY_ROWS", 3)
    assert main([str(path), *QUICK]) == 0
    assert (tables / "grid.parquet").is_file(), "the table has four rows"


def test_same_study_gives_the_same_bytes(tmp_path: Path) -> None:
    path = shared_study(tmp_path / "grid")
    before = {p: p.read_bytes() for p in write_report([path])}
    assert {p.suffix for p in before} >= {".html", ".pdf", ".svg", ".png"}
    assert {p: p.read_bytes() for p in write_report([path])} == before


def test_every_part_of_an_unfinished_study_can_be_drawn(tmp_path: Path) -> None:
    written = write_report([troubled_study(tmp_path)], tmp_path / "out")
    assert {path.name for path in written} >= {"report.html", "report.pdf", "grid-curves.svg"}


def test_several_studies_share_one_report(tmp_path: Path) -> None:
    first = shared_study(tmp_path / "one")
    second = prefix_study(tmp_path)
    write_trial(second, "k1", A5, PREFIX, [line(1)])
    written = write_report([first, second], formats=["md"], figures=False)
    names = {path.relative_to(tmp_path).as_posix() for path in written}
    assert {"report/tables/one.csv", "report/tables/grid.csv", "report/report.md"} <= names
    text = (tmp_path / "report" / "report.md").read_text()
    assert text.count("\n## Study ") == 2 and text.count("\n### Set-up") == 1
    elsewhere = write_report([first], tmp_path / "out", formats=["md"], figures=False)
    assert elsewhere[-1] == tmp_path / "out" / "report.md"


def test_what_an_earlier_report_left_is_deleted_but_no_file_of_the_users(tmp_path: Path) -> None:
    first, out = shared_study(tmp_path / "one"), tmp_path / "out"
    write_report([first, troubled_study(tmp_path)], out, formats=["md"])
    own = out / "tables" / "mine.csv"
    own.write_text("a\n")
    assert (out / "tables" / "one.csv").is_file() and list(out.glob("figures/grid-*.svg"))
    written = write_report([first], out, formats=["html"])
    kept = {own, out / "report.md", out / ".report.files"}  # a form not asked for stays
    assert {path for path in out.rglob("*") if path.is_file()} == {*written, *kept}
    assert not list(out.glob("*/one*")) and (out / "report.html").is_file()


def test_a_list_of_files_cannot_name_others(tmp_path: Path) -> None:
    study, out = shared_study(tmp_path / "one"), tmp_path / "out"
    out.mkdir()
    outside = tmp_path / "kept.csv"
    outside.write_text("a\n")
    (out / "kept.csv").write_text("a\n")
    names = f"../kept.csv\ntables/../../kept.csv\n{outside}\nkept.csv\n\n.\ntables/gone.csv\n"
    names += "/kept.csv\ntables/a\0b\n"
    (out / ".report.files").write_text(names)
    write_report([study], out, formats=["md"], figures=False)
    assert outside.is_file() and (out / "kept.csv").is_file()
    assert "gone" not in (out / ".report.files").read_text()


def test_file_names_come_from_the_directory(tmp_path: Path) -> None:
    meta = study_json({"a2": A2}, name="../../escape")
    written = write_report([write_study(tmp_path / "deep" / "a b'c", meta)])
    assert {path.parent.name for path in written} <= {"report", "tables", "figures"}
    assert not list(tmp_path.rglob("*escape*"))


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
    assert [p.name for p in (path / "report").rglob(".*")] == [".report.files"]
