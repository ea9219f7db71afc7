"""A search is killed at random moments; it ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.harness import Driver, summary_row
from tests.chaos.test_driver_killed import print_row
from tests.interrupted_study import ledger_of, num_rows, recorded
from tune_app.study.search_log import read_events

NUM_TRIALS, NUM_KILLS = 30, 10
SPACE = """
import json, tempfile, time
from pathlib import Path
from ray import tune
from search_spaces import SearchSpace

def train(config):
    checkpoint, first, total = tune.get_checkpoint(), 1, 0.0
    if checkpoint:
        with checkpoint.as_directory() as folder:
            state = json.loads((Path(folder) / "state.json").read_text())
        first, total = state["epoch"] + 1, state["total"]
    for epoch in range(first, config["epochs"] + 1):
        time.sleep(0.05)
        total += config["x"] * (1 - config["x"])
        with open(TRAINED, "a") as log:
            log.write(f"{config['x']!r} {epoch}\\n")
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "state.json").write_text(json.dumps({"epoch": epoch, "total": total}))
            saved = tune.Checkpoint.from_directory(folder)
            tune.report({"epoch": epoch, "score": total}, checkpoint=saved)

SPACE = SearchSpace(
    name="chaos", trainable=train, metric="score", mode="max", prefix_axis="epochs",
    param_space={"x": tune.uniform(0.0, 1.0), "epochs": 9},
)
"""
SEARCH = ("--search", "tpe", "--num-trials", str(NUM_TRIALS), "--stopping", "asha")
ONE_WORKER = ("--max-concurrent", "1")

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(2400)]


class Searching:
    """A search in a folder, and the log of every epoch that its function trained."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.root = folder, folder / "results" / "chaos"
        self.trained = folder / "trained.txt"
        self.space = SPACE.replace("TRAINED", repr(str(self.trained)))

    def drive(self, *arguments: str) -> Driver:
        return Driver(self.folder, *SEARCH, *arguments, space=self.space)

    def finish(self, *arguments: str) -> None:
        with self.drive(*arguments) as driver:
            assert driver.wait() == 0, driver.output

    def kill(self, moment: Callable[[Driver], bool], *arguments: str) -> None:
        """Start the search and kill the driver's whole process group at a moment."""
        with self.drive(*arguments) as driver:
            assert moment(driver), driver.output
            driver.send(signal.SIGSTOP)
            os.killpg(driver.process.pid, signal.SIGKILL)
            driver.process.wait(timeout=10)

    def asked(self) -> list[str]:
        events = read_events(ledger_of(self.root).store)
        return [event["config_id"] for event in events if event["event"] == "ask"]

    def statuses(self) -> dict[str, str]:
        ledger = ledger_of(self.root)
        outcomes = ledger.read_trials().outcomes(ledger.study)
        return {config_id: outcome.status for (config_id, _), outcome in outcomes.items()}

    def check_whole(self, num_kills: int) -> None:
        """Check that each configuration was tried once and no epoch was trained twice.

        Args:
            num_kills: how many running trials the kills may have cut short in an epoch.
        """
        assert len(self.asked()) == len(set(self.asked())) == len(self.statuses()) == NUM_TRIALS
        assert set(self.statuses().values()) == {"stopped", "finished"}
        lines = Counter(
            (
                json.loads(path.with_name("params.json").read_text())["plan"]["trial_key"],
                row["epoch"],
            )
            for path in self.root.glob("tune/*/*/result.json")
            for row in map(json.loads, path.read_text().splitlines())
        )
        assert set(lines.values()) == {1}, "an epoch was recorded twice"
        trained = self.trained.read_text().splitlines()
        in_vain = len(trained) - num_rows(self.root)
        assert 0 <= in_vain <= num_kills, "only epochs that a kill cut short were trained in vain"


def at_random(rng: random.Random, root: Path) -> Callable[[Driver], bool]:
    """Return a moment after some more rows, and a bit later, also while Ray starts."""
    rows = num_rows(root) + rng.randint(0, 6)
    delay = rng.uniform(0.0, 0.4)

    def moment(driver: Driver) -> bool:
        starts = driver.wait_for_output("starting Ray")
        reached = starts and driver.wait_for(lambda: num_rows(root) >= rows)
        time.sleep(delay)
        return reached and driver.process.poll() is None

    return moment


def test_a_search_killed_ten_times_is_the_undisturbed_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    undisturbed, killed = Searching(tmp_path / "undisturbed"), Searching(tmp_path / "killed")
    undisturbed.finish(*ONE_WORKER)
    undisturbed.check_whole(num_kills=0)
    seed = 17
    rng = random.Random(seed)
    for _ in range(NUM_KILLS):
        killed.kill(at_random(rng, killed.root), *ONE_WORKER)
    killed.finish(*ONE_WORKER)
    killed.check_whole(NUM_KILLS)
    assert killed.asked() == undisturbed.asked()
    assert killed.statuses() == undisturbed.statuses()
    assert recorded(killed.root) == recorded(undisturbed.root)
    fault = f"search of {NUM_TRIALS} trials, driver's process group killed (seed {seed})"
    print_row(capsys, summary_row(fault, NUM_KILLS, NUM_KILLS, 0, True))


def test_a_search_of_two_workers_killed_ten_times_ends_whole(tmp_path: Path) -> None:
    searching = Searching(tmp_path / "two")
    rng = random.Random(23)
    for _ in range(NUM_KILLS):
        searching.kill(at_random(rng, searching.root))
    searching.finish()
    searching.check_whole(2 * NUM_KILLS)
