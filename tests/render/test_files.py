from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import pandas as pd
import pytest

from analysis.render import files
from analysis.render.files import to_csv, to_parquet, write_whole
from search_spaces.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


def test_no_cell_is_a_formula_and_numbers_stay_numbers() -> None:
    frame = pd.DataFrame(
        {"=1+1": ["=cmd()", "+1", "-x", "@a", "plain", "-1e-5", None], "n": [-1.5] * 7}
    )
    head, *lines = csv.reader(io.StringIO(to_csv(frame)))
    assert head == ["'=1+1", "n"]
    assert [line[0] for line in lines] == ["'=cmd()", "'+1", "'-x", "'@a", "plain", "-1e-5", ""]
    assert {line[1] for line in lines} == {"-1.5"}
    assert frame["=1+1"].iloc[0] == "=cmd()", "the argument is left alone"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("sgd\r=cmd()", "sgd =cmd()"),
        ("sgd\n=cmd()", "sgd =cmd()"),
        ("\r\n\t =cmd()", "    '=cmd()"),
        ("\x1b[2J=cmd()", "\\x1b[2J=cmd()"),
        ("\x00=cmd()", "\\x00=cmd()"),
        ("sgd;=cmd()", "sgd;'=cmd()"),
        ('sgd; "@x";-1+1', "sgd; \"'@x\";'-1+1"),
        ("sgd\t=cmd()", "sgd =cmd()"),
        ("＝cmd()", "'＝cmd()"),
        (" +1", " '+1"),
        ("sgd=0.9, lr=-1; adam", "sgd=0.9, lr=-1; adam"),
        ("1e-3", "1e-3"),
    ],
)
def test_text_is_one_line_and_begins_no_formula_in_any_spreadsheet(text: str, cell: str) -> None:
    written = to_csv(pd.DataFrame({text: [text]}))
    assert written.count("\n") == 2 and written.replace("\n", "").isprintable()
    assert list(csv.reader(io.StringIO(written))) == [[cell], [cell]]
    for separator in ",;\t":
        for line in csv.reader(io.StringIO(written), delimiter=separator):
            assert not [c for c in line if c.strip(' "')[:1] in tuple("=+-@＝")]


def test_every_csv_file_is_written_by_one_module() -> None:
    writers = {
        path.relative_to(ROOT).as_posix()
        for package in ("analysis", "search_spaces", "tune_app")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"\.to_csv\(|csv\.writer|DictWriter", path.read_text())
    }
    words_of_a_command = "tune_app/planning/typed_values.py"
    assert writers - {words_of_a_command} == {
        "analysis/render/files.py",
        "tune_app/storage/csv_text.py",
    }


def test_parquet_keeps_types_that_csv_loses() -> None:
    frame = pd.DataFrame(
        {
            "gamma": ["scale", 0.5, None],
            "n": pd.Series([1, None, 3], dtype=object),
            "ok": pd.Series([True, None, False], dtype=object),
            "x": [-1.5, math.inf, math.nan],
            "text": ["=1+1", None, "é"],
            "huge": pd.Series([2**70, 1, 2], dtype=object),
            "list": [[1], None, {"a": 1}],
            "some": pd.Series([1, 2.5, None], dtype=object),
            0: [1, 2, 3],
        }
    )
    back = pd.read_parquet(io.BytesIO(to_parquet(frame)))
    assert [str(dtype) for dtype in back.dtypes] == [
        *("string", "Int64", "boolean", "float64", "str", "float64", "string", "float64", "int64")
    ]
    assert back["gamma"].tolist() == ["scale", "0.5", pd.NA]
    assert back["n"].tolist() == [1, pd.NA, 3] and back["ok"].tolist() == [True, pd.NA, False]
    assert back["x"].tolist()[:2] == [-1.5, math.inf] and back["0"].tolist() == [1, 2, 3]
    assert back["text"].iloc[0] == "=1+1", "Parquet has types, so text is no formula"


def test_mixed_columns_keep_their_numbers() -> None:
    assert to_csv(pd.DataFrame({"gamma": ["scale", -0.5]})) == "gamma\nscale\n-0.5\n"


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "report.md").symlink_to(precious)
    write_whole(tmp_path / "report.md", "new")
    assert precious.read_text() == "mine" and not (tmp_path / "report.md").is_symlink()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_whole(tmp_path / "file" / "x", b"1")


@pytest.mark.parametrize(
    "name", ["/kept.csv", "//kept.csv", "../kept.csv", "tables/..", "kept.csv"]
)
def test_a_list_deletes_nothing_outside_of_its_folders(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = tmp_path / ".report.files"
    listing.write_text(f"{name}\ntables/old.csv\n")
    deleted: list[Path] = []
    monkeypatch.setattr(Path, "unlink", lambda path, **_: deleted.append(path))
    monkeypatch.setattr(files, "write_whole", lambda path, _: path)
    files.replace_listed(listing, [])
    assert deleted == [tmp_path / "tables" / "old.csv"]
