"""What the words of the command line mean: names of studies and lists of seeds."""

from __future__ import annotations

import re

from search_spaces.errors import UserError

MOST_SEEDS = 10_000


def check_study_name(name: str) -> str:
    """Return the name of a study, which is also that of its directory.

    Raises:
        UserError: the name would not be one plain directory.
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
        UserError: the text names no seeds.
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
            raise UserError(f"--seeds: more than {MOST_SEEDS:,} seeds; allowed: at most so many")
    return tuple(sorted(seeds))
