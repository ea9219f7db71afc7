"""Workers that die in ways which Tune 2.60 counts wrongly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = '''
import os, signal, sys
from pathlib import Path
import ray
from ray import tune
from tune_app.engine.actor_failures import treat_ray_errors_as_actor_failures


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


def test_a_worker_that_dies_while_it_is_handed_a_trial_counts_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout.splitlines()
    assert "killed: True" in said, done.stdout
    assert "ended: ['first', 'second']" in said, done.stdout
    assert "failures: [0, 1]" in said and "errors: 0" in said, done.stdout
