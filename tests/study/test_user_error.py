"""An error in a user's code, as error.txt has it and as one line tells it."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from search_spaces.domain_forms import plain_entry
from tune_app.study import user_error
from tune_app.study.python_file import run_python_file
from tune_app.study.user_error import error_text, reason_of

FILE = """
import json, sys
class Silent(Exception):
    def __str__(self): raise RuntimeError("no text")
class Own(ValueError): pass
def boom(): raise ValueError("boom\\nsecond line")
def empty(): raise KeyError
def blank(): raise ValueError("\\n  \\n  third  \\n")
def key(): {}["gone"]
def exits(): sys.exit(0)
def exits_text(): sys.exit("bye")
def exits_none(): sys.exit()
def interrupt(): raise KeyboardInterrupt
def silent(): raise Silent
def own(): raise Own("mine")
def in_python(): json.loads("x")
def imports(): import no_such_module_of_mine
def chained():
    try: key()
    except KeyError as error: raise Own("afterwards") from error
def group(): raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])
def code(): eval("1 +")
"""
REASONS = {
    "boom": "ValueError: boom (mine.py, line 6)",
    "empty": "KeyError (mine.py, line 7)",
    "blank": "ValueError: third (mine.py, line 8)",
    "key": "KeyError: 'gone' (mine.py, line 9)",
    "exits": "SystemExit: the function called sys.exit(0) (mine.py, line 10)",
    "exits_text": "SystemExit: the function called sys.exit('bye') (mine.py, line 11)",
    "exits_none": "SystemExit: the function called sys.exit(None) (mine.py, line 12)",
    "interrupt": "KeyboardInterrupt (mine.py, line 13)",
    "silent": "Silent: its message cannot be shown (RuntimeError) (mine.py, line 14)",
    "own": "Own: mine (mine.py, line 15)",
    "in_python": "JSONDecodeError: Expecting value: line 1 column 1 (char 0) (mine.py, line 16)",
    "imports": "ModuleNotFoundError: No module named 'no_such_module_of_mine' (mine.py, line 17)",
    "chained": "Own: afterwards (mine.py, line 20)",
    "group": "ExceptionGroup: several (2 sub-exceptions) (mine.py, line 21)",
    "code": "SyntaxError: invalid syntax (<string>, line 1) (mine.py, line 22)",
}


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "mine.py").write_text(FILE)
    return run_python_file("--space", tmp_path / "mine.py")


def raised_by(function: Callable[..., Any]) -> BaseException:
    """Return the error that a function raises when code of this program calls it."""
    ours: dict[str, Any] = {}
    code = compile("def call(function): function()", user_error.__file__, "exec")
    exec(code, ours)  # noqa: S102
    try:
        ours["call"](function)
    except BaseException as error:
        frames = error.__traceback__
        return error.with_traceback(frames and frames.tb_next)
    raise AssertionError("no error")


@pytest.mark.parametrize("name", REASONS)
def test_a_line_has_the_type_the_message_and_the_users_line(mine: ModuleType, name: str) -> None:
    error = raised_by(getattr(mine, name))
    assert reason_of(error) == REASONS[name]
    lines = error_text(error).splitlines()
    assert lines[-1] == REASONS[name] and lines[-2] == ""


def test_the_traceback_begins_in_the_users_file(mine: ModuleType, tmp_path: Path) -> None:
    text = error_text(raised_by(mine.in_python))
    first, second = [line for line in text.splitlines() if line.startswith("  File ")][:2]
    assert first == f'  File "{tmp_path}/mine.py", line 16, in in_python'
    assert second.startswith(f'  File "{json.__file__}"'), "what the user called is shown"
    assert user_error.__file__ not in text


def test_what_led_to_an_error_is_shown(mine: ModuleType) -> None:
    text = error_text(raised_by(mine.chained))
    assert "KeyError: 'gone'" in text and "The above exception was the direct cause" in text


def test_an_error_of_no_code_of_the_users_has_no_better_place_than_ours() -> None:
    error = raised_by(functools.partial(int, "x"))  # type: ignore[arg-type]
    assert reason_of(error) == (
        "ValueError: invalid literal for int() with base 10: 'x' (user_error.py, line 1)"
    )
    assert reason_of(ValueError("never raised")) == "ValueError: never raised"


def test_a_mistake_that_we_name_needs_no_place_of_ours() -> None:
    error = raised_by(functools.partial(plain_entry, "lr", [0.1]))
    assert reason_of(error).startswith("UserError: lr: [0.1] is a list; allowed: strings, ")
    assert not reason_of(error).endswith(")")
