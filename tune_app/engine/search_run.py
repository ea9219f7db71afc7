"""Runs a search: turns what it asks for into trials of Tune, and tells it what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.result import SHOULD_CHECKPOINT

from search_spaces.configuration import Configuration
from tune_app.engine.own_function import FAILURE
from tune_app.engine.trial_configs import newest_record, trial_config
from tune_app.planning.plan import OpenRow, PlannedTrial
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.search.search import Search
from tune_app.planning.search.steps import New
from tune_app.planning.search_trials import SearchTrials
from tune_app.study.objective import scores
from tune_app.study.result_rule import ResultRule
from tune_app.study.stop import STOPPED, STOPPED_FILE, Stop
from tune_app.study.trial_record import AT_RETURN, record_problem


@dataclass
class _Asked:
    """A configuration that the search asked for.

    Attributes:
        config_id: the configuration.
        planned: its trial, as it was started last.
        rows: epoch -> the objective as it was reported, over all launches.
        status: what the newest row says in ``status``.
        begins_again: whether the next row is the first of another attempt.
        directories: the names of its directories in this launch, oldest first.
    """

    config_id: str
    planned: PlannedTrial
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    status: str = "ok"
    begins_again: bool = False
    directories: list[str] = field(default_factory=list)


class SearchRun:
    """The trials of a search during one launch.

    A trial that a rung stops is ended for Tune, so that its slot is free at once. If the search
    takes it further, it is a new trial of Tune with the same key, in a directory of its own, which
    goes on from the checkpoint of the rung.

    Args:
        study: the prepared study. Its configurations grow by those that are asked for.
        search: decides what to run.
        trials: plans a trial for each configuration.
        launch: the launch's name.
        stops: Tune's id of a trial -> why it is ended early. The recorder reads it.
        on_new: gets each trial of the search before it is started.

    Attributes:
        launched: the trials that the search started in this launch.
        open_rows: configurations that cannot run here.
        kinds: each set of resources that a trial of the search may request.
    """

    def __init__(
        self,
        study: PreparedStudy,
        search: Search,
        trials: SearchTrials,
        launch: str,
        *,
        stops: MutableMapping[str, Stop],
        on_new: Callable[[PlannedTrial], None],
    ) -> None:
        self._study, self._search, self._trials = study, search, trials
        self._launch, self._stops, self._on_new = launch, stops, on_new
        self._rule = ResultRule.of_study(study.ledger.study)
        assert study.search is not None
        self._by = study.search.stopping
        self._known = {entry["config_id"] for entry in study.ledger.study["configurations"]}
        self._asked: dict[str, _Asked] = {}
        self._key_of: dict[str, str] = {}
        for planned in trials.planned.values():
            self._note(planned)
        self.launched: list[PlannedTrial] = []
        self.open_rows: list[OpenRow] = []
        self.kinds, _ = trials.kinds()
        search.leave_out(trials.left_open())
        self._stop_as_decided()

    def __getstate__(self) -> dict[str, Any]:
        """Leave everything out: Tune pickles its callbacks; a search is rebuilt from its log."""
        return {}

    @property
    def notes(self) -> list[str]:
        """Why the search ends before it has tried as many configurations as asked for."""
        because = self._search.proposals.ended_because
        return [f"the search ends early: {because}"] if because else []

    @property
    def is_done(self) -> bool:
        """Whether the search starts no more trials, whatever the running ones report."""
        return self._search.is_done

    def take(self) -> dict[str, Any] | None:
        """Return the config of the next trial for Tune, or None if there is none for now."""
        while (step := self._search.next()) is not None:
            if isinstance(step, New):
                planned = self._add(step.configuration)
                if planned is None:
                    continue
            else:
                asked = self._asked[self._key_of[step.configuration.config_id]]
                planned = asked.planned.taken_further(step.epoch)
            planned = replace(planned, rungs=step.rungs)
            asked = self._note(planned)
            begun = newest_record(self._study, planned.key, self._launch, asked.directories)
            asked.directories.append(planned.name)
            self.launched.append(planned)
            self._on_new(planned)
            return trial_config(planned, self._study.ledger, begun, self._launch)
        return None

    def on_start(self, trial: Trial) -> None:
        """Note that an attempt of a trial begins."""
        asked = self._asked.get(trial.config["plan"]["trial_key"])
        if asked is not None:
            asked.begins_again = self._study.trainable.is_own

    def on_result(self, trial: Trial, result: Mapping[str, Any]) -> bool:
        """Tell the search a reported row; return whether the trial goes on.

        Another attempt repeats rows after its checkpoint. They are not told again, but for a user's
        function: as in the study, the rows of the attempt that goes on count.
        """
        asked = self._asked.get(trial.config["plan"]["trial_key"])
        if asked is None or FAILURE in result or record_problem(result):
            return True
        epoch = int(result["epoch"])
        asked.status = str(result.get("status", "ok"))
        if asked.begins_again:
            asked.begins_again = False
            asked.rows = {e: row for e, row in asked.rows.items() if e < epoch}
            self._search.forget(asked.config_id, epoch)
        if epoch in asked.rows:
            return True
        asked.rows[epoch] = self._kept(result)
        is_last = epoch == asked.planned.milestones[-1] or asked.status == "diverged"
        if is_last or not self._rule.is_reported(result):
            return True
        can_resume = bool(result.get(SHOULD_CHECKPOINT))
        value = self._rule.objective.score(result)
        if self._search.on_result(asked.config_id, epoch, value, can_resume=can_resume):
            return True
        self._stops[trial.trial_id] = Stop(STOPPED, epoch, self._by)
        return False

    def on_end(self, trial: Trial, *, failed: bool) -> None:
        """Tell the search how a trial ended. All its files have been written."""
        asked = self._asked.get(trial.config["plan"]["trial_key"])
        if asked is None:
            return
        values = self._values(asked)
        stop = self._stops.get(trial.trial_id)
        last: int | None = asked.planned.milestones[-1]
        if last == AT_RETURN:
            last = self._rule.epoch_of_result(asked.rows)
        value = None if last is None else values.get(last)
        several = scores(self._search.objectives, asked.rows.get(last or 0, {}))
        if stop is not None:
            state, value = stop.status, values.get(stop.epoch)
        elif failed:
            state, value = "failed", None
        else:
            has_all = value is not None and several is not None
            state = "finished" if has_all and asked.status != "diverged" else "diverged"
        objectives = several if state == "finished" and several else ()
        self._search.on_end(asked.config_id, state, value, values, objectives)

    def _stop_as_decided(self) -> None:
        """Stop the trials that a killed launch had decided to stop, and did not come to."""
        store = self._study.ledger.store
        for config_id, epoch in list(self._search.to_stop.items()):
            key = self._key_of.get(config_id)
            begun = self._study.recorded.trials.get(key or "")
            if key is None or begun is None or begun.newest.path is None:
                continue
            stop, values = Stop(STOPPED, epoch, self._by), self._values(self._asked[key])
            with store.guarded():
                store.write(begun.newest.path / STOPPED_FILE, stop.as_json().encode())
            self._search.on_end(config_id, STOPPED, values.get(epoch), values)

    def _values(self, asked: _Asked) -> dict[int, float | None]:
        score = self._rule.objective.score
        rows = sorted(asked.rows.items())
        return {epoch: score(row) for epoch, row in rows if self._rule.is_reported(row)}

    def _kept(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the search needs of a row."""
        names = (self._rule.objective.metric, *self._study.request.space.objectives)
        return {name: row.get(name) for name in names}

    def _add(self, configuration: Configuration) -> PlannedTrial | None:
        """Add a configuration to the study; return its trial, or None if it cannot run here."""
        config_id = configuration.config_id
        if config_id not in self._known:
            self._known.add(config_id)
            entry = {"config_id": config_id, "config": configuration.config}
            self._study.ledger.study["configurations"].append(entry)
        planned = self._trials.of(configuration)
        if isinstance(planned, PlannedTrial):
            return planned
        self.open_rows.append(planned)
        self._search.on_end(config_id, "failed", None, {})
        return None

    def _note(self, planned: PlannedTrial) -> _Asked:
        """Note a trial that is about to start; keep what is known of it."""
        if planned.key in self._asked:
            self._asked[planned.key].planned = planned
            return self._asked[planned.key]
        begun = self._study.recorded.trials.get(planned.key)
        history = {} if begun is None else begun.history
        config_id = planned.serves[planned.milestones[-1]][0]
        rows = {epoch: self._kept(r.record) for epoch, r in history.items()}
        self._key_of[config_id] = planned.key
        self._asked[planned.key] = _Asked(config_id, planned, rows)
        return self._asked[planned.key]
