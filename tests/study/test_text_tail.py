"""The end of what a user's function printed, as it may be shown."""

from __future__ import annotations

import os
from pathlib import Path

from tune_app.study.text_tail import read_tail, tail_of


def test_the_last_lines_are_kept_and_it_says_whether_these_are_all() -> None:
    assert tail_of("a\nb\nc\n", 2) == (("b", "c"), False)
    assert tail_of("a\nb\n\n\n", 2) == (("a", "b"), True)
    assert tail_of("", 2) == ((), True)


def test_what_a_terminal_would_do_is_left_out_or_escaped() -> None:
    text = "\x1b[31mred\x1b[0m\tx\n\x1b]0;title\x07y\nbeep\x07\x1b[2J\u202eright\n"
    assert tail_of(text, 9).lines == ("red x", "y", "beep\\x07\\u202eright")


def test_of_a_progress_bar_the_last_state_is_shown() -> None:
    assert tail_of("10 %\r50 %\r100 %\r\nnext", 9).lines == ("100 %", "next")


def test_a_long_line_is_cut() -> None:
    [line] = tail_of("x" * 10_000, 9).lines
    assert len(line) == 400 and line.endswith("x…")


def test_of_a_large_file_only_the_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "output.txt"
    path.write_text("".join(f"epoch {number}\n" for number in range(200_000)))
    tail = read_tail(path, 3)
    assert tail is not None
    assert tail.lines == ("epoch 199997", "epoch 199998", "epoch 199999") and not tail.is_whole


def test_no_file_a_pipe_or_a_link_has_no_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "secret").write_text("secret\n")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "empty").touch()
    for name in ("none", "pipe", "link", "empty", "a\0b"):
        assert read_tail(tmp_path / name, 3) is None
