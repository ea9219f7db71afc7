"""Read the numbers in a table's cells, however they are written.

A cell may have marks (``**95.0**``, ``\\textbf{95.0}``, ``95.0†``), a spread (``95.9 ± 0.1``), an
interval (``95.9 [95.1, 96.7]``), a unit (``0.03G``, ``95 %``, ``3h39m``), and a comma that groups
thousands or separates decimals. Spaces and apostrophes group thousands, too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

MISSING = frozenset(
    (
        *("", "-", "--", "---", "–", "—", "−", "?", "/", "..", "...", "…"),
        *("nan", "n/a", "na", "n.a.", "#n/a", "none", "null", "tbd", "oom", "failed"),
    )
)
_LARGEST = 1e18
_MOST_DIGITS = 300
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.(\d*))?|\.(\d+))(?:[eE]([-+]?\d{1,3}))?")
_UNMARKED = re.compile(r"(?:[A-Za-z0-9.,+\-% /()]|:(?![a-z]))*")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()]|\([^()]*\))*\)|~?\\cite[a-z]*\{[^{}]*\}")
_POWER = re.compile(
    r"(?:(\d+(?:\.\d+)?)\s*(?:\\times|\\cdot|×|·|\*)\s*)?(?<![\d.])10\^(?:\{([-−+]?\d+)\}|([-−+]?\d+))"
)
_FOOTNOTE = re.compile(
    r"(?i)<sup>.*?</sup>|\\textsuperscript\{[^{}]*\}"
    r"|\\footnote(?:mark|text)?(?:\[[^\]]*\])?(?:\{[^{}]*\})?|\[\^[^\]]*\]"
    r"|\^\{(?!\\pm|±)(?:[^{}]|\{[^{}]*\})*\}|(?<=[\d%])\s?\[\w{1,3}\]$|(?<=[\d%])\^\w+"
    r"|(?<=[\d%])[⁰¹²³⁴-⁹ᵃ-ᶻ]+$"
)
"""References to notes, which must not become digits of a number."""
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_BESIDE = re.compile(r"(?<=[\d%])\s*(?:\([^()]*\)|\[[^\[\]]*[,;–-][^\[\]]*\])$")
_DEVIATION = re.compile(r"±|\+/-|\+-|\\pm|\b(?:std|sd)\b")
_IN_BRACKETS = re.compile(r"\(\s*(\d*[.,]\d+)\s*%?\s*\)$|(?<=\d)\(\d+\)$")
_CHANGE = re.compile(r"\([^()]*(?:[-−+↑↓▲▼△▽]|arrow)[^()]*\)")
_SPREAD = re.compile(r"\s*(?:[\^_]?\{)?\s*(?:±|\+/-|\+-|\\pm)\s*.*$")
_LATEX = re.compile(
    r"\\(?:textbf|textit|emph|underline|mathbf|mathrm|text|bf|bm|uline)\s*\{([^{}]*)\}"
)
_MARKS = re.compile(
    r"</?[a-zA-Z][^>]*>|[*_`†‡§¶$~≈≃^]+|\\(?:bfseries|bf|it|,|;|!|:|(?:up|down)arrow)(?![a-zA-Z])"
)
_DECORATION = re.compile(r"[←-⇿▲△▼▽★☆⭐\U0001f300-\U0001faff\ufe0f]+|(?:^|(?<=\s)):[a-z_]+:")
"""Arrows and emoji beside a number or a name; alone in a cell they are its value."""
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")
_GROUPED_BY_POINTS = re.compile(r"[-+]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?")
_WITH_UNIT = re.compile(r"([-+]?[\d.]+(?:[eE][-+]?\d{1,3})?)\s*([a-zA-Zµμ%]+)\.?")
_DURATION = re.compile(
    r"(?:(\d+)\s*d[a-z]*\s*)?(?:(\d+)\s*h[a-z]*\s*)?(?:(\d+)\s*m[a-z]*\s*)?(?:(\d+(?:\.\d+)?)\s*s[a-z]*)?"
)
_CLOCK = re.compile(r"(?:(?:(\d+)\s*d[a-z]*,?\s+)?(\d+):)?(\d+):(\d{2}(?:\.\d+)?)")
SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "µs", "μs", "microseconds"), 1e-6),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
MULTIPLES = {"k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9, "t": 1e12}


class Number(NamedTuple):
    """A number in a cell.

    Attributes:
        value: the number, NaN if the cell has none.
        digit: the value of its last printed digit: 1e-4 for ``0.9855``.
        unit: the unit written beside it in lower case, such as ``%`` or ``ms``; empty if none.
        is_mean: whether a spread is written beside it, so that it is the mean of several runs.
    """

    value: float
    digit: float
    unit: str = ""
    is_mean: bool = False


NO_NUMBER = Number(math.nan, math.nan)


def last_digit(text: str) -> float:
    """Return the value of a number's last printed digit: 1e-4 for ``0.9855``, NaN for no number."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return float("nan")
    decimals = len(match[1] or match[2] or "")
    exponent = int(match[3] or 0) - decimals
    return 10.0**exponent if abs(exponent) <= _MOST_DIGITS else float("nan")


def plain(cell: str) -> str:
    """Return a cell without bold and other marks, footnotes and links, and with ``1e-3``."""
    text = cell.strip().replace("\\%", "%").replace("\u00a0", " ").replace("\u202f", " ")
    if _UNMARKED.fullmatch(text):
        return text
    text = _DECORATION.sub("", text).strip() or text
    text = re.sub(r"\b10([⁻]?[⁰¹²³⁴-⁹]+)", lambda m: "10^" + m[1].translate(_RAISED), text)
    text = _POWER.sub(lambda m: f"{m[1] or 1}e{(m[2] or m[3]).replace('−', '-')}", text)
    text = _LINK.sub(lambda match: match[1] or "", text)
    text = _FOOTNOTE.sub("", re.sub(r"\*\*|`|\$", "", text)).strip()
    while text != (text := _LATEX.sub(r"\1", text)):
        pass
    if "_" in text and not text.startswith("_"):
        return re.sub(r"\*+|`+|\$", "", text).strip()
    return _MARKS.sub("", text).strip()


def _without_spread(text: str) -> str:
    """Return ``95.9`` of ``95.9 ± 0.1`` and of ``95.9 (95.7 ± 0.2)``."""
    return _SPREAD.sub("", _BESIDE.sub("", text))


def is_missing(cell: str) -> bool:
    """Return whether a cell says that there is no value."""
    return plain(cell).lower() in MISSING or cell.strip().lower() in MISSING


def has_decimal_commas(cells: Sequence[str], delimiter: str) -> bool:
    """Return whether the commas of a column separate decimals rather than group thousands.

    One answer holds for the whole column. ``0,943`` and ``94,3`` can only be decimals, and
    ``1,556.5`` only thousands. ``1,556`` is taken for a decimal where semicolons separate cells,
    which is how spreadsheets write files in languages with decimal commas.
    """
    bodies = [_without_spread(plain(cell)) for cell in cells]
    numbers = [re.sub(r"[^\d.,+-]", "", body) for body in bodies if re.search(r"\d", body)]
    commas = [number for number in numbers if "," in number]
    if not commas:
        return False
    if any(_GROUPED_BY_POINTS.fullmatch(number) and "," in number for number in commas):
        return True
    if any(not _GROUPED.fullmatch(number) for number in commas):
        return all(number.count(",") == 1 and "." not in number for number in commas)
    return delimiter == ";" and not any("." in number for number in numbers)


def read_number(cell: str, has_decimal_comma: bool = False) -> Number:
    """Return the number in a cell, ``NO_NUMBER`` if there is none."""
    body = plain(cell)
    bare = _without_spread(body).strip().replace("−", "-").replace("\\", "")
    if has_decimal_comma:
        bare = re.sub(r"\.(?=\d{3}(?:\D|$))", "", bare).replace(",", ".")
    else:
        bare = re.sub(r"(?<=\d),(?=\d{3})", "", bare)
    bare = re.sub(r"(?<=\d)[ '’](?=\d{3}(?:\D|$))", "", bare)
    number = _in_seconds(bare) or _with_unit(bare)
    usable = math.isfinite(number.value) and abs(number.value) < _LARGEST and number.digit > 0
    if not usable:
        return NO_NUMBER
    return number._replace(is_mean=_has_deviation(cell, body, number.value))


def _has_deviation(cell: str, body: str, value: float) -> bool:
    """Return whether a deviation is beside a number: ``± 0.2``, ``(0.2)`` or ``91.2(3)``.

    ``(+0.8)`` is a change, ``(3)`` a rank or a note, and a number as large another result.
    """
    if _DEVIATION.search(body):
        return True
    found = None if _CHANGE.search(cell) else _IN_BRACKETS.search(body)
    return found is not None and float((found[1] or "0").replace(",", ".")) <= abs(value) / 2


def _with_unit(text: str) -> Number:
    unit = ""
    if match := _WITH_UNIT.fullmatch(text):
        text, unit = match[1], match[2].lower()
    elif text.endswith("%"):
        text, unit = text[:-1].strip(), "%"
    digit = last_digit(text)
    return Number(float(text), digit, unit) if digit > 0 else NO_NUMBER


def _in_seconds(text: str) -> Number | None:
    """Read ``3h39m``, ``1 h 2 min 3 s``, ``2:05``, ``1:02:05`` or ``0 days 00:00:15.7``."""
    lengths = (86400.0, 3600.0, 60.0, 1.0)
    parts: tuple[str | None, ...]
    if clock := _CLOCK.fullmatch(text):
        parts = clock.groups()
    elif (duration := _DURATION.fullmatch(text)) and sum(map(bool, duration.groups())) > 1:
        parts = duration.groups()
    else:
        return None
    value = sum(float(p) * length for p, length in zip(parts, lengths, strict=True) if p)
    finest = max(i for i, part in enumerate(parts) if part)
    return Number(value, lengths[finest] * last_digit(str(parts[finest])), "s")
