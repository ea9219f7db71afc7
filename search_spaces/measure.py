"""What a user says about a reported quantity: its unit, its direction and its split."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from search_spaces.errors import UserError, choices

DIRECTIONS = ("max", "min")
_LOSS = re.compile(r"(?:(?:train|val|test)_)?loss")
_LIKE_AN_ERROR = re.compile(
    r"(?:losse?|err|error|rmse|mse|mae|mape|perplexity|latency|deviance|regret|brier|runtime"
    r"|misclassification|duration|seconds|(?<![a-z])(?:ppl|nll|wer|cer|ece|eer|fid|crps|rmsle|cost"
    r"|memory|time|neg(?:ative)?_log_?likelihood))s?(?![a-z])|(?<![a-z])ms$",
    re.IGNORECASE,
)
"""Words of which a larger value is worse, wherever they stand in a name."""
_NEGATED = re.compile(
    r"(?<![a-z])(?<!false_)(?<!true_)neg(?:ative)?(?![a-z])(?!_log_?likelihood)", re.IGNORECASE
)
"""A word that turns one of them round, as in ``neg_mean_squared_error``."""
_NEW_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word begins in a name such as ``fitTime``."""
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Measure:
    """A reported quantity as the tables and figures show it.

    Attributes:
        unit: its unit, as in ``mm``; ``"%"`` for a share between 0 and 1, which is then printed as
            a percentage; empty if it has none.
        better: ``"max"`` or ``"min"``; None if neither is better.
        split: the data that it was measured on: ``train``, ``val`` or ``test``. None leaves that to
            the prefix of its name (``val_rmse``).
        count: for a share: the name of the reported number of items that it was counted over, as in
            ``num_test``. Its intervals need it.

    Raises:
        UserError: a field has a value that is not allowed.
    """

    unit: str = ""
    better: str | None = None
    split: str | None = None
    count: str | None = None

    def __post_init__(self) -> None:
        for name in ("unit", "count"):
            value = getattr(self, name)
            if not isinstance(value, str) and not (name == "count" and value is None):
                raise UserError(f"Measure: {name} must be a string, not {value!r}")
        if self.better not in (None, *DIRECTIONS):
            raise UserError(f"Measure: better is {self.better!r}; allowed: {choices(DIRECTIONS)}")
        if self.split not in (None, *SPLITS):
            raise UserError(f"Measure: split is {self.split!r}; allowed: {choices(SPLITS)}")

    def as_json(self) -> dict[str, Any]:
        """Return the fields that are set, as ``study.json`` holds them."""
        return {key: value for key, value in asdict(self).items() if value not in (None, "")}

    @staticmethod
    def from_json(value: object) -> Measure:
        """Return the measure that :meth:`as_json` wrote; fields that are damaged are left out."""
        entry = value if isinstance(value, Mapping) else {}
        unit, count = entry.get("unit", ""), entry.get("count")
        return Measure(
            unit if isinstance(unit, str) else "",
            entry.get("better") if entry.get("better") in DIRECTIONS else None,
            entry.get("split") if entry.get("split") in SPLITS else None,
            count if isinstance(count, str) else None,
        )


def default_mode(metric: str, measures: Mapping[str, Measure]) -> str:
    """Return which values of a metric are better where a space does not say it in ``mode``.

    It is what its measure is declared with, ``"min"`` for a loss, and ``"max"`` for other names. It
    is empty for a name like that of an error or a cost, such as ``val_rmse`` or ``error_rate``,
    where ``"max"`` would probably be wrong.
    """
    name = words_apart(metric)
    is_error = _LIKE_AN_ERROR.search(name) and not _NEGATED.search(name)
    return known_mode(metric, measures) or ("" if is_error else "max")


def words_apart(name: str) -> str:
    """Return a name with ``_`` between its words: ``fit_Time`` for ``fitTime``."""
    return _NEW_WORD.sub("_", name)


def known_mode(metric: str, measures: Mapping[str, Measure]) -> str:
    """Return which values of a metric are better if it is declared or a loss, else nothing."""
    declared = measures.get(metric, Measure()).better
    return declared or ("min" if _LOSS.fullmatch(metric) else "")
