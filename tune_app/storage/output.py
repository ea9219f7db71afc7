"""Printing to standard output and error, which may be closed, full, or without a reader.

A command answers a user's mistake with one line and exit status 2. A character that the terminal
cannot show is written as an escape sequence such as ``\\xe9``.
"""

from __future__ import annotations

import functools
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO

from search_spaces.errors import UserError
from tune_app.storage.wrapping import terminal_width, wrapped


class Main(Protocol):
    """The function of a command."""

    def __call__(self, argv: Sequence[str] | None = None) -> int:
        """Run it with these arguments (default: those of the process); return its exit status."""


def answering_mistakes(main: Callable[[Sequence[str] | None], int]) -> Main:
    """Decorate a command so that it answers a user's mistake with one line and exit status 2.

    Ctrl-C gives exit status 130. A reader that stops reading, such as ``head``, changes nothing.
    Output that cannot be written, for example to a full disk, counts as a mistake.
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
    """Make the standard streams usable by this process and by the processes that it starts.

    A closed stream is replaced by the null device. Otherwise the next file that is opened would get
    the stream's number, and everything printed would be written to that file.
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


def print_json(record: Any, *, indent: int | None = None) -> bool:
    """Print JSON for programs; return whether it was written. Its lines are never broken."""
    return print_text(json.dumps(record, indent=indent, allow_nan=False), wrap=False)


def print_text(text: str, *, to_stderr: bool = False, end: str = "\n", wrap: bool = True) -> bool:
    """Print text; return whether it was written.

    On a terminal, lines are broken between words unless ``wrap`` is False.

    After the first failure nothing more is printed to the stream. It is no error if the reader of
    standard output has gone, or if standard error cannot be written.

    Raises:
        UserError: standard output cannot be written, for example because the disk is full.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    if stream is None:
        return False
    _show_any_character(stream)
    try:
        shown = wrapped(text, terminal_width(stream)) if wrap else text
        print(shown, file=stream, flush=True, end=end)
    except OSError as error:
        discard_output(stream)
        if not to_stderr and not isinstance(error, BrokenPipeError):
            raise UserError(
                f"standard output cannot be written ({error.strerror}); redirect it elsewhere"
            ) from None
        return False
    return True


def discard_output(stream: TextIO) -> None:
    """Redirect a stream that cannot be written to the null device, its buffer included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _show_any_character(stream: TextIO) -> None:
    """Have the stream write a character that its encoding lacks as ``\\xe9`` instead of failing."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
        stream.reconfigure(errors="backslashreplace")
