"""What the commands of the package have in common: one line and exit status 2 for a mistake."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from analysis.frames.copies import study_store
from search_spaces.errors import UserError
from tune_app.storage.remote_folder import is_url
from tune_app.storage.store import StudyStore


class Main(Protocol):
    """A command."""

    def __call__(self, argv: Sequence[str] | None = None) -> int:
        """Run it on its arguments, by default those of the process; return its exit status."""


class Parser(argparse.ArgumentParser):
    """The arguments of ``python -m <module>``; a mistake in them is a ``UserError``."""

    def __init__(self, module: str, description: str) -> None:
        super().__init__(prog=f"python -m {module}", description=description, allow_abbrev=False)

    def error(self, message: str) -> None:  # type: ignore[override]
        """Raise what argparse would print together with its usage.

        Raises:
            UserError: always.
        """
        raise UserError(f"{message}; see {self.prog} --help")

    def parsed(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """Return the arguments.

        Raises:
            UserError: they are not allowed, or a flag has no value.
        """
        arguments = self.parse_args(argv)
        for name, value in vars(arguments).items():
            # argparse makes an empty list of the value in --flag=--, whatever the flag's type is.
            empty = value == [] and self.get_default(name) != []
            if empty or (isinstance(value, list) and [] in value):
                self.error(f"--{name.replace('_', '-')}: needs a value")
        return arguments


def answering_mistakes(main: Callable[[Sequence[str] | None], int]) -> Main:
    """Make a command answer a mistake of the user's with one line and exit status 2."""

    @functools.wraps(main)
    def answering(argv: Sequence[str] | None = None) -> int:
        try:
            return main(argv)
        except UserError as error:
            print_text(f"error: {error}", to_stderr=True)
            return 2

    return answering


def print_text(text: str, *, to_stderr: bool = False) -> None:
    """Print text whatever it holds, to a reader that may have gone, such as ``head``."""
    stream = sys.stderr if to_stderr else sys.stdout
    # A file name that is not UTF-8 holds what no terminal takes.
    safe = text.encode(errors="backslashreplace").decode()
    try:
        print(safe, file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def path_argument(text: str) -> Path:
    """Return a path.

    Raises:
        argparse.ArgumentTypeError: no file can have that name.
    """
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError("is empty" if not text.strip() else "holds a NUL byte")
    return Path(text)


def study_argument(text: str) -> StudyStore:
    """Return the store of a study, given its directory or its URL.

    Raises:
        argparse.ArgumentTypeError: no file can have that name.
        UserError: nothing here can read such a URL.
    """
    return study_store(text if is_url(text) else path_argument(text))
