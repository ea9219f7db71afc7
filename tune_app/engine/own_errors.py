"""An error of a user's model, loss or optimizer in the shipped training loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tune_app.engine.own_function import FAILURE
from tune_app.engine.own_process import captured_output, prepare_process
from tune_app.engine.worker_team import WorkerError
from tune_app.storage.open_store import worker_store
from tune_app.storage.storage_errors import FullDiskError
from tune_app.study.trial_directory import OUTPUT_FILE
from tune_app.study.user_error import error_text
from tune_app.training.checkpoint import WorkerDiedError
from tune_app.training.launch_settings import LaunchSettings


def with_own_errors(training: Callable[..., None]) -> Callable[..., None]:
    """Return a training that ends its trial at an error, and keeps what it prints.

    As with a user's function, the trial is tried again only if the launch says so: the same code
    would most likely fail again.

    Args:
        training: the shipped training with a user's functions.
    """

    def train(config: dict[str, Any], *, data: Mapping[str, Any], settings: LaunchSettings) -> None:
        from ray import tune

        store = worker_store(settings.study_dir)
        prepare_process()
        with captured_output(store, store.root / config["plan"]["directory"] / OUTPUT_FILE):
            try:
                training(config, data=data, settings=settings)
            except (FullDiskError, WorkerDiedError):
                raise
            except Exception as error:
                if settings.retries_errors:
                    raise
                text = str(error) if isinstance(error, WorkerError) else error_text(error)
                tune.report({FAILURE: text, "epoch": 1})

    train.__name__ = train.__qualname__ = training.__name__
    return train
