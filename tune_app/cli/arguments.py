"""The parser of the commands, and what their words mean: names of studies and lists of seeds."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Sequence
from typing import Any

from search_spaces.errors import UserError, did_you_mean
from tune_app.study.command_name import command_name
from tune_app.study.given_once import GivenOnce

MOST_SEEDS = 10_000


class _Help(argparse.HelpFormatter):
    """Breaks lines between words only, so that an option such as ``--results-dir`` stays whole."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


class CommandParser(argparse.ArgumentParser):
    """A parser of one command's words. A mistake in them is a :class:`UserError`.

    Args:
        module: the command's own module, such as ``tune_app.run``.
        description: what the command does, for its help.
    """

    def __init__(self, module: str, description: str) -> None:
        # Without allow_abbrev=False a typo could pass for another option.
        super().__init__(
            prog=command_name(module),
            description=description,
            allow_abbrev=False,
            formatter_class=_Help,
        )
        self.register("action", None, GivenOnce)
        self.register("type", None, _nonempty_text)  # of every option that names no other type

    def parse_args(self, args: Sequence[str] | None = None) -> argparse.Namespace:  # type: ignore[override]
        """Return the values of the options.

        Raises:
            UserError: the words are not allowed.
        """
        parsed = super().parse_args(args)
        for name, value in vars(parsed).items():
            # Before Python 3.13 argparse makes an empty list of the value of --seeds=--.
            is_lost = value == [] and self.get_default(name) != []
            if is_lost or (isinstance(value, list) and [] in value):
                self.error("-- is not a value")
        return parsed

    def error(self, message: str) -> Any:
        """Raise what argparse would print together with the usage.

        Raises:
            UserError: always.
        """
        prefix = "unrecognized arguments: "
        word = message.removeprefix(prefix).split("=")[0].split(" ")[0]
        hint = self._hint(word) if message.startswith(prefix) else ""
        raise UserError(f"{message}{hint}; see {self.prog} --help")

    def _hint(self, word: str) -> str:
        """Return what is meant by a word that the command does not know, if that can be told."""
        if word.startswith("-"):
            return did_you_mean(word, self._option_string_actions)
        is_space = "--space" in self._option_string_actions
        return f"; a search space is named by --space {word}" if is_space else ""


def add_study(parser: argparse.ArgumentParser, *, to_change: bool = False) -> None:
    """Let a command take the place of one study; published ones can only be read."""
    places = "directory or URL, e.g. results/q1a"
    if not to_change:
        places = "directory, URL or published name, e.g. results/q1a or published:q1a"
    parser.add_argument("study", metavar="STUDY", help=f"the study's {places}")


def add_json(parser: argparse.ArgumentParser, what: str, instead: str) -> None:
    """Let a command print JSON.

    Args:
        parser: the command's parser.
        what: what it then prints, such as ``one JSON object``.
        instead: what it prints by default, such as ``text``.
    """
    parser.add_argument(
        "--json", action="store_true", help=f"print {what}, for programs (default: {instead})"
    )


RESULTS: dict[str, Any] = {
    "default": "results",
    "metavar": "DIR",
    "help": "the folder that holds studies, e.g. ~/studies (default: results)",
}
"""The folder of studies, as an option or as an argument."""


def check_study_name(name: str) -> str:
    """Return the name of a study, which is also that of its directory.

    Raises:
        UserError: the name is not allowed as the name of a directory.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name, re.ASCII):
        raise UserError(
            f"--study {name}: use letters, digits, '.', '_' and '-', at most 64, beginning with a "
            "letter or digit"
        )
    return name


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that ``0-5``, ``3`` or ``0,2,7`` name, ascending.

    Raises:
        UserError: the text is not a list of seeds.
    """
    seeds: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})(?:\s*-\s*(\d{1,9}))?\s*", part, re.ASCII)
        if match is None:
            raise UserError(f"--seeds {text}: not seeds; allowed: 0, 0-5 or 0,2,7")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first >= MOST_SEEDS:
            raise UserError(
                f"--seeds {text}: {part} is not an ascending range of at most {MOST_SEEDS:,}"
            )
        seeds.update(range(first, last + 1))
        if len(seeds) > MOST_SEEDS:
            raise UserError(f"--seeds: too many seeds; allowed: at most {MOST_SEEDS:,}")
    return tuple(sorted(seeds))


def parse_rungs(text: str) -> tuple[int, ...]:
    """Return the epochs that ``1,3,9`` names, ascending.

    Raises:
        UserError: the text is not a list of epochs.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[1-9][0-9]{0,8}", part) for part in parts):
        raise UserError(f"--rungs {text}: not epochs; allowed: whole numbers from 1, as in 1,3,9")
    return tuple(sorted({int(part) for part in parts}))


def _nonempty_text(text: str) -> str:
    """Return the text. An empty one, as from an unset shell variable, is refused."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty")
    if "\0" in text:
        raise argparse.ArgumentTypeError("holds a NUL byte")
    return text
