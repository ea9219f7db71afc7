"""Why rows that agree in every common parameter are not joined, and which option joins some."""

from __future__ import annotations

import shlex

from analysis.compare.joined import Joined, join, settings_of
from analysis.compare.where import Condition, narrowed
from search_spaces.errors import UserError, choices

_MOST_NAMED = 8


def unclear_words(joined: Joined, places: tuple[str, str]) -> str:
    """Return why none of the rows that agree in every common parameter is joined.

    The option that is advised is one that joins rows; there is none if both studies have parameters
    of their own that vary.

    Args:
        joined: the rows of both studies, of which none are joined.
        places: the studies as the user named them.
    """
    studies = joined.first, joined.second
    settings = [settings_of(study) for study in studies]
    first = settings[0][str(joined.first.rows.loc[joined.unclear[0][0], "config_id"])]
    common = [name for name in first if name not in joined.only[0]]
    groups = [
        [one for one in of.values() if all(one.get(n) == first.get(n) for n in common)]
        for of in settings
    ]
    own = [
        [name for name in names if len({str(one.get(name)) for one in group}) > 1]
        for names, group in zip(joined.only, groups, strict=True)
    ]
    for side, other in ((0, 1), (1, 0)):
        tried = [[(n, str(one[n])) for n in own[side] if n in one] for one in groups[side]]
        found = next((c for c in tried if c and not own[other] and _joins(joined, c)), None)
        if found is None:
            continue
        options = " ".join(f"--where {shlex.quote('='.join(pair))}" for pair in found)
        return (
            f"several rows of {places[side]} differ only in {choices(own[side])}, which "
            f"{places[other]} does not have; choose one of them, such as {options}"
        )
    return (
        f"the studies have only {choices(common[:_MOST_NAMED])} in common, and several rows of "
        "each agree in that; compare studies of one search space"
    )


def _joins(joined: Joined, conditions: list[Condition]) -> bool:
    """Return whether some rows are joined once all conditions are met."""
    try:
        first, second = narrowed((joined.first, joined.second), conditions)
    except UserError:  # a value that is left out, because it is the default
        return False
    return not join(first, second).lines.empty
