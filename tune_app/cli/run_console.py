"""A console for a command that goes on when its output can no longer be written."""

from __future__ import annotations

import sys
from typing import IO, Any, cast

from rich.console import Console

from search_spaces.errors import UserError
from tune_app.storage.output import discard_output, print_text
from tune_app.storage.wrapping import wrapped


def run_console(note: str | None = None) -> Console:
    """Return a console on standard output.

    Args:
        note: printed to standard error when output can no longer be written. The command then
            goes on without output. If there is no note, output that cannot be written raises a
            ``UserError``, except that a reader that has gone, such as ``head``, is ignored.
    """
    # In a notebook Rich would show every line as an HTML block of its own. A line that is drawn
    # again and again, as in a terminal, would be kept in the notebook as hundreds of lines.
    in_notebook = Console().is_jupyter
    return Console(
        file=cast(IO[str], _Output(sys.stdout, note)),
        force_jupyter=False,
        force_terminal=False if in_notebook else None,
    )


def print_line(console: Console, line: str) -> None:
    """Print a line of text, as several lines on a terminal that is too narrow for it."""
    shown = wrapped(line, console.width if console.is_terminal else None)
    console.print(shown, highlight=False, markup=False, soft_wrap=True)


class _Output:
    """A text stream that can lose its reader. Rich gets other attributes from the real stream."""

    def __init__(self, stream: Any, note: str | None) -> None:
        self._stream = stream
        self._note = note

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:
            self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Do nothing: every write is flushed at once."""

    def _lose(self, error: OSError) -> None:
        discard_output(self._stream)
        reason = "its reader has gone" if isinstance(error, BrokenPipeError) else error.strerror
        if self._note is not None:
            print_text(
                f"note: standard output cannot be written ({reason}); {self._note}", to_stderr=True
            )
        elif not isinstance(error, BrokenPipeError):
            raise UserError(f"standard output cannot be written ({reason}); redirect it elsewhere")
