"""Run the planned trials with ``tune.Tuner``: resources, order, retries, callbacks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tune_app.engine.connection import live_cluster
from tune_app.engine.trial_configs import placement_group, trial_configs, trial_name
from tune_app.engine.tune_internals import mend_tune
from tune_app.planning.plan import Plan
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.schedule import num_slots
from tune_app.study.objective import Objective

if TYPE_CHECKING:
    from ray import tune

    from tune_app.engine.limiter import Limiter
    from tune_app.engine.recorder import StudyRecorder
    from tune_app.engine.search_run import SearchRun
    from tune_app.engine.searcher import PlannedTrials
    from tune_app.engine.trial_queue import TrialQueue

MOST_TRIALS = 10**9
"""What Tune is told of a search, which itself says when it is done."""


def run_trials(
    study: PreparedStudy,
    plan: Plan,
    launch: str,
    recorder: StudyRecorder,
    callbacks: Sequence[Any],
    *,
    limiter: Limiter,
    search: SearchRun | None = None,
) -> None:
    """Run the planned trials to their end, or until SIGINT.

    Failed trials do not raise. The caller finds them by reading what the trials recorded.

    Args:
        study: the prepared study.
        plan: the trials to run.
        launch: the launch's name.
        recorder: records the trials, and stops those whose rows it cannot record.
        callbacks: further callbacks of Tune.
        limiter: ends the launch and trials at the user's limits.
        search: gives further trials, and stops some of them; None to run only the plan's.
    """
    from ray import tune

    from tune_app.engine.limiter import LaunchStopper
    from tune_app.engine.searcher import PlannedTrials, StartedTrials

    request = study.request
    mend_tune(len(plan.trials) + (0 if study.search is None else study.search.num_trials))
    started = StartedTrials()
    most = _max_waiting(num_slots(plan.trials, live_cluster(), request.max_concurrent))
    searcher = PlannedTrials(
        trial_configs(plan.trials, study.ledger, study.recorded, launch),
        started,
        _num_slots,
        max_waiting=most,
        in_order=plan.exclusive,
        is_limited=request.max_concurrent > 0,
        source=search,
    )
    told = [recorder, *callbacks]
    num_trials = len(plan.trials) if search is None else MOST_TRIALS
    tune.Tuner(
        _function(study),
        tune_config=_tune_config(
            searcher, _queue(most, told, limiter, search), num_trials, request.max_concurrent
        ),
        run_config=_run_config(
            study, launch, LaunchStopper(recorder.refuses, limiter), [started, *told]
        ),
    ).fit()


def _queue(
    max_waiting: int, told: Sequence[Any], limiter: Limiter, search: SearchRun | None
) -> TrialQueue:
    """Return the scheduler of the trials.

    Args:
        max_waiting: how many trials Tune keeps waiting.
        told: the callbacks that hear of a search's trial which Tune has given up silently.
        limiter: ends trials at the user's limits.
        search: stops some of the trials, or None.
    """
    from tune_app.engine.trial_queue import TrialQueue

    def on_lost(trial: Any) -> None:
        for callback in told:
            callback.on_trial_error(0, [], trial)

    judges = [limiter.goes_on] if search is None else [limiter.goes_on, search.on_result]
    return TrialQueue(_num_slots, max_waiting, judges, on_lost if search is not None else None)


def _function(study: PreparedStudy) -> Any:
    """Return the Tune function of a trial, with its data and the resources of its plan."""
    from ray import tune

    from tune_app.engine.own_errors import with_own_errors
    from tune_app.engine.own_function import own_function
    from tune_app.engine.parallel_run import with_workers
    from tune_app.engine.user_code import portable, ship
    from tune_app.training.classifier_family import FamilyTraining
    from tune_app.training.launch_settings import LaunchSettings
    from tune_app.training.parameter import WORKERS

    objective = Objective.of_study(study.ledger.study)
    trainable = study.trainable
    settings = LaunchSettings(
        study.ledger.store.place,
        study.request.checkpoint_seconds,
        objective.metric,
        objective.mode,
        keeps_last=trainable.keep_checkpoints != "none",
        keeps_best=trainable.keep_checkpoints == "best",
        retries_errors=study.request.retry_errors,
    )
    function = own_function(trainable) if trainable.is_own else portable(trainable.function)
    own = trainable.function
    has_own = isinstance(own, FamilyTraining) and bool(own.family.functions())
    if WORKERS in trainable.parameters:
        function = with_workers(function, ship(trainable.load()) if has_own else None)
    if has_own:
        function = with_own_errors(function)
    function = tune.with_parameters(function, data=study.images, settings=settings)
    # Ray's dashboard and logs call the workers by this name.
    function.__name__ = f"{study.ledger.name}:{function.__name__}"
    return tune.with_resources(function, placement_group)


def _run_config(
    study: PreparedStudy, launch: str, stop: Any, callbacks: list[Any]
) -> tune.RunConfig:
    from ray import tune

    return tune.RunConfig(
        name=launch,
        **study.ledger.store.ray_storage("tune"),
        failure_config=tune.FailureConfig(max_failures=study.request.max_failures),
        checkpoint_config=_checkpoint_config(study),
        callbacks=callbacks,
        stop=stop,
        verbose=0,
        # Otherwise a notebook gets an empty table of Tune's, whatever verbose is.
        progress_reporter=tune.CLIReporter(),
    )


def _checkpoint_config(study: PreparedStudy) -> tune.CheckpointConfig:
    """Return which checkpoints of a running trial are kept: at least the newest two."""
    from ray import tune

    keep, objective = study.trainable.keep_checkpoints, Objective.of_study(study.ledger.study)
    if keep == "best":
        return tune.CheckpointConfig(
            num_to_keep=2,
            checkpoint_score_attribute=objective.metric,
            checkpoint_score_order=objective.mode,
        )
    return tune.CheckpointConfig(num_to_keep=max(2, keep) if isinstance(keep, int) else 2)


def _tune_config(
    searcher: PlannedTrials, queue: TrialQueue, num_trials: int, max_concurrent: int
) -> tune.TuneConfig:
    from ray import tune

    return tune.TuneConfig(
        search_alg=searcher,
        scheduler=queue,
        num_samples=num_trials,
        max_concurrent_trials=max_concurrent or None,
        reuse_actors=True,
        trial_name_creator=trial_name,
        trial_dirname_creator=trial_name,
    )


def _max_waiting(num_at_once: int) -> int:
    """Set how many trials Tune keeps waiting, and return that number.

    With one waiting trial, a free CPU would stay idle until the next trial is created. The number
    also limits how many workers start at the same time: a cluster that runs a thousand trials at
    once would fill slowly with eight. ``TUNE_MAX_PENDING_TRIALS_PG`` in the environment takes
    precedence; Tune takes anything but a number as 1.

    Args:
        num_at_once: how many trials the cluster runs at once.
    """
    default = str(min(128, max(8, num_at_once // 8)))
    number = os.environ.setdefault("TUNE_MAX_PENDING_TRIALS_PG", default)
    return int(number) if number.isdecimal() else 1


def _num_slots(resources: Mapping[str, float]) -> int:
    return live_cluster().num_slots(resources)
