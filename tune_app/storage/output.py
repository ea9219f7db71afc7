"""Standard output and error that may be closed, full, or read by somebody who has gone.

A command answers a user's mistake with one line and exit status 2. Its text reaches every terminal:
a character that the terminal cannot show is written as its number.
"""

from __future__ import annotations

import functools
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TextIO

from search_spaces.errors import UserError


class Main(Protocol):
    """A command."""

    def __call__(self, argv: Sequence[str] | None = None) -> int:
        """Run it on its arguments, by default those of the process; return its exit status."""


def answering_mistakes(main: Callable[[Sequence[str] | None], int]) -> Main:
    """Make a command answer a mistake of the user's with one line and exit status 2.

    Ctrl-C is exit status 130. A reader of the output that has gone, such as ``head``, changes
    nothing; output that cannot be written, as to a full disk, is a mistake.
    """

    @functools.wraps(main)
    def answering(argv: Sequence[str] | None = None) -> int:
        prepare_streams()
        try:
            try:
                return main(argv)
            finally:
                print_text("", end="")  # what argparse wrote stands in the buffer
        except UserError as error:
            print_text(f"error: {error}", to_stderr=True)
            return 2
        except KeyboardInterrupt:
            return 130

    return answering


def prepare_streams() -> None:
    """Make the standard streams usable by this process and by those that it starts.

    Where one was closed, the next file opened would take its number, and be written to by whoever
    prints; the null device takes the number instead.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        _show_any_character(getattr(sys, name))


def print_text(text: str, *, to_stderr: bool = False, end: str = "\n") -> bool:
    """Print text whatever it holds; return whether it was written.

    Nothing is printed, then or later, to a reader that has gone, nor to standard error that cannot
    be written.

    Raises:
        UserError: standard output cannot be written, for example because the disk is full.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    if stream is None:
        return False
    _show_any_character(stream)
    try:
        print(text, file=stream, flush=True, end=end)
    except OSError as error:
        discard_output(stream)
        if not to_stderr and not isinstance(error, BrokenPipeError):
            raise UserError(
                f"standard output cannot be written ({error.strerror}); send it elsewhere"
            ) from None
        return False
    return True


def discard_output(stream: TextIO) -> None:
    """Let a stream that cannot be written take everything, also what still is in its buffer."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _show_any_character(stream: TextIO) -> None:
    """Write a character that the stream lacks as ``\\xe9``; a file name may hold such ones too."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
        stream.reconfigure(errors="backslashreplace")
