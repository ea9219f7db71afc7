"""Run the trials of a launch with everything that listens to them: recorder, display, tracker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_app.engine import connection, driver
from tune_app.engine.conclusion import Executed
from tune_app.engine.display import TrialDisplay
from tune_app.planning.plan import Plan
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.remaining import seconds_of
from tune_app.planning.search_trials import SearchTrials
from tune_app.study.result_rule import ResultRule
from tune_app.study.stop import Stop

if TYPE_CHECKING:
    from tune_app.engine.recorder import StudyRecorder
    from tune_app.engine.search_callback import SearchCallback
    from tune_app.engine.search_run import SearchRun
    from tune_app.engine.tracking import TrackingCallback


def execute(
    study: PreparedStudy,
    plan: Plan,
    launch: str,
    display: TrialDisplay,
    started: float,
) -> Executed:
    """Run the planned trials, and those of a search, to their end, or until a signal or a limit.

    Args:
        study: the prepared study. A search adds the configurations that it asks for.
        plan: the trials to run.
        launch: the launch's name.
        display: shows the trials.
        started: when the launch began, by ``time.monotonic``.

    Raises:
        StorageError: the study can no longer be written.
        UserError: the experiment tracker cannot be used.
    """
    from tune_app.engine.limiter import Limiter
    from tune_app.engine.progress import ProgressCallback

    stops: dict[str, Stop] = {}
    recorder = _recorder(study, stops)
    limiter = Limiter(
        study.request.limits,
        stops,
        _seconds_spent(study),
        started,
        rule=ResultRule.of_study(study.ledger.study),
        recorded=_histories(study),
        begun={k: max(trial.history, default=0) for k, trial in study.recorded.trials.items()},
    )
    search = _search_run(study, launch, recorder, stops, display)
    tracking = _tracking(study, recorder.refuses)
    progress = ProgressCallback(display, connection.live_cluster, recorder, stops)
    callbacks = [*_told(search, recorder), limiter, progress, *tracking]
    try:
        driver.run_trials(study, plan, launch, recorder, callbacks, search=search, limiter=limiter)
    except Exception as error:
        raise recorder.failure or error from None
    finally:
        display.stop()
        for callback in tracking:
            callback.close()
    problems = [callback.problem for callback in tracking if callback.problem]
    launched, found = ((), []) if search is None else (tuple(search.launched), search.notes)
    notes = [*problems, *display.notes, *recorder.notes, *found]
    names = {trial.name for trial in (*plan.trials, *launched)}
    all_ended = recorder.ended >= names and (search is None or search.is_done)
    return Executed(
        incomplete=recorder.incomplete,
        all_ended=all_ended,
        notes=tuple(f"note: {note}" for note in notes),
        trials=launched,
        open_rows=() if search is None else tuple(search.open_rows),
        limit="" if all_ended and not limiter.is_target else limiter.reached,
        is_target=limiter.is_target,
    )


def _recorder(study: PreparedStudy, stops: dict[str, Stop]) -> StudyRecorder:
    """Return what records the trials.

    Args:
        study: the prepared study.
        stops: Tune's id of a trial -> why it is ended early.
    """
    from tune_app.engine.event_file import column_types
    from tune_app.engine.recorder import StudyRecorder

    known = study.ledger.configurations()
    if study.search is not None:
        known += study.request.space.corners()
    configs = [study.trainable.complete(c.config) for c in known]
    factors = column_types(study.request.space.factors, configs)
    return StudyRecorder(study.ledger.store, factors, study.ledger.study, study.trainable, stops)


def _search_run(
    study: PreparedStudy,
    launch: str,
    recorder: StudyRecorder,
    stops: dict[str, Stop],
    display: TrialDisplay,
) -> SearchRun | None:
    """Return the search of the launch, or None if it runs only the plan."""
    if study.search is None:
        return None
    from tune_app.engine.search_run import SearchRun

    search = study.open_search(recorder.append_event)
    trials = SearchTrials(study, connection.live_cluster(), study.asked())
    return SearchRun(study, search, trials, launch, stops=stops, on_new=display.added)


def _told(search: SearchRun | None, recorder: StudyRecorder) -> list[SearchCallback]:
    if search is None:
        return []
    from tune_app.engine.search_callback import SearchCallback

    return [SearchCallback(search, recorder.incomplete)]


def _seconds_spent(study: PreparedStudy) -> dict[str, float]:
    """Return trial_key -> the seconds that earlier launches spent on the trial."""
    if study.request.limits.trial_seconds is None:
        return {}
    return {
        key: sum(map(seconds_of, trial.directories)) for key, trial in study.recorded.trials.items()
    }


def _histories(study: PreparedStudy) -> dict[str, dict[int, dict[str, Any]]]:
    """Return trial_key -> epoch -> row of what earlier launches recorded."""
    return {
        key: {epoch: report.record for epoch, report in trial.history.items()}
        for key, trial in study.recorded.trials.items()
        if study.request.limits.target is not None
    }


def _tracking(study: PreparedStudy, refuses: Callable[[str], bool]) -> list[TrackingCallback]:
    log_to, store = study.request.log_to, study.ledger.store
    if log_to is None:
        return []
    from tune_app.engine.trackers import open_tracker
    from tune_app.engine.tracking import TrackingCallback

    # The local files of a tracker stay on this machine, also for a study at a URL.
    root = Path("results").resolve() / store.root.name if store.at_url else store.root
    created_at = str(study.ledger.study.get("created_at", ""))
    tracker = open_tracker(log_to, root)
    return [] if tracker is None else [TrackingCallback(tracker, created_at, refuses)]
