"""Send what trials report also to an experiment tracker: MLflow or Weights & Biases.

The results in the study directory do not depend on a tracker. If it fails, it gets no more results,
a note says so, and the trials go on. A resumed trial continues its run. The same trial of another
study with the same name, such as one after ``--fresh``, has a run of its own.

Ray's own callbacks cannot replace this module: that of Weights & Biases logs in an actor for each
trial, whose failures no guard would see, and neither callback continues the run of a resumed trial.
The checks before the launch and the choice of parameters and metrics would be needed anyway.
"""

from __future__ import annotations

import importlib.util
import netrc
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlparse

from ray.tune.experiment import Trial
from ray.tune.logger import LoggerCallback

from search_spaces.errors import UserError, one_line
from tune_app.study.measures import measured

TRACKERS = {"mlflow": "mlflow", "wandb": "wandb"}
"""Name on the command line -> the package that it needs. The extra has the name of the tracker."""
_LONGEST_IDENTITY = 32
"""A time stamp has 19 letters and digits. Weights & Biases allows 128 for the whole key."""


class Tracker(Protocol):
    """One experiment of a tracking service. Every method may raise any error of its package."""

    def begin(self, key: str, name: str, params: Mapping[str, Any]) -> Any:
        """Begin or continue the run of a trial, and return the run.

        Args:
            key: identity of the trial among the trials of all studies; letters, digits and ``-``.
            name: the name to show.
            params: the trial's hyperparameters.
        """

    def log(self, run: Any, metrics: Mapping[str, float], epoch: int) -> None:
        """Record one epoch's metrics."""

    def end(self, run: Any, failed: bool) -> None:
        """End a run."""


def check_installed(name: str) -> None:
    """Refuse a tracker whose package is missing.

    Raises:
        UserError: it is missing. The message has the command that installs it.
    """
    if importlib.util.find_spec(TRACKERS[name]) is None:
        raise UserError(
            f"--log-to {name}: the package {TRACKERS[name]} is not installed; install it with "
            f"pip install 'tune-app[{name}]' ('.[{name}]' in a checkout)"
        )


def open_tracker(name: str, root: Path) -> Tracker:
    """Return the tracker of a study, and check that it answers.

    Args:
        name: one of :data:`TRACKERS`.
        root: the study directory. A tracker keeps its local files beside it.

    Raises:
        UserError: its package is missing, or it does not answer.
    """
    check_installed(name)
    try:
        return MlflowTracker(root) if name == "mlflow" else WandbTracker(root)
    except UserError:
        raise
    except Exception as error:  # any error of the package
        raise UserError(f"--log-to {name}: {_reason(error)}") from None


class MlflowTracker:
    """Logs to an MLflow experiment with the study's name.

    The server is ``MLFLOW_TRACKING_URI``, by default a database ``mlflow.db`` beside the study.
    """

    def __init__(self, root: Path) -> None:
        # A server that does not answer must not delay the driver for many minutes.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        from mlflow.tracking import MlflowClient

        own = f"sqlite:///{root.parent / 'mlflow.db'}"
        uri = os.environ.get("MLFLOW_TRACKING_URI") or own
        root.parent.mkdir(parents=True, exist_ok=True)
        self._client = MlflowClient(tracking_uri=uri)
        found = self._client.get_experiment_by_name(root.name)
        # MLflow keeps the name of a deleted experiment, and accepts no runs in it.
        if found and found.lifecycle_stage == "deleted":
            variable = f"MLFLOW_TRACKING_URI={own} " if uri == own else ""
            raise UserError(
                f"--log-to mlflow: the experiment {root.name} was deleted there; restore it with "
                f"`{variable}mlflow experiments restore --experiment-id {found.experiment_id}`, or "
                "use --study NAME for another study"
            )
        self._experiment = (
            found.experiment_id if found else self._client.create_experiment(root.name)
        )

    def begin(self, key: str, name: str, params: Mapping[str, Any]) -> str:
        """Return the id of the trial's run."""
        from mlflow.entities import Param

        found = self._client.search_runs([self._experiment], f"tags.trial_key = '{key}'")
        if found:
            run_id = str(found[0].info.run_id)
            self._client.update_run(run_id, status="RUNNING")
            return run_id
        run = self._client.create_run(self._experiment, run_name=name, tags={"trial_key": key})
        run_id = str(run.info.run_id)
        self._client.log_batch(run_id, params=[Param(k, str(v)) for k, v in params.items()])
        return run_id

    def log(self, run: Any, metrics: Mapping[str, float], epoch: int) -> None:
        """Record one epoch's metrics."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._client.log_batch(run, metrics=[Metric(k, v, now, epoch) for k, v in metrics.items()])

    def end(self, run: Any, failed: bool) -> None:
        """End a run."""
        self._client.set_terminated(run, "FAILED" if failed else "FINISHED")


class WandbTracker:
    """Logs to a Weights & Biases project with the study's name.

    ``WANDB_MODE=offline`` keeps the runs in ``wandb`` beside the study, for ``wandb sync``.
    """

    def __init__(self, root: Path) -> None:
        if not _wandb_may_log():
            raise UserError(
                "--log-to wandb: nobody is logged in; run `wandb login`, set WANDB_API_KEY, or set "
                "WANDB_MODE=offline to send the runs later"
            )
        import wandb

        self._project = root.name
        self._directory = os.environ.get("WANDB_DIR") or str(root.parent)
        Path(self._directory).mkdir(parents=True, exist_ok=True)
        self._settings = wandb.Settings(
            silent=True, console="off", disable_git=True, disable_code=True, x_disable_stats=True
        )

    def begin(self, key: str, name: str, params: Mapping[str, Any]) -> Any:
        """Return the trial's run."""
        import wandb

        return wandb.init(
            project=self._project,
            name=name,
            id=f"{self._project}-{key}",
            resume="allow",
            config=dict(params),
            dir=self._directory,
            reinit="create_new",  # this process has many runs at the same time
            settings=self._settings,
        )

    def log(self, run: Any, metrics: Mapping[str, float], epoch: int) -> None:
        """Record one epoch's metrics."""
        run.log(dict(metrics), step=epoch)

    def end(self, run: Any, failed: bool) -> None:
        """End a run."""
        run.finish(exit_code=int(failed))


def _never(_trial_id: str) -> bool:
    return False


class TrackingCallback(LoggerCallback):
    """Sends what Tune's trials report to a tracker.

    Args:
        tracker: gets the parameters and the metrics of the trials.
        created_at: when the study was created. It distinguishes studies with the same name.
        refuses: returns whether the rows of a trial, given by Tune's id, cannot be recorded. The
            tracker does not get them.

    Attributes:
        problem: why the tracker was given up, or None.
    """

    def __init__(
        self, tracker: Tracker, created_at: str, refuses: Callable[[str], bool] = _never
    ) -> None:
        self._refuses = refuses
        self._tracker: Tracker | None = tracker
        self._study = re.sub("[^0-9A-Za-z]", "", created_at)[:_LONGEST_IDENTITY]
        self._runs: dict[str, Any] = {}
        self.problem: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave connections out when Tune pickles its callbacks."""
        return {**self.__dict__, "_tracker": None, "_runs": {}}

    def log_trial_start(self, trial: Trial) -> None:
        """Begin the trial's run."""
        if self._tracker is not None and trial.trial_id not in self._runs:
            plan = trial.config["plan"]
            params = {key: value for key, value in trial.config.items() if key != "plan"}
            key = f"{self._study}-{plan['trial_key']}"
            try:
                run = self._tracker.begin(key, plan["name"], params)
                self._runs[trial.trial_id] = run
            except Exception as error:
                self._give_up(error)

    def log_trial_result(self, iteration: int, trial: Trial, result: dict[str, Any]) -> None:
        """Record an epoch."""
        if self._tracker is None or self._refuses(trial.trial_id):
            return
        if trial.trial_id in self._runs:
            try:
                self._tracker.log(self._runs[trial.trial_id], measured(result), result["epoch"])
            except Exception as error:
                self._give_up(error)

    def log_trial_end(self, trial: Trial, failed: bool = False) -> None:
        """End the trial's run."""
        run = self._runs.pop(trial.trial_id, None)
        if self._tracker is not None and run is not None:
            try:
                self._tracker.end(run, failed)
            except Exception as error:
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self.problem = f"the tracker failed and got no more results: {_reason(error)}"
        self._tracker = None


def _wandb_may_log() -> bool:
    """Return whether wandb has a key or needs none, so that it does not ask for one."""
    needs_no_key = os.environ.get("WANDB_MODE") in ("offline", "dryrun", "disabled")
    if needs_no_key or os.environ.get("WANDB_API_KEY"):
        return True
    host = urlparse(os.environ.get("WANDB_BASE_URL") or "https://api.wandb.ai").hostname
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host or "") is not None
    except (OSError, netrc.NetrcParseError):
        return False


def _reason(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}")[:300]
