"""The sentences on rows that do not count: without a counterpart, a result, or the same data."""

from __future__ import annotations

from analysis.compare.result import Comparison
from analysis.frames.cells import counted
from analysis.frames.labels import status_words
from analysis.frames.load import FINISHED
from search_spaces.errors import one_line


def failures(found: Comparison) -> str:
    """Return how many joined rows lack a result in one of the studies, or in both."""
    frame = found.one_sided
    has = {side: frame[f"status_{side}"].isin(FINISHED) for side in ("a", "b")}
    a, b = found.first.label, found.second.label
    texts = []
    for side, other, label_of, other_label in (("a", "b", a, b), ("b", "a", b, a)):
        only = frame[has[side]]
        if len(only):
            counts = only[f"status_{other}"].value_counts(sort=False).items()
            words = ", ".join(f"{number} {status_words(status)}" for status, number in counts)
            rows = counted(len(only), "row")
            texts.append(f"{rows} with a result only in {label_of} (in {other_label}: {words})")
    if neither := int((~has["a"] & ~has["b"]).sum()):
        texts.append(f"{counted(neither, 'row')} without a result in either")
    return f"Not counted: {'; '.join(texts)}." if texts else ""


def other_data(found: Comparison) -> str:
    """Return how many pairs of rows were made from different data."""
    number = int((~found.pairs["same_data"]).sum())
    if not number:
        return ""
    rows = f"{counted(number, 'row')} {'was' if number == 1 else 'were'}"
    return f"Not counted: {rows} made from other data, or from another split."


def joined_words(found: Comparison) -> list[str]:
    """Return how rows were joined, and which were not."""
    joined, a, b = found.joined, found.first.label, found.second.label
    texts = []
    if joined.by_common:
        extra = [
            f"only {letter} has {', '.join(map(one_line, names))}"
            for letter, names in zip((a, b), joined.only, strict=True)
            if names
        ]
        why = "; ".join(extra) or "their defaults differ"
        number = counted(len(joined.by_common), "configuration")
        texts.append(f"{number} joined over the common parameters: {why}.")
    texts += [text for place in (0, 1) if (text := _unmatched(found, place))]
    if joined.seeds_differ:
        texts.append(
            "No seed is in both studies, so each configuration is compared by its means over "
            "seeds; run both with the same --seeds for a verdict."
        )
    return texts


def _unmatched(found: Comparison, place: int) -> str:
    """Return how many rows of a study the other one does not have, and why."""
    joined, studies = found.joined, (found.first, found.second)
    named, other = studies[place], studies[1 - place]
    labels, unclear = joined.unmatched[place], joined.unclear[place]
    if not labels:
        return ""
    rows = named.study.rows
    known = rows.loc[joined.lines["ab"[place]], "config_id"]
    at_other_seeds = int(rows.loc[list(labels), "config_id"].isin(known).sum())
    reasons = {
        "at other seeds": at_other_seeds,
        "that agree with several rows in every common parameter": len(unclear),
        "of other configurations": len(labels) - at_other_seeds - len(unclear),
    }
    why = ", ".join(f"{number} {reason}" for reason, number in reasons.items() if number)
    have = "has" if len(labels) == 1 else "have"
    rows_words = counted(len(labels), "row")
    return f"{rows_words} of {named.label} {have} no counterpart in {other.label}: {why}."
