"""Run the trials of a launch with everything that listens to them: recorder, display, tracker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tune_app.engine import connection, driver
from tune_app.engine.conclusion import Executed
from tune_app.engine.display import TrialDisplay
from tune_app.planning.plan import Plan
from tune_app.planning.prepared_study import PreparedStudy

if TYPE_CHECKING:
    from tune_app.engine.tracking import TrackingCallback


def execute(study: PreparedStudy, plan: Plan, launch: str, display: TrialDisplay) -> Executed:
    """Run the planned trials to their end, or until a signal.

    Args:
        study: the prepared study.
        plan: the trials to run.
        launch: the launch's name.
        display: shows the trials.

    Raises:
        StorageError: the study can no longer be written.
        UserError: the experiment tracker cannot be used.
    """
    from tune_app.engine.event_file import column_types
    from tune_app.engine.progress import ProgressCallback
    from tune_app.engine.recorder import StudyRecorder

    configs = [study.trainable.complete(c.config) for c in study.ledger.configurations()]
    factors = column_types(study.request.space.factors, configs)
    recorder = StudyRecorder(study.ledger.store, factors, study.ledger.study, study.trainable)
    tracking = _tracking(study, recorder.refuses)
    progress = ProgressCallback(display, connection.live_cluster, recorder)
    try:
        driver.run_trials(study, plan, launch, recorder, [progress, *tracking])
    except Exception as error:
        raise recorder.failure or error from None
    finally:
        display.stop()
    problems = [callback.problem for callback in tracking if callback.problem]
    return Executed(
        incomplete=recorder.incomplete,
        all_ended=recorder.ended >= {trial.name for trial in plan.trials},
        notes=tuple(f"note: {note}" for note in (*problems, *display.notes, *recorder.notes)),
    )


def _tracking(study: PreparedStudy, refuses: Callable[[str], bool]) -> list[TrackingCallback]:
    log_to, store = study.request.log_to, study.ledger.store
    if log_to is None:
        return []
    from tune_app.engine.tracking import TrackingCallback, open_tracker

    # The local files of a tracker stay on this machine, also for a study at a URL.
    root = Path("results").resolve() / store.root.name if store.at_url else store.root
    created_at = str(study.ledger.study.get("created_at", ""))
    return [TrackingCallback(open_tracker(log_to, root), created_at, refuses)]
