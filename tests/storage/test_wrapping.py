"""Lines that fit a terminal: broken between words, with commands and long words whole."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tune_app.storage.output import print_json, print_text
from tune_app.storage.wrapping import terminal_width, wrapped


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("twenty characters ok", "twenty characters ok"),
        ("a line of more than twenty", "a line of more than\n  twenty"),
        ("  an item of more words than fit", "  an item of more\n    words than fit"),
        ("see a/path/longer/than/a/line here", "see\n  a/path/longer/than/a/line\n  here"),
        ("to go on: tune-app run --space q1a", "to go on:\n  tune-app run --space q1a"),
        ("then `tune-app show X 1` lists it", "then\n  `tune-app show X 1`\n  lists it"),
        ("or: python -m tune_app show X", "or:\n  python -m tune_app show X"),
        ("  tune-app run --space q1a", "  tune-app run --space q1a"),
        ("it is tune-app that breaks this", "it is tune-app that\n  breaks this"),
        ("name    value  another", "name    value\n  another"),
    ],
)
def test_lines_are_broken_between_words(line: str, shown: str) -> None:
    assert wrapped(line, 20) == shown
    assert wrapped(line, None) == line


def test_each_line_of_a_text_is_broken_by_itself() -> None:
    assert wrapped("one\n\nand one of more letters", 20) == "one\n\nand one of more\n  letters"


def test_a_file_has_no_width(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        assert terminal_width(file) is None


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


def test_text_for_people_fits_and_json_is_never_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((20, 24)))
    monkeypatch.setattr("sys.stdout", terminal)
    assert terminal_width(terminal) == 20
    print_text("words that take more than a line")
    print_json({"words": "that take more than a line"})
    assert terminal.getvalue() == (
        'words that take more\n  than a line\n{"words": "that take more than a line"}\n'
    )


def test_text_in_a_pipe_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_text("word " * 100)
    assert capsys.readouterr().out == "word " * 100 + "\n"
