"""What a measure of a study means: its unit, its direction, its split, and how it is printed.

A search space may declare its measures (:class:`search_spaces.measure.Measure`). What it does not
declare is taken from the name: ``val_accuracy`` is a share on validation data. Measures of the same
quantity, such as ``val_rmse`` and ``test_rmse``, have the same unit and the same direction.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from search_spaces.errors import did_you_mean
from search_spaces.measure import SPLITS, Measure
from search_spaces.space import SearchSpace
from tune_app.study.objective import Objective, finite_number
from tune_app.study.trial_record import WAITED_SHARE, whole_number

_SHARE = re.compile(
    r"(?:.*_)?(?:accuracy|precision|recall|f1|specificity|sensitivity)(?:_(?:weighted|macro|micro))?"
)
_OF_A_SPLIT = re.compile(rf"({'|'.join(SPLITS)})_(.+)")
_TIME_UNITS = frozenset(("s", "ms", "µs", "us", "ns", "min", "h"))
NOT_MEASURED = frozenset(
    (
        *("epoch", "milestone", "training_iteration", "timestamp", "pid", "done"),
        *("iterations_since_restore", "time_since_restore", "time_this_iter_s", "time_total_s"),
        *("timesteps_total", "episodes_total"),
        *("num_test", "num_threads", "num_concurrent_trials", WAITED_SHARE),
    )
)
"""Numbers of a reported row that tell where and when it was reported."""


def is_share(name: str) -> bool:
    """Return whether a name is one that a share of counted items has, such as ``val_accuracy``."""
    return _SHARE.fullmatch(name) is not None


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def _directed(declared: Mapping[str, Measure], objectives: Mapping[str, str]) -> dict[str, Measure]:
    """Return declared measures with the directions that several objectives say."""
    several = objectives if len(objectives) > 1 else {}
    known = {name: replace(declared.get(name, Measure()), better=several[name]) for name in several}
    return {**declared, **known}


def quantity_of(name: str) -> str:
    """Return what a measure measures, whatever its split: ``rmse`` for ``val_rmse``."""
    match = _OF_A_SPLIT.fullmatch(name)
    return match[2] if match else name


def measured(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the finite numbers of a reported row that are measurements."""
    numbers = {name: finite_number(v) for name, v in row.items() if name not in NOT_MEASURED}
    return {name: value for name, value in numbers.items() if value is not None}


@dataclass(frozen=True)
class Measures:
    """The measures of a study.

    Attributes:
        metric: the measure that selects (the objective).
        mode: ``"max"`` or ``"min"``.
        declared: name -> what the search space says about it.
    """

    metric: str = "val_accuracy"
    mode: str = "max"
    declared: Mapping[str, Measure] = field(default_factory=dict)

    @staticmethod
    def of_study(study: Mapping[str, Any]) -> Measures:
        """Return the measures of ``study.json``; what is damaged there counts as not declared."""
        objective, entries = Objective.of_study(study), study["space"].get("measures")
        declared = entries if isinstance(entries, dict) else {}
        known = {name: Measure.from_json(entry) for name, entry in declared.items()}
        return Measures(
            objective.metric,
            objective.mode,
            _directed(known, {o.metric: o.mode for o in Objective.all_of_study(study)}),
        )

    @staticmethod
    def of_space(space: SearchSpace) -> Measures:
        """Return the measures of a search space."""
        return Measures(space.metric, space.mode, _directed(space.measures, space.objectives))

    def unit(self, name: str) -> str:
        """Return the unit of a measure, ``"%"`` for a declared share; empty if it has none."""
        found = next((m.unit for m in self._of_quantity(name) if m.unit), "")
        return found or ("s" if name.endswith("_seconds") else "")

    def better(self, name: str) -> str | None:
        """Return which values are better, ``"max"`` or ``"min"``; None if that is not known.

        What is not declared follows the objective, if it is the same quantity. Else a loss is the
        better the lower it is, and what has the name of a share the higher it is.
        """
        found = next((m.better for m in self._of_quantity(name) if m.better), None)
        if found is not None:
            return found
        quantity = quantity_of(name)
        if quantity == quantity_of(self.metric):
            return self.mode
        return "max" if is_share(name) else "min" if quantity == "loss" else None

    def split(self, name: str) -> str | None:
        """Return the data that a measure was taken on: ``train``, ``val``, ``test`` or None."""
        declared = self.declared.get(name)
        if declared is not None and declared.split is not None:
            return declared.split
        match = _OF_A_SPLIT.fullmatch(name)
        return match[1] if match else None

    def count(self, name: str) -> str | None:
        """Return the reported number of items that a share was counted over, or None."""
        declared = self.declared.get(name)
        if declared is not None and declared.count is not None:
            return declared.count
        return "num_test" if self.split(name) == "test" and is_share(name) else None

    def is_counted(self, name: str) -> bool:
        """Return whether a share is a count of items over all of them, as an accuracy is.

        Only then does the number of items say how certain it is. F1 and a mean over classes, such
        as a balanced accuracy, are no such counts. A share declared with its ``count`` is one, but
        not the same on other data, which has other items.
        """
        declared = self.declared.get(name)
        return quantity_of(name) == "accuracy" or bool(declared and declared.count)

    def num_items(
        self, name: str, rows: Collection[Mapping[str, Any]], splits: Iterable[Mapping[str, Any]]
    ) -> int | None:
        """Return over how many items a share was counted in each of some rows.

        It is None if that is unknown, if rows differ, or if the measure is no share.

        Args:
            name: the measure.
            rows: the reported rows, which may say it themselves.
            splits: what ``study.json`` says of the data sets that they may be of.
        """
        if not self.is_share(name, [row.get(name) for row in rows]):
            return None
        count, size = self.count(name), f"num_{self.split(name)}"
        reported = {whole_number(row[count]) for row in rows if count is not None and count in row}
        sizes = reported or {whole_number(entry.get(size)) for entry in splits}
        return sizes.pop() if len(sizes) == 1 else None

    def on_test_data(self, name: str, reported: Collection[str]) -> str | None:
        """Return the reported measure of the same quantity on test data, None if there is none."""
        if self.split(name) == "test":
            return None
        return next(
            (
                other
                for other in reported
                if quantity_of(other) == quantity_of(name) and self.split(other) == "test"
            ),
            None,
        )

    def is_share(self, name: str, values: Iterable[object] = ()) -> bool:
        """Return whether a measure is a share, to be printed as a percentage.

        It is one if it is declared with the unit ``%`` or with a count, or has the name of a share
        and no other unit. A measure with a value outside of 0 to 1 is none: ``90.0`` is a user's
        own percentage and is printed as it is.

        Args:
            name: the measure.
            values: its values in the study; those that are no numbers are ignored.
        """
        numbers = (finite_number(value) for value in values)
        if not all(number is None or 0 <= number <= 1 for number in numbers):
            return False
        declared = self.declared.get(name)
        if declared is not None and declared.count is not None:
            return True
        unit = self.unit(name)
        return unit == "%" if unit else is_share(name)

    def text(self, name: str, value: object, values: Iterable[object] = ()) -> str:
        """Return a value with its unit: ``97.50 %``, ``12.3 mm``, ``0.4213``, ``11,175,370``.

        Args:
            name: the measure.
            value: the value; anything but a finite number is not known.
            values: other values of the measure in the study, which tell whether it is a share.
        """
        number = finite_number(value)
        if number is None:
            return "not known"
        if self.is_share(name, (number, *values)):
            return f"{100 * number:.2f} %"
        is_large = 1e4 <= abs(number) < 1e15
        return f"{number:{',.0f' if is_large else '.4g'}} {self.unit(name)}".rstrip()

    def words(self, name: str) -> str:
        """Return a measure with its unit and direction: ``val_rmse (mm, lower is better)``."""
        directions = {"max": "higher is better", "min": "lower is better", None: ""}
        unit = self.unit(name)
        parts = ["" if unit == "%" else unit, directions[self.better(name)]]
        inside = ", ".join(filter(None, parts))
        return f"{name} ({inside})" if inside else name

    def tag(self, name: str) -> str:
        """Return a measure's name in TensorBoard, which groups names by what is before the ``/``.

        It is ``loss/train`` for ``train_loss``, ``time/epoch_seconds`` for ``epoch_seconds`` and
        for whatever else has a unit of time. A loss, a share, the objective and declared measures
        keep their names if they have no split; what is left is under ``other/``.
        """
        if "/" in name:
            return name
        if self.unit(name) in _TIME_UNITS:
            return f"time/{name}"
        split = self.split(name)
        has_group = is_share(name) or name in ("loss", self.metric, *self.declared)
        if split is None and has_group:
            return name
        return f"{quantity_of(name)}/{split}" if split else f"other/{name}"

    def missing_from(self, rows: Collection[Mapping[str, Any]]) -> str:
        """Return that no result has the objective, or what looks like a declared measure misspelt.

        Args:
            rows: the reported rows of finished milestones; without any, nothing is missing.

        Returns:
            One line with the names that the rows have; an empty text if there is nothing to say.
        """
        names = sorted({name for row in rows for name in measured(row)})
        if not rows or self.metric in names:
            return self._misspelt(names)
        reported = f"reported are {', '.join(names)}" if names else "no measure is"
        return (
            f"no result has {self.metric}, the metric of the search space, so nothing can be "
            f"picked; {reported}"
        )

    def _misspelt(self, names: Collection[str]) -> str:
        """Return a declared measure that nothing reports, if it reports one with a name like it."""
        for name in self.declared:
            # Names that differ in a number, as top1 and top5 do, are no typing error.
            free = [n for n in names if n not in self.declared and _digits(n) == _digits(name)]
            hint = did_you_mean(name, free, similarity=0.85)
            if hint and quantity_of(name) not in map(quantity_of, names):
                return f"no result has {name}, which measures declares{hint}"
        return ""

    def _of_quantity(self, name: str) -> list[Measure]:
        """Return the declarations of a measure and of those of the same quantity, its own first."""
        same = [n for n in self.declared if quantity_of(n) == quantity_of(name) and n != name]
        return [self.declared[n] for n in (name, *same) if n in self.declared]
