"""Which picks of another study a study repeats at new seeds, and what was claimed for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tune_app.study.fingerprint import data_fingerprint
from tune_app.study.objective import finite_number
from tune_app.study.trial_record import is_seed

BEST_OF = "best_of"
"""The entry of ``study.json``. Only a study that repeats picks has it."""


@dataclass(frozen=True)
class Pick:
    """A configuration that another study picked.

    Attributes:
        config_id: the configuration.
        value: the objective there, the mean over its seeds: what the other study claims.
        num_tried: how many configurations the other study began on the same data set.
        num_finished: how many of them had a result from which to pick.
    """

    config_id: str
    value: float
    num_tried: int
    num_finished: int


@dataclass(frozen=True)
class BestOf:
    """The picks of another study.

    Attributes:
        study: the name of the other study.
        metric: the measure by which it picked.
        mode: ``"max"`` or ``"min"``.
        seeds: its seeds, which are no new ones.
        picks: the configurations; of each data set the best first.
        data: data set -> the fingerprint of its items, of which the claims are.
    """

    study: str
    metric: str
    mode: str
    seeds: tuple[int, ...]
    picks: tuple[Pick, ...]
    data: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return the entry of ``study.json``."""
        picks = [asdict(pick) for pick in self.picks]
        return {**asdict(self), "seeds": list(self.seeds), "picks": picks, "data": dict(self.data)}

    @staticmethod
    def from_json(entry: object) -> BestOf:
        """Return what :meth:`as_json` wrote.

        Raises:
            ValueError: the entry is damaged. The message says which part.
        """
        if not isinstance(entry, Mapping):
            raise ValueError("best_of is damaged")
        seeds, picks, data = entry.get("seeds"), entry.get("picks"), entry.get("data")
        sound = {
            "study": isinstance(entry.get("study"), str),
            "metric": isinstance(entry.get("metric"), str),
            "mode": entry.get("mode") in ("max", "min"),
            "seeds": isinstance(seeds, list) and all(map(is_seed, seeds)),
            "picks": isinstance(picks, list) and bool(picks) and all(map(_is_pick, picks)),
            "data": isinstance(data, dict) and all(isinstance(v, str) for v in data.values()),
        }
        damaged = next((name for name, is_sound in sound.items() if not is_sound), None)
        if damaged:
            raise ValueError(f"best_of: {damaged} is damaged")
        assert isinstance(seeds, list) and isinstance(picks, list)
        fields = {name: entry[name] for name in sound}
        made = tuple(Pick(**{name: pick[name] for name in _FIELDS}) for pick in picks)
        return BestOf(**{**fields, "seeds": tuple(seeds), "picks": made})


_FIELDS = ("config_id", "value", "num_tried", "num_finished")


def best_of_study(study: Mapping[str, Any]) -> BestOf | None:
    """Return the picks that a study repeats, or None if it repeats none.

    Args:
        study: the checked content of ``study.json``.
    """
    return BestOf.from_json(study[BEST_OF]) if BEST_OF in study else None


def items_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Return data set -> the fingerprint of its items, whether or not each seed has a split.

    Args:
        data: the ``data`` entry of ``study.json``.
    """
    unvaried = {**data, "vary_split": False}
    found = {name: data_fingerprint(unvaried, name) for name in data["datasets"]}
    return {name: fingerprint for name, fingerprint in found.items() if fingerprint}


def _is_pick(pick: object) -> bool:
    if not isinstance(pick, Mapping) or not isinstance(pick.get("config_id"), str):
        return False
    counts = (pick.get("num_tried"), pick.get("num_finished"))
    are_counts = all(isinstance(c, int) and not isinstance(c, bool) and c > 0 for c in counts)
    return are_counts and finite_number(pick.get("value")) is not None
