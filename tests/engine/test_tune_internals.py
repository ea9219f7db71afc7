"""What is replaced in Tune does what it is there for, with real Ray."""

from __future__ import annotations

import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ray import tune
from ray.tune.registry import TRAINABLE_CLASS, _Registry

from tune_app.engine import tune_internals


def test_tune_counts_no_callbacks_and_imports_no_tracker_for_it() -> None:
    module = importlib.import_module("ray.tune.tune")
    assert "air_usage.tag_callbacks(" in inspect.getsource(module.run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.air_usage, "_count_callbacks", None)
        patch.setattr(module.air_usage, "tag_callbacks", module.air_usage.tag_callbacks)
        tune_internals.count_no_callbacks()
        assert module.air_usage.tag_callbacks([tune.Callback()]) is False


def test_what_is_registered_last_counts() -> None:
    tune_internals.remember_trainables()
    tune_internals.remember_trainables()
    registry, other = _Registry("mine"), _Registry("theirs")
    assert not registry.contains(TRAINABLE_CLASS, "train")
    registry.register(TRAINABLE_CLASS, "train", {"version": 1})
    assert registry.contains(TRAINABLE_CLASS, "train")
    first = registry.get(TRAINABLE_CLASS, "train")
    assert first == {"version": 1} and registry.get(TRAINABLE_CLASS, "train") is first
    registry.register(TRAINABLE_CLASS, "train", {"version": 2})
    assert registry.get(TRAINABLE_CLASS, "train") == {"version": 2}
    assert not other.contains(TRAINABLE_CLASS, "train")


SCRIPT = '''
import os, signal, sys
from pathlib import Path
import ray
from ray import tune
from tune_app.engine.tune_internals import treat_ray_errors_as_actor_failures


class Deadly:
    """Kills, the first time, the worker that it is handed to."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return arrive, (self.mark,)


def arrive(mark):
    if mark.exists() and ray._private.worker.global_worker.mode == ray.WORKER_MODE:
        mark.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return Deadly(mark)


def train(config):
    tune.report({"name": config["name"]})


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    mark = folder / "mark"
    mark.touch()
    treat_ray_errors_as_actor_failures()
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    handed = [{"name": "first", "load": 0}, {"name": "second", "load": Deadly(mark)}]
    found = tune.Tuner(
        tune.with_resources(lambda config: train(config["handed"]), {"CPU": 1}),
        param_space={"handed": tune.grid_search(handed)},
        tune_config=tune.TuneConfig(reuse_actors=True),
        run_config=tune.RunConfig(
            storage_path=str(folder), failure_config=tune.FailureConfig(max_failures=2), verbose=0
        ),
    ).fit()
    print("killed:", not mark.exists())
    print("ended:", sorted(str(result.metrics.get("name")) for result in found))
    trials = found._experiment_analysis.trials
    print("failures:", [trial.run_metadata.num_failures for trial in trials])
    print("errors:", len(found.errors))
'''


@pytest.mark.xdist_group("ray")
def test_a_worker_that_dies_while_it_is_handed_a_trial_counts_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout.splitlines()
    assert "killed: True" in said, done.stdout
    assert "ended: ['first', 'second']" in said, done.stdout
    assert "failures: [0, 1]" in said and "errors: 0" in said, done.stdout
