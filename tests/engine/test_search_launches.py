"""What a later launch makes of proposals that cannot run on its machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.engine.brains import Brain, new
from tests.engine.search_runs import CLUSTER, Run, prepared
from tune_app.engine.search_run import SearchRun
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.search_trials import SearchTrials, plan_search
from tune_app.study.search_log import append_event, ask_event


def launched(study: PreparedStudy, launch: str) -> tuple[SearchRun, list[Any]]:
    """Return a launch that asks its search until nothing is left to start, and its trials."""
    store = study.ledger.store
    study.ledger.save()
    run = SearchRun(
        study,
        study.open_search(lambda event: append_event(store, event)),
        SearchTrials(study, CLUSTER, study.asked()),
        launch,
        stops={},
        on_new=lambda _trial: None,
    )
    return run, list(iter(run.take, None))


def test_a_later_launch_does_not_wait_for_what_cannot_run_here(tmp_path: Path) -> None:
    first, taken = launched(prepared(tmp_path, resources={"gpu": 1}), "001")
    assert taken == [] and first.is_done and len(first.open_rows) == 3
    again = prepared(tmp_path, resources={"gpu": 1})
    plan = plan_search(again, CLUSTER)
    assert not plan.is_searching and len(plan.open_rows) == 3
    second, taken = launched(again, "002")
    assert taken == [] and second.is_done


def test_a_stopped_trial_that_cannot_run_here_is_not_taken_further(tmp_path: Path) -> None:
    run = Run(prepared(tmp_path), Brain([]))
    store, steps = run.study.ledger.store, [new(n, {"x": n + 1, "epochs": 9}) for n in range(3)]
    run.brain.steps = list(steps)
    run.brain.stops = {(step.configuration.config_id, 1) for step in steps}
    for number, step in enumerate(steps):
        configuration = step.configuration
        event = ask_event(number, configuration.config_id, configuration.config, "random")
        append_event(store, event)
        trial = run.start()
        assert not run.report(trial, 1, 0.5 + number)
        (trial.folder / "stopped.json").write_text(run.stops[trial.trial_id].as_json())
    here, (further,) = launched(prepared(tmp_path), "002")
    assert further["plan"]["after_epoch"] == 1, "one of three goes on where it can"
    elsewhere, taken = launched(prepared(tmp_path, resources={"gpu": 1}), "003")
    assert taken == [] and elsewhere.is_done and not here.is_done
