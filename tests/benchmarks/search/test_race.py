"""What is measured of a run, and what the tables say of runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.events import read_events
from tests.benchmarks.search import command, report
from tests.benchmarks.search.arms import ARMS, grid_epochs
from tests.benchmarks.search.curves import curve
from tests.benchmarks.search.race import RaceError, summary


def event(
    time: float, pid: int, lr: float, epoch: int, accuracies: tuple[float, float]
) -> dict[str, Any]:
    config = {"lr": lr, "seed": 0}
    val, test = accuracies
    row = {"epoch": epoch, "val_accuracy": val, "test_accuracy": test}
    return {"time": time, "pid": pid, "config": config, "cpu": 2.0, **row}


EVENTS = [
    event(110.0, 1, 0.1, 1, (0.60, 0.59)),
    event(112.0, 2, 0.2, 1, (0.50, 0.49)),
    event(114.0, 1, 0.1, 9, (0.70, 0.72)),
    event(118.0, 1, 0.3, 1, (0.80, 0.79)),  # the best, but stopped: 0.1 is picked
]


def test_a_run_is_summed_up() -> None:
    samples = [(100.0, 0.0), (110.0, 10.0), (120.0, 30.0)]
    run = summary(EVENTS, 100.0, samples)
    assert run["steps"] == [
        [1, 10.0, 10.0, 0.6, 0.59],
        [3, 14.0, 18.0, 0.7, 0.72],  # four tenths of the way from 10 to 30 CPU seconds
        [4, 18.0, 26.0, 0.8, 0.79],
    ]
    assert (run["epochs"], run["trials"], run["ended"], run["repeated"]) == (4, 3, 1, 0)
    assert run["pick"]["config"]["lr"] == 0.1 and run["pick"]["test_accuracy"] == 0.72
    assert (run["up_epochs"], run["up_seconds"], run["up_cpu_seconds"]) == (2, 12.0, 14.0)
    assert run["up_training_cpu_seconds"] == 4.0  # of the two epochs after that
    assert report._beside(run) == (26.0 - 14.0 - 4.0) / 2
    assert report._pace(run) == 3.0


def test_an_epoch_that_is_trained_twice_is_counted() -> None:
    assert summary([*EVENTS, EVENTS[0]], 100.0, [(100.0, 0.0)])["repeated"] == 1


def test_a_line_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"epoch": 1}\n{"epo')
    assert read_events(file) == [{"epoch": 1}]
    assert read_events(tmp_path / "none") == []


def made(arm: str, repeat: int, val: float, test: float, seconds: float = 20.0) -> dict[str, Any]:
    steps = [[5, 10.0, 12.0, 0.5, 0.5], [40, seconds, 30.0, val, test]]
    rest = {"epochs": 50, "seconds": 2 * seconds, "cpu_seconds": 60.0, "steps": steps}
    return {"arm": arm, "repeat": repeat, "images": 7, "pick": {"test_accuracy": test}, **rest}


def test_an_arm_is_compared_with_the_grid_of_the_same_repeat() -> None:
    runs = report.Runs(
        [
            *(made("grid", repeat, 0.80, 0.80) for repeat in (0, 1)),
            *(made("asha_tpe", repeat, 0.79, 0.81, 10.0) for repeat in (0, 1)),
            made("ray", 0, 0.80, 0.82, 30.0),
            made("ray", 1, 0.78, 0.80),  # more than a point below the grid's best
        ],
        7,
    )
    row = dict(zip(report.HEADINGS["results"], report.results_row(runs, "ray"), strict=True))
    assert row["best validation"].startswith("79.0 (")
    assert row["minus the grid's pick, points"].startswith("+1.0 (−11.7 to +13.7)")  # t = 12.71
    assert row["epochs to target"] == "40 (1 of 2 repeats)"
    assert row["time to target ÷ ASHA + TPE"] == "3.00 (1 repeat)"
    assert report.results_row(runs, "grid")[2] == "–"


def test_a_curve_has_no_point_before_every_run_has_one_or_after_one_has_ended() -> None:
    runs = [made("ray", 0, 0.8, 0.8), {**made("ray", 1, 0.6, 0.6), "epochs": 45}]
    places = [1, 5, 39, 40, 45, 46]
    assert [(x, mean) for x, mean, _, _ in curve(runs, "epochs", places)] == [
        (5, 0.5),
        (39, 0.5),
        (40, 0.7),
        (45, 0.7),
    ]


def test_the_race_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[tuple[str, int, int]] = []

    def run_arm(arm: Any, python: str, repeat: int, budget: int, images: int) -> dict[str, Any]:
        done.append((arm.name, repeat, budget))
        if arm.name == "loop" and len(done) < 4:
            raise RaceError("loop: 3 of 5 epochs were trained")
        return summary(EVENTS, 100.0, [(100.0, 0.0)])

    monkeypatch.setattr(command, "run_arm", run_arm)
    results = tmp_path / "runs.jsonl"
    words = ["--results", str(results), "--arms", "grid,random,loop", "--budget", "5"]
    assert command.main([*words, "--repeats", "1"]) == 1
    assert "3 of 5 epochs" in capsys.readouterr().err
    assert done == [("grid", 0, grid_epochs()), ("random", 0, 5), ("loop", 0, 5)]
    results.write_text(results.read_text() + '{"arm": "lo')  # it was killed as it wrote
    assert command.main([*words, "--repeats", "2"]) == 0
    assert sorted(done[3:]) == [
        ("grid", 1, grid_epochs()),
        ("loop", 0, 5),
        ("loop", 1, 5),
        ("random", 1, 5),
    ]
    assert command.main([*words, "--repeats", "2"]) == 0
    assert len(done) == 7 and len(command.read_runs(results)) == 6


def test_a_peer_that_is_not_installed_is_left_out_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "run_arm", lambda *given: pytest.fail("it must not run"))
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'syne_tune'\" >&2\nexit 1"
    )
    python.chmod(0o700)
    words = ["--arms", "syne_tune", "--syne-tune-python", str(python)]
    assert command.main([*words, "--results", str(tmp_path / "runs.jsonl")]) == 0
    assert "syne_tune is left out" in (err := capsys.readouterr().err)
    assert "No module named 'syne_tune'" in err


def test_every_arm_has_a_command() -> None:
    for arm in ARMS.values():
        words = arm.command("/peer/python", Path("/race"), 3)
        assert words[0] == (sys.executable if arm.is_ours else "/peer/python")
        assert "3" in words and json.dumps(words).count("/race") == 1


def test_tables_and_figure_are_written_and_written_again(tmp_path: Path) -> None:
    results, page = tmp_path / "runs.jsonl", tmp_path / "page.md"
    hardware = {"cpu": "Some CPU", "num_cpus": 2}
    rest = {"load": [1.0, 3.0], "hardware": hardware, "packages": {"ray": "2.60.0"}}
    costs = {"up_epochs": 2, "up_seconds": 1.0, "up_cpu_seconds": 2.0, "repeated": 0, "ended": 3}
    more = {**rest, **costs, "up_training_cpu_seconds": 3.0, "trials": 9}
    runs = [made(arm, r, 0.8, 0.7) | more for arm in ("grid", "asha_tpe") for r in (0, 1)]
    results.write_text("".join(json.dumps(run) + "\n" for run in runs))
    words = ["--results", str(results), "--images", "7", "--page", str(page)]
    assert report.main(words) == 0
    first = page.read_text()
    assert "On 2 CPUs of Some CPU, ray 2.60.0. 2 repeats of each. Load average 1 to 3" in first
    assert "| ASHA + TPE | 80.0 (80.0 to 80.0) |" in first
    assert report.main(words) == 0 and page.read_text() == first
    assert page.with_suffix(".svg").read_text().startswith("<svg")
