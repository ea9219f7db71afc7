"""Makes the state of a search from its log and from what its trials recorded.

What was asked and told is repeated in its order. Then come results that were recorded and not told,
because the driver was killed between the two, or because an earlier launch had another objective:
they are told in the order of their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from search_spaces.configuration import Config, make_configuration
from search_spaces.space import SearchSpace
from tune_app.planning.search.proposals import MOST_ATTEMPTS
from tune_app.planning.search.registry import make_sampler
from tune_app.planning.search.sampler import Told
from tune_app.planning.search.search import Search
from tune_app.planning.search.search_trial import SearchTrial
from tune_app.planning.search.stopping import make_stopping
from tune_app.planning.sharing import milestone_of
from tune_app.study.objective import Objective, scores
from tune_app.study.result_rule import ResultRule
from tune_app.study.rows import RowOutcome
from tune_app.study.search_log import Event
from tune_app.study.search_settings import SearchSettings
from tune_app.study.trial_record import AT_RETURN
from tune_app.study.trials import FINISHED, RowKey
from tune_app.training.trainable import Trainable

CanResume = Callable[[RowOutcome, int], bool]
"""(what became of a row, epoch) -> whether its trial can go on from a checkpoint of that epoch."""


def _always(_outcome: RowOutcome, _epoch: int) -> bool:
    return True


def open_search(
    settings: SearchSettings,
    space: SearchSpace,
    trainable: Trainable,
    *,
    study: Mapping[str, Any],
    events: Iterable[Event],
    outcomes: Mapping[RowKey, RowOutcome],
    seed: int,
    append: Callable[[Event], None],
    can_resume: CanResume = _always,
) -> Search:
    """Return a search as its earlier launches left it; a new one if there were none.

    Args:
        settings: what is asked for now. It may be more trials, or another sampler.
        space: the search space.
        trainable: what the trials run.
        study: ``study.json``.
        events: the log of the search.
        outcomes: what became of every row of the study.
        seed: the seed of the trials of the search.
        append: adds an event to the log. The event is on the disk when it returns.
        can_resume: tells whether a trial that ended at a rung can go on from there.

    Raises:
        UserError: there is no such sampler or rule, or the sampler cannot sample this space.
    """
    defaults = trainable.defaults()

    def num_epochs(config: Config) -> int | None:
        milestone = milestone_of(trainable, trainable.complete(config))
        return None if milestone == AT_RETURN else milestone

    search = Search(
        settings,
        space,
        make_sampler(settings.sampler, space, seed=settings.seed, mode=space.mode),
        make_stopping(settings, space.mode),
        defaults=defaults,
        num_epochs=num_epochs,
        append=append,
    )
    logged = list(events)
    asked = {event["config_id"] for event in logged if event["event"] == "ask"}
    objective = Objective(space.metric, space.mode)
    _tell_evidence(search, study, outcomes, asked, seed)
    for event in logged:
        _repeat(search, event, defaults)
    found = [(trial, outcomes.get((trial.configuration.config_id, seed))) for trial in _in(search)]
    for trial, outcome in found:
        _note_values(search, trial, outcome, ResultRule(objective))
    for trial, outcome in found:
        _settle(search, trial, outcome, can_resume)
    return search


def _in(search: Search) -> list[SearchTrial]:
    return [search.trials[number] for number in sorted(search.trials)]


def _tell_evidence(
    search: Search,
    study: Mapping[str, Any],
    outcomes: Mapping[RowKey, RowOutcome],
    asked: set[str],
    seed: int,
) -> None:
    """Tell the results of rows that no search proposed, such as those of a grid."""
    objectives = search.objectives or (Objective(search.space.metric, search.space.mode),)
    for entry in study["configurations"]:
        config_id = entry["config_id"]
        outcome = outcomes.get((config_id, seed))
        if config_id in asked or outcome is None or outcome.status not in (*FINISHED, "diverged"):
            continue
        search.proposals.tried.add(config_id)
        config = search.point_of(entry["config"])
        if config is None:
            continue
        found = None if outcome.report is None else scores(objectives, outcome.report.record)
        told = Told("diverged")
        if found is not None:
            told = Told("finished", found[0], objectives=found if search.objectives else ())
        search.sampler.tell(None, config, told)


def _repeat(search: Search, event: Event, defaults: Config) -> None:
    """Repeat what an event says."""
    if event["event"] == "ask":
        configuration = make_configuration(event["config"], defaults)
        trial = search.add(event["number"], configuration)
        last, is_own = event.get("attempt", 0), event["from"] == search.settings.sampler
        if last == MOST_ATTEMPTS:  # the sampler was asked as often, before one was drawn at random
            last, is_own = last - 1, True
        search.begin(trial, restored_attempt=last if is_own else None)
        return
    if event.get("measures", search.measures) != search.measures:
        return  # values of another objective; those of this one are told from the rows
    values = {int(epoch): value for epoch, value in event["values"].items()}
    several = tuple(event.get("objectives", ()))
    told = Told(event["state"], event["value"], dict(sorted(values.items())), several)
    search.tell(search.trials[event["number"]], told)


def _note_values(
    search: Search, trial: SearchTrial, outcome: RowOutcome | None, rule: ResultRule
) -> None:
    """Note what a trial reported, and from which rungs it went on."""
    history = {} if outcome is None or outcome.trial is None else outcome.trial.history
    # The log has the same values. It has them alone if a study came without its trials.
    told = trial.told.values if trial.told else {}
    rows = {
        epoch: rule.objective.score(report.record)
        for epoch, report in history.items()
        if rule.is_reported(report.record)
    }
    trial.values = dict(sorted((rows or told).items()))
    is_finished = outcome is not None and outcome.status in FINISHED
    for epoch in trial.values:
        rung = trial.decides(epoch)
        if rung is not None:
            until = {e: value for e, value in trial.values.items() if e <= epoch}
            search.stopping.note(trial.number, rung, until)
            if is_finished or trial.last_epoch > epoch:
                search.stopping.promote(trial.number, rung)


def _settle(
    search: Search, trial: SearchTrial, outcome: RowOutcome | None, can_resume: CanResume
) -> None:
    """Find the state of a trial, and tell what was recorded and not told."""
    config_id = trial.configuration.config_id
    status = "missing" if outcome is None else outcome.status
    if status in FINISHED and outcome is not None and outcome.report is not None:
        score = Objective(search.space.metric, search.space.mode).score(outcome.report.record)
        several = scores(search.objectives, outcome.report.record)
        has_all = score is not None and several is not None
        state = "finished" if has_all else "diverged"
        search.on_end(config_id, state, score, objectives=several or ())
    elif status in ("diverged", "stopped", "timed_out"):
        if outcome is not None and status == "stopped":
            trial.can_resume = can_resume(outcome, trial.last_epoch)
        search.on_end(config_id, status)
    elif outcome is not None and outcome.trial is not None and trial.values and status != "failed":
        # A trial that failed had gone on after its last rung, and is tried again from there.
        last = trial.last_epoch
        resumes = can_resume(outcome, last)
        if not search.on_result(config_id, last, trial.values[last], can_resume=resumes):
            search.to_stop[config_id] = last
