"""Durations as text: ``3 min 20 s`` and ``1h30m``."""

from __future__ import annotations

import re

from search_spaces.errors import UserError


def format_seconds(seconds: float) -> str:
    """Return a duration as text: ``45 s``, ``3 min 20 s``, ``2 h 05 min``, ``3 days 4 h``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    hours = whole // 3600
    if hours < 48:
        return f"{hours} h {whole % 3600 // 60:02d} min"
    return f"{hours // 24} days {hours % 24} h"


def format_estimate(seconds: float) -> str:
    """Return an estimate as text, in whole minutes from ten on: ``about 53 min``."""
    if 600 <= round(seconds) < 3600:
        return f"about {format_seconds(seconds).split(' min')[0]} min"
    return f"about {format_seconds(seconds)}"


def format_age(seconds: float) -> str:
    """Return how long ago something was: ``45 s ago``, ``2 h 05 min ago``, ``331 days ago``."""
    days = int(seconds // 86_400)
    return f"{days} days ago" if days >= 2 else f"{format_seconds(seconds)} ago"


def parse_duration(text: str, option: str) -> float:
    """Return the seconds that ``90s``, ``10m``, ``2h`` or ``1h30m`` stand for.

    Args:
        text: the value of an option.
        option: the option, for the message.

    Raises:
        UserError: the text is not a duration above 0.
    """
    match = re.fullmatch(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", text.strip(), re.ASCII)
    seconds = 0
    if match is not None:
        parts = zip(match.groups(), (3600, 60, 1), strict=True)
        seconds = sum(int(number or 0) * size for number, size in parts)
    if seconds <= 0:
        raise UserError(f"{option} {text}: not a duration; allowed: 90s, 10m, 2h, 1h30m")
    return float(seconds)
