"""A user's own function on a real Ray: everything it may do wrong, and the numbers it draws."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.engine.real_studies import command, ledger_of, write_space
from tests.recorded import read_rows
from tune_app.study.ledger import Ledger

pytestmark = pytest.mark.xdist_group("ray")

WRONG = """
import os, sys, threading, time
from pathlib import Path
import numpy as np
import torch
from ray import tune
from tune_app import SearchSpace

HERE = Path(__file__).parent

def attempts(kind):
    with (HERE / "attempts.txt").open("a") as stream:
        print(kind, file=stream)
    return (HERE / "attempts.txt").read_text().split().count(kind)

def tensors(config):
    tune.report({
        "loss": torch.tensor(1.5, requires_grad=True), "vector": np.arange(3), "path": Path("/x/y"),
        "image": torch.zeros(3, 64, 64), 7: 1, "names": {1, 2}, "np": np.float32(2), "lr": 3,
    })
def nan(config):
    tune.report({"loss": 1.0})
    tune.report({"loss": float("nan")})
def nothing(config): pass
def no_objective(config): tune.report({"acc": 0.5, "other": 1})
def text(config): tune.report({"loss": "low"})
def not_a_dict(config): tune.report(3)
def bad_row(config):
    for _ in range(3):
        try:
            tune.report({"loss": 1.0, "val_loss": "low"})
        except Exception:
            print("not reached")
def raises(config):
    tune.report({"loss": 0.1})
    raise ValueError("boom\\nsecond line")
def exits(config): sys.exit(0)
def interrupts(config): raise KeyboardInterrupt
def after_end(config):
    def report_later():
        time.sleep(2)
        tune.report({"loss": 99.0})
    threading.Thread(target=report_later, daemon=True).start()
    tune.report({"loss": 2.0})
def in_a_thread(config):
    thread = threading.Thread(target=lambda: [tune.report({"loss": loss}) for loss in (2.0, 1.0)])
    thread.start()
    thread.join()
def is_done(config):
    for loss in (3.0, 2.0, 1.0):
        try:
            tune.report({"loss": loss, "done": loss == 2.0})
        except BaseException:
            pass
def dies_once(config):
    if attempts("dies_once") == 1:
        os._exit(3)
    tune.report({"loss": 4.0})
def prints(config):
    for _ in range(20_000):
        print("x" * 59)
    sys.stdout.buffer.write(b"\\xff")
    os.chdir("/")
    tune.report({"loss": 5.0})
def returns(config):
    config["lr"] = 9
    return {"loss": 0.7}
def yields(config):
    yield {"loss": 0.9}
    yield {"loss": 0.8}
def flaky(config):
    if attempts("flaky") == 1:
        raise OSError("not yet")
    tune.report({"loss": 6.0})

KINDS = [
    tensors, nan, nothing, no_objective, text, not_a_dict, bad_row, raises, exits, interrupts,
    after_end, in_a_thread, is_done, dies_once, prints, returns, yields, flaky,
]

def train(config):
    return {kind.__name__: kind for kind in KINDS}[config["kind"]](config)

SPACE = SearchSpace(
    name="wrong", trainable=train, metric="loss", mode="min",
    param_space={"kind": tune.grid_search([kind.__name__ for kind in KINDS]), "lr": 1},
)
"""

FINISHED = {
    "tensors": 1.5,
    "after_end": 2.0,
    "in_a_thread": 1.0,
    "is_done": 2.0,
    "dies_once": 4.0,
    "prints": 5.0,
    "returns": 0.7,
    "yields": 0.8,
}
"""Kind -> the loss that is its result."""
FAILED = {
    "nothing": "it returned without a report; report with tune.report({...})",
    "no_objective": (
        "it never reported loss, the metric of the search space; it reported acc, other"
    ),
    "text": "loss, the metric of the search space, was reported as 'low'; allowed: a number",
    "not_a_dict": "TypeError: tune.report takes a dict of results, not 3 (my_space.py, line N)",
    "bad_row": "it reported a row that cannot be recorded: val_loss is 'low'; allowed: a number",
    "raises": "ValueError: boom (my_space.py, line N)",
    "exits": "SystemExit: the function called sys.exit(0) (my_space.py, line N)",
    "interrupts": "KeyboardInterrupt (my_space.py, line N)",
    "flaky": "OSError: not yet (my_space.py, line N)",
}


class Launched(NamedTuple):
    """A launch of :data:`WRONG`."""

    folder: Path
    status: int
    output: str

    @property
    def ledger(self) -> Ledger:
        return ledger_of(self.folder / "results" / "wrong")

    def trial(self, kind: str, launch: str = "001") -> Path:
        """Return the directory of a kind's trial."""
        [path] = self.ledger.root.glob(f"tune/{launch}/kind={kind}-s0-*")
        return path

    def outcomes(self) -> dict[str, tuple[str, str, Any]]:
        """Return kind -> its status, the reason, and its loss."""
        kinds = {c.config_id: c.config["kind"] for c in self.ledger.configurations()}
        outcomes = self.ledger.read_trials().outcomes(self.ledger.study)
        return {
            kinds[config_id]: (o.status, plain(o.reason), o.report and o.report.record["loss"])
            for (config_id, _), o in outcomes.items()
        }


def plain(text: str) -> str:
    return re.sub(r"line \d+", "line N", text)


def launch(folder: Path, text: str, *arguments: str) -> Launched:
    space = write_space(folder, text)
    done = command("--space", space, "--results-dir", str(folder / "results"), *arguments)
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return Launched(folder, done.returncode, done.stdout)


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    yield launch(tmp_path_factory.mktemp("wrong"), WRONG)


def test_each_trial_has_its_status_and_reason_and_the_others_finish(wrong: Launched) -> None:
    assert wrong.outcomes() == {
        **{kind: ("finished", "", loss) for kind, loss in FINISHED.items()},
        **{kind: ("failed", reason, None) for kind, reason in FAILED.items()},
        "nan": ("diverged", "training diverged at epoch 2", None),
    }
    assert wrong.status == 1
    assert "9 of 18 rows are finished" in wrong.output


def test_each_failure_is_printed_with_the_path_of_its_traceback(wrong: Launched) -> None:
    lines = [plain(line) for line in wrong.output.splitlines() if line.startswith("failed: ")]
    assert len(lines) == 5 and f"and {len(FAILED) - 5} more failed trials" in wrong.output
    reasons = {wrong.trial(kind) / "error.txt": reason for kind, reason in FAILED.items()}
    for line in lines:
        [path] = [p for p in reasons if line.startswith(f"failed: {p.parent.name}: ")]
        assert reasons[path] in line and str(path) in line


def test_the_files_of_a_trial_hold_its_error_and_its_output(wrong: Launched) -> None:
    error = (wrong.trial("raises") / "error.txt").read_text()
    assert error.startswith("Traceback (most recent call last):\n  File ")
    assert "my_space.py" in error and "tune_app/engine" not in error
    assert "ValueError: boom\nsecond line\n" in error
    assert plain(error.splitlines()[-1]) == FAILED["raises"]
    output = (wrong.trial("prints") / "output.txt").read_bytes()
    assert output == 20_000 * (b"x" * 59 + b"\n") + b"\xff"
    assert not (wrong.trial("bad_row") / "output.txt").exists()


def test_rows_hold_what_json_has_a_word_for(wrong: Launched) -> None:
    [row] = read_rows(wrong.trial("tensors") / "result.json")
    assert (row["vector"], row["path"], row["np"], row["reported_lr"]) == (
        [0, 1, 2],
        "/x/y",
        2.0,
        3,
    )
    assert not {"image", "names", "7"} & row.keys()
    assert (
        "note: 'image' is not recorded (Tensor of shape (3, 64, 64)); '7' is not recorded (its "
        "name is of type int, not text); 'names' is not recorded (set)"
    ) in wrong.output
    losses = [row["loss"] for row in read_rows(wrong.trial("after_end") / "result.json")]
    assert losses == [2.0], "what a thread reports later is in no trial"
    assert "99.0" not in "".join(p.read_text() for p in wrong.folder.rglob("result.json"))
    assert json.loads((wrong.trial("returns") / "params.json").read_text())["lr"] == 1


def test_a_lost_worker_is_replaced_but_an_error_is_final(wrong: Launched) -> None:
    attempts = (wrong.folder / "attempts.txt").read_text().split()
    assert attempts.count("dies_once") == 2 and attempts.count("flaky") == 1


def test_an_error_is_retried_if_the_user_wants_it(tmp_path: Path) -> None:
    text = WRONG.replace("[kind.__name__ for kind in KINDS]", '["flaky"]')
    done = launch(tmp_path, text, "--retry-errors")
    assert done.outcomes() == {"flaky": ("finished", "", 6.0)} and done.status == 0
    assert (tmp_path / "attempts.txt").read_text().split() == ["flaky", "flaky"]
    assert "tried again: OSError: not yet" in done.output
    assert not list(done.ledger.root.glob("tune/*/*/error.txt"))


DRAWS = """
import random
import numpy as np
import torch
from ray import tune
from tune_app import SearchSpace

def train(config):
    for epoch, loss in enumerate((2.0, 1.0, float("nan"), 1.0, 3.0), 1):
        drawn = [random.random(), np.random.random(), torch.rand(1), np.random.permutation(9)]
        tune.report({"loss": loss, "drawn": [np.asarray(value).tolist() for value in drawn]})

SPACE = SearchSpace(
    name="draws", trainable=train, metric="loss", mode="min", result="best",
    param_space={"twin": tune.grid_search(["a", "b"])},
)
"""


def test_a_seed_decides_what_a_trial_draws_and_the_best_row_is_its_result(tmp_path: Path) -> None:
    """Both twins of a seed draw the same numbers, whichever process and whatever ran there before.

    Four trials run on two workers, so two of them run in a process that has drawn numbers.
    """
    space = write_space(tmp_path, DRAWS)
    words = ("--space", space, "--results-dir", str(tmp_path), "--seeds", "0,1", "--max-concurrent")
    done = command(*words, "2")
    assert done.returncode == 0, done.stdout + done.stderr
    ledger = ledger_of(tmp_path / "draws")
    trials = ledger.read_trials()
    drawn = {
        (trial.config["twin"], trial.seed): [r.record["drawn"] for r in trial.history.values()]
        for trial in trials.trials.values()
    }
    assert len(drawn) == 4 and len(drawn["a", 0]) == 5
    for seed in (0, 1):
        assert drawn["a", seed] == drawn["b", seed]
    for number in range(4):
        assert drawn["a", 0][0][number] != drawn["a", 1][0][number]
    outcomes = trials.outcomes(ledger.study).values()
    assert [(o.status, o.milestone) for o in outcomes] == 4 * [("finished", 2)]
    assert all(o.report is not None and o.report.record["loss"] == 1.0 for o in outcomes)
    again = command(*words, "2")
    assert again.returncode == 0 and not (tmp_path / "draws" / "tune" / "002").exists()
