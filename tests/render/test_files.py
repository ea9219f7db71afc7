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
