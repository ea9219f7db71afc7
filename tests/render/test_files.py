from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest

from analysis.render.files import to_csv, write_whole
from search_spaces.errors import UserError


def test_no_cell_is_a_formula_and_numbers_stay_numbers() -> None:
    frame = pd.DataFrame({"=1+1": ["=cmd()", "+1", "-x", "@a", "plain", None], "n": [-1.5] * 6})
    head, *lines = csv.reader(io.StringIO(to_csv(frame)))
    assert head == ["'=1+1", "n"]
    assert [line[0] for line in lines] == ["'=cmd()", "'+1", "'-x", "'@a", "plain", ""]
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
