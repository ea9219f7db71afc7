"""The experiment trackers that a study can also log to: MLflow, Weights & Biases and Trackio.

Ray's own callbacks cannot replace this module: that of Weights & Biases logs in an actor for each
trial, whose failures no guard would see, and neither callback continues the run of a resumed trial.
The checks before the launch and the choice of parameters and metrics would be needed anyway.
"""

from __future__ import annotations

import importlib.util
import logging
import netrc
import os
import posixpath
import re
import sys
import time
from collections.abc import Callable, Mapping
from contextvars import copy_context
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlparse

from search_spaces.errors import UserError, one_line

LOGGER = logging.getLogger(__name__)

INSTALLED_BY = {
    "mlflow": "mlflow-skinny alembic sqlalchemy",
    "wandb": "wandb",
    "trackio": "trackio",
}
"""Module of a tracker, which is its name on the command line, too -> what installs it."""

_LONGEST_NAME, _MOST_OF_A_BATCH = 250, 1_000
"""What MLflow allows: characters of a name, and measures that are sent together."""


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


def check_usable(name: str) -> None:
    """Refuse a tracker whose package is missing, or that nobody is logged in to.

    Raises:
        UserError: it cannot be used. The message has the command that helps.
    """
    if importlib.util.find_spec(name) is None:
        raise UserError(
            f"--log-to {name}: the package {name} is not installed; install it with "
            f"pip install {INSTALLED_BY[name]}"
        )
    if name == "wandb" and not _wandb_may_log():
        raise UserError(
            "--log-to wandb: nobody is logged in; run `wandb login`, set WANDB_API_KEY, or set "
            "WANDB_MODE=offline to send the runs later"
        )


def open_tracker(name: str, root: Path) -> Tracker | None:
    """Return the tracker of a study, or None, with a warning, if it does not answer.

    Args:
        name: one of :data:`INSTALLED_BY`.
        root: the study directory. A tracker keeps its local files beside it.

    Raises:
        UserError: the user has to set something up.
    """
    try:
        return _TRACKERS[name](root)
    except UserError:
        raise
    except Exception as error:  # any error of the package
        LOGGER.warning(
            "note: --log-to %s: the tracker cannot be used and gets no results: %s",
            name,
            reason(error),
        )
        return None


class MlflowTracker:
    """Logs to an MLflow experiment with the study's name.

    The server is ``MLFLOW_TRACKING_URI``, by default a database ``mlflow.db`` beside the study.
    """

    def __init__(self, root: Path) -> None:
        # A server that does not answer must not delay the driver for many minutes.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")  # its notes break up the display
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
        named = {mlflow_name(k): str(v) for k, v in params.items()}
        self._client.log_batch(run_id, params=[Param(k, v) for k, v in named.items()])
        return run_id

    def log(self, run: Any, metrics: Mapping[str, float], epoch: int) -> None:
        """Record one epoch's metrics."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        entries = [Metric(mlflow_name(k), v, now, epoch) for k, v in metrics.items()]
        for start in range(0, len(entries), _MOST_OF_A_BATCH):
            self._client.log_batch(run, metrics=entries[start : start + _MOST_OF_A_BATCH])

    def end(self, run: Any, failed: bool) -> None:
        """End a run."""
        self._client.set_terminated(run, "FAILED" if failed else "FINISHED")


def mlflow_name(name: str) -> str:
    """Return a name as MLflow accepts it: ``recall_10`` for ``recall@10``.

    MLflow allows letters, digits and ``_-. /``, and refuses a path that is not in its normal form.
    """
    allowed = re.sub(r"[^/\w.\- ]", "_", name)[:_LONGEST_NAME]
    if posixpath.normpath(allowed) != allowed or allowed.startswith(("/", "..")) or allowed == ".":
        allowed = re.sub("[/.]", "_", allowed) or "_"
    return allowed


class WandbTracker:
    """Logs to a Weights & Biases project with the study's name.

    ``WANDB_MODE=offline`` keeps the runs in ``wandb`` beside the study, for ``wandb sync``.
    """

    def __init__(self, root: Path) -> None:
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


class TrackioTracker:
    """Logs to a Trackio project with the study's name, on this machine or where its variables say.

    ``trackio show`` starts its dashboard.
    """

    def __init__(self, root: Path) -> None:
        importlib.import_module("trackio")
        self._project = root.name
        for name in ("trackio", "trackio.run", "trackio.utils"):
            if name in sys.modules:  # what they print would break up the display
                vars(sys.modules[name])["print"] = _say_nothing

    def begin(self, key: str, name: str, params: Mapping[str, Any]) -> Any:
        """Return the trial's run."""
        import trackio

        study, _, trial_key = key.rpartition("-")
        # In its own context, as Trackio ends the current run when another one begins.
        return copy_context().run(
            trackio.init,
            project=self._project,
            name=f"{name.partition(trial_key)[0]}{trial_key}-{study}",
            config=dict(params),
            resume="allow",
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )

    def log(self, run: Any, metrics: Mapping[str, float], epoch: int) -> None:
        """Record one epoch's metrics."""
        run.log(dict(metrics), step=epoch)

    def end(self, run: Any, failed: bool) -> None:
        """End a run. Trackio has no status for one that failed."""
        run.finish()


_TRACKERS: dict[str, Callable[[Path], Tracker]] = {
    "mlflow": MlflowTracker,
    "wandb": WandbTracker,
    "trackio": TrackioTracker,
}


def _say_nothing(*_words: object, **_options: object) -> None:
    """Print nothing."""


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


def reason(error: Exception) -> str:
    """Return an error of a tracker as one line."""
    return one_line(f"{type(error).__name__}: {error}")[:300]
