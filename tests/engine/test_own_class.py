"""A subclass of Tune's Trainable, stepped without Ray."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray import tune

from tune_app.engine.own_class import run_class
from tune_app.study.objective import Objective
from tune_app.training.checkpoint import CheckpointIndex
from tune_app.training.own_checkpoint import Found
from tune_app.training.own_rows import OwnRows

SCRATCH = Found(None, None, "")


class Halves(tune.Trainable):
    """Halves a number with every step."""

    cleaned: list[str] = []  # noqa: RUF012

    def setup(self, config: dict[str, Any]) -> None:
        self.x = 1.0
        self.last = config.get("last", 99)

    def step(self) -> dict[str, Any]:
        self.x /= 2
        if self.config.get("fails"):
            raise ValueError("boom")
        return {"loss": self.x, "before": self.iteration, "done": self.iteration + 1 >= self.last}

    def cleanup(self) -> None:
        self.cleaned.append("cleaned")


class Saves(Halves):
    def save_checkpoint(self, checkpoint_dir: str) -> None:
        (Path(checkpoint_dir) / "x.json").write_text(json.dumps(self.x))

    def load_checkpoint(self, checkpoint_dir: Any) -> None:
        self.x = json.loads((Path(checkpoint_dir) / "x.json").read_text())


class SavesADict(Halves):
    def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
        return {"x": self.x}

    def load_checkpoint(self, checkpoint: Any) -> None:
        self.x = checkpoint["x"]


class Own:
    """Stands for the attempt of a trial; keeps what it is told, and copies of the checkpoints."""

    def __init__(
        self,
        folder: Path,
        *milestones: int,
        seconds: float = 0,
        last: bool = True,
        best: bool = False,
        rungs: tuple[int, ...] = (),
    ) -> None:
        self.rungs = rungs
        self.rows = OwnRows(milestones, Objective("loss", "min"))
        self.settings = SimpleNamespace(
            checkpoint_seconds=seconds, keeps_last=last, keeps_best=best
        )
        self.told: list[dict[str, Any]] = []
        self.saved: dict[int, Path] = {}
        self._folder = folder

    def is_rung(self, row: Mapping[str, Any]) -> bool:
        return self.rows.reaches(self.rungs, row)

    def go_on(self, found: Found) -> None:
        assert found.saved is not None
        self.rows.epoch = found.saved.epoch

    def tell(self, metrics: Mapping[str, Any], checkpoint: Any = None) -> None:
        self.told.append(self.rows.row(metrics))
        if checkpoint is not None:
            folder = self._folder / str(self.rows.epoch)
            checkpoint.to_directory(folder)
            self.saved[self.rows.epoch] = folder


def run(cls: type, own: Own, found: Found = SCRATCH, **config: Any) -> Own:
    Halves.cleaned.clear()
    run_class(cls, config, own, found)  # type: ignore[arg-type]
    assert Halves.cleaned == ["cleaned"]
    return own


def test_it_steps_until_it_is_done(tmp_path: Path) -> None:
    own = run(Halves, Own(tmp_path), last=3)
    assert own.told == [
        {"epoch": 1, "loss": 0.5, "before": 0},
        {"epoch": 2, "loss": 0.25, "before": 1},
        {"epoch": 3, "loss": 0.125, "before": 2},
    ]
    assert own.saved == {}, "it cannot save"


def test_it_steps_until_the_last_milestone(tmp_path: Path) -> None:
    own = run(Halves, Own(tmp_path, 2, 4))
    assert [(row["epoch"], row.get("milestone")) for row in own.told] == [
        *[(1, None), (2, 2), (3, None), (4, 4)]
    ]


@pytest.mark.parametrize(
    ("seconds", "last", "saved"),
    [(0, True, [1, 2, 3]), (0, False, [1, 2, 3]), (99, True, [3]), (99, False, [])],
)
def test_it_is_saved_from_time_to_time_and_at_its_end(
    tmp_path: Path, seconds: float, last: bool, saved: list[int]
) -> None:
    own = run(Saves, Own(tmp_path, 3, seconds=seconds, last=last))
    assert list(own.saved) == saved


def test_it_is_saved_at_a_rung_of_a_search(tmp_path: Path) -> None:
    own = run(Saves, Own(tmp_path, 5, seconds=99, last=False, rungs=(1, 3)))
    assert list(own.saved) == [1, 3]


class Sparse(Saves):
    """Reports its objective at every second step."""

    def step(self) -> dict[str, Any]:
        result = super().step()
        return result if self.iteration % 2 else {"before": result["before"]}


@pytest.mark.parametrize("seconds", [0, 99])
def test_it_is_saved_where_the_objective_is_reported_after_a_rung(
    tmp_path: Path, seconds: float
) -> None:
    """The first report after a rung stands for it, and a stopped trial goes on from there."""
    own = run(Sparse, Own(tmp_path, 8, seconds=seconds, last=False, rungs=(1, 5)))
    assert list(own.saved) == ([2, 6] if seconds else list(range(1, 9)))


@pytest.mark.parametrize("cls", [Saves, SavesADict])
def test_it_goes_on_from_its_state_with_its_iteration(tmp_path: Path, cls: type) -> None:
    whole = run(cls, Own(tmp_path / "whole", 4))
    first = run(cls, Own(tmp_path / "first", 2))
    own = Own(tmp_path / "second", 4)
    index = CheckpointIndex(first.saved[2], "k", 2, 1)
    second = run(cls, own, Found(index, first.saved[2], ""))
    assert [row["before"] for row in second.told] == [2, 3]
    assert second.told == whole.told[2:]


def test_it_is_cleaned_up_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="boom"):
        run(Halves, Own(tmp_path), fails=True)
    assert Halves.cleaned == ["cleaned"]


class Valley(Saves):
    """Is best after its second step."""

    def step(self) -> dict[str, Any]:
        super().step()
        return {"loss": abs(self.iteration - 1), "done": self.iteration == 3}


def test_the_state_of_each_better_step_is_saved_if_the_best_is_to_stay(tmp_path: Path) -> None:
    own = Own(tmp_path, seconds=9_999, best=True)
    run_class(Valley, {}, own, SCRATCH)  # type: ignore[arg-type]
    assert [row["loss"] for row in own.told] == [1, 0, 1, 2]
    assert sorted(own.saved) == [1, 2, 4]
    assert json.loads((own.saved[2] / "x.json").read_text()) == 0.25
