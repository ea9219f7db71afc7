"""The command-line parser that the commands of this package share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from analysis.frames.copies import study_store
from search_spaces.errors import UserError, did_you_mean
from tune_app.storage.open_store import is_path
from tune_app.storage.store import StudyStore
from tune_app.storage.user_path import user_path
from tune_app.study.command_name import command_name
from tune_app.study.given_once import GivenOnce

_UNKNOWN = "unrecognized arguments: "
"""How argparse begins its message about words that it does not know."""


class Parser(argparse.ArgumentParser):
    """The arguments of a command of this package; a mistake in them is a ``UserError``."""

    def __init__(self, module: str, description: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=command_name(module), description=description, epilog=epilog, allow_abbrev=False
        )
        self.register("action", None, GivenOnce)

    def error(self, message: str) -> None:  # type: ignore[override]
        """Raise the message that argparse would print together with the usage.

        Raises:
            UserError: always.
        """
        word = message.removeprefix(_UNKNOWN) if message.startswith(_UNKNOWN) else ""
        options = self._option_string_actions if word.startswith("-") else ()
        hint = did_you_mean(word.split("=")[0].split(" ")[0], options)
        raise UserError(f"{message}{hint}; see {self.prog} --help")

    def parsed(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """Return the arguments.

        Raises:
            UserError: they are not allowed, or a flag has no value.
        """
        arguments = self.parse_args(argv)
        for name, value in vars(arguments).items():
            # argparse turns the value of --flag=-- into an empty list, whatever the flag's type.
            empty = value == [] and self.get_default(name) != []
            if empty or (isinstance(value, list) and [] in value):
                self.error(f"--{name.replace('_', '-')}: needs a value")
        return arguments


def path_argument(text: str) -> Path:
    """Return a path of this machine.

    Raises:
        argparse.ArgumentTypeError: no file can have that name.
        UserError: it is a URL, or in a home folder that is not known.
    """
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError("is empty" if not text.strip() else "contains a NUL byte")
    return user_path(text)


def images_argument(text: str) -> Path:
    """Return a folder of images; ``sample`` is the one that ships, as for ``tune-app run --data``.

    Raises:
        argparse.ArgumentTypeError, UserError: as for ``path_argument``.
    """
    shipped = Path(str(files("tune_app"))) / "data" / "sample"
    return shipped if text == "sample" else path_argument(text)


def study_argument(text: str) -> StudyStore:
    """Return the store of a study, given its directory, its URL or ``published:NAME``.

    Raises:
        argparse.ArgumentTypeError: no file can have that name.
        UserError: the kind of URL is not supported, or there is no such published study.
    """
    return study_store(path_argument(text) if is_path(text) else text)
