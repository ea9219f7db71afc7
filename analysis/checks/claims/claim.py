"""A claim as data: a sentence, the rows it is about and the test that decides it."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from analysis.checks.claims.evidence import Evidence
from analysis.checks.claims.outcome import Outcome, printed_all
from analysis.labs.reference import TABLES
from search_spaces.errors import UserError, choices, did_you_mean

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Criterion(Protocol):
    """A test that decides a claim, such as ``Higher`` or ``Same``."""

    def judge(self, evidence: Evidence, alpha: float) -> Outcome:
        """Judge the claim at the level ``alpha``, on rows that already meet its ``where``."""
        ...


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes:
        name: short and unique: lower-case letters, digits and ``_``.
        sentence: what is claimed; ``{dataset}`` is replaced by the value in ``where``.
        test: the test that decides it.
        where: setting -> value, or tuple of values, of the rows it is about; empty for all rows.
        source: who claims it: ``report_a``, ``report_b``, or empty.
        tables: the published tables it was drawn from; it is judged on them too.

    Raises:
        UserError: a field is not valid; the message names it and says what is allowed.
    """

    name: str
    sentence: str
    test: Criterion
    where: Mapping[str, Any] = field(default_factory=dict, hash=False)
    source: str = ""
    tables: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise UserError(
                f"claim name {self.name!r}: use lower-case letters, digits and _, beginning with a "
                "letter, at most 40 characters"
            )
        if not callable(getattr(self.test, "judge", None)) or isinstance(self.test, type):
            raise UserError(
                f"claim {self.name}: test must be a test such as Higher('optimizer', 'adam', "
                f"'sgd'), not {type(self.test).__name__}"
            )
        if not isinstance(self.where, Mapping) or not all(isinstance(k, str) for k in self.where):
            raise UserError(f"claim {self.name}: where must map settings to values")
        if not isinstance(self.tables, tuple) or not all(isinstance(t, str) for t in self.tables):
            raise UserError(f"claim {self.name}: tables must be a tuple of names")
        for table in self.tables:
            if table not in TABLES:
                raise UserError(
                    f"claim {self.name}: no reference table {table!r}"
                    f"{did_you_mean(table, TABLES)}; allowed: {choices(TABLES)}"
                )
        self._check_sentence()

    def _check_sentence(self) -> None:
        if not isinstance(self.sentence, str) or not self.sentence.strip():
            raise UserError(f"claim {self.name}: sentence must be a non-empty string")
        try:
            fields = [name for _, name, _, _ in string.Formatter().parse(self.sentence)]
        except ValueError as error:
            raise UserError(f"claim {self.name}: sentence: {error}") from None
        for name in fields:
            if name is not None and name not in self.where:
                raise UserError(
                    f"claim {self.name}: sentence names {{{name}}}; allowed: the settings in where"
                    f" ({choices(self.where) or 'none'})"
                )

    @property
    def text(self) -> str:
        """The sentence with the values of ``where`` in place."""
        shown = {key: printed_all(values) for key, values in self.where.items()}
        return string.Formatter().vformat(self.sentence, (), shown)
