from __future__ import annotations

from pathlib import Path

import pytest

from analysis.checks.audit.columns import Options
from analysis.checks.audit.files import json_rows, text_of
from analysis.checks.audit.read import read_csv
from search_spaces.errors import UserError


def test_json_keeps_digits() -> None:
    lines = '{"model": "a", "acc": 0.940}\n{"model": "b", "acc": 0.95, "args": {"lr": 1e-3}}\n'
    assert json_rows(lines) == [
        ["model", "acc", "args/lr"],
        ["a", "0.940", ""],
        ["b", "0.95", "1e-3"],
    ]
    assert json_rows('[{"acc": 1}, {"acc": null}]') == [["acc"], ["1"], [""]]
    columns = '{"model": {"0": "a", "1": "b"}, "acc": {"0": 0.9, "1": 0.8}}'
    assert json_rows(columns) == [["model", "acc"], ["a", "0.9"], ["b", "0.8"]]
    for text in ("{", "[1, 2]", "[]", "{}\n3", "[[1]]"):
        assert json_rows(text) is None


def test_json_lines_are_a_table(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"model": "a", "test_acc": 0.940, "args": {"lr": 0.1}}\n' * 2)
    table = read_csv(path, Options({}))
    assert table.units("test_accuracy").tolist() == pytest.approx([1e-3, 1e-3])
    assert table.settings == ("model", "lr")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04rest", "a workbook or a zip file"),
        (b"PAR1rest", "a Parquet file"),
        (b"%PDF-1.7", "a PDF"),
        (b"<!DOCTYPE html><html><table></table></html>", "a web page"),
        (b"a\0b", "not a text file"),
    ],
)
def test_other_files_are_named(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    with pytest.raises(UserError, match=kind) as error:
        text_of(path)
    assert "save" in str(error.value)
