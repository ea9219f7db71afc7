"""An option of a command that is given once: a second value would silently replace the first."""

from __future__ import annotations

import argparse
from typing import Any


class GivenOnce(argparse.Action):
    """Stores the value of an option or an argument, as argparse does, but refuses a second one.

    Registered as a parser's action without a name, it is that of every option that names no other.
    """

    _filled: argparse.Namespace | None = None

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Store the value."""
        if option_string is not None and self._filled is namespace:
            parser.error(f"{option_string} is given twice; give it once")
        self._filled = namespace
        setattr(namespace, self.dest, values)
