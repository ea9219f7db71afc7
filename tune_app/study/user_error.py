"""The text of an error in a user's code: its traceback without our frames, and its reason."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path
from types import TracebackType

from search_spaces import errors
from search_spaces.errors import UserError

_OURS = Path(__file__).resolve().parent.parent
_SPACES = Path(errors.__file__).resolve().parent
_OF_PYTHON = Path(sysconfig.get_path("stdlib")).resolve()


def error_text(error: BaseException) -> str:
    """Return the traceback of an error in a user's code, and its reason as the last line."""
    frames = _of_the_user(error.__traceback__)
    text = "".join(traceback.format_exception(type(error), error, frames))
    return f"{text.rstrip()}\n\n{reason_of(error)}\n"


def reason_of(error: BaseException) -> str:
    """Return an error in one line: its type, the first line of its message, and where it arose."""
    lines = [line.strip() for line in _message(error).splitlines() if line.strip()]
    if isinstance(error, SystemExit):
        lines = [f"the function called sys.exit({error.code!r})"]
    found = traceback.extract_tb(_of_the_user(error.__traceback__))
    own = [frame for frame in found if is_users(frame.filename)]
    if not own and not isinstance(error, UserError):  # which says itself what has to be changed
        own = list(found)
    where = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}{': ' + lines[0] if lines else ''}{where}"


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as problem:  # the user's own error may fail to describe itself
        return f"its message cannot be shown ({type(problem).__name__})"


def _of_the_user(frames: TracebackType | None) -> TracebackType | None:
    """Leave out the frames of this program that come before the user's code."""
    while frames is not None and frames.tb_next is not None:
        if is_users(frames.tb_frame.f_code.co_filename):
            break
        frames = frames.tb_next
    return frames


def is_users(filename: str) -> bool:
    """Return whether a file is not of this program, of Python or of an installed package."""
    path = Path(filename)
    is_installed = {"site-packages", "dist-packages"} & set(path.parts)
    of_python = filename.startswith("<frozen ") or _OF_PYTHON in path.parents
    is_ours = _OURS in path.parents or path.parent == _SPACES  # whose examples are as a user's
    return not (is_installed or of_python or is_ours)
