"""Plans a trial for each configuration that a search asks for, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from search_spaces.configuration import Configuration
from tune_app.planning.plan import OpenRow, Plan, PlannedTrial
from tune_app.planning.planner import make_plan
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.resources import Cluster
from tune_app.planning.study_data import num_train
from tune_app.study.stop import STOPPED


def plan_search(study: PreparedStudy, cluster: Cluster) -> Plan:
    """Return the plan of a launch that searches.

    Its trials are those that earlier launches began and that have not ended. The search itself
    starts the others, and takes trials further that it had stopped.

    Args:
        study: the prepared study.
        cluster: the cluster to run on.
    """
    search = study.open_search(lambda _event: None)
    trials = SearchTrials(study, cluster, study.asked())
    search.leave_out(trials.left_open())
    outcomes = study.recorded.outcomes(study.ledger.study)
    finished = study.recorded.ended(study.ledger.study)
    settled = {
        *finished,
        *(key for key, outcome in outcomes.items() if outcome.status == STOPPED),
        *study.timed_out(),
    }
    begun = [
        replace(trial, rungs=search.rungs_of(config_id))
        for config_id, trial in trials.planned.items()
        if settled.isdisjoint(trial.row_keys()) and config_id not in search.to_stop
    ]
    open_rows = tuple(row for row in trials.open_rows if row.key not in settled)
    left = {key for trial in begun for key in trial.row_keys()}
    is_open = {row.key for row in open_rows}
    return Plan(
        trials=tuple(begun),
        finished=finished,
        open_rows=open_rows,
        num_rows=len(outcomes),
        num_epochs_unshared=sum(trial.num_epochs or 0 for trial in begun),
        exclusive=study.request.space.exclusive,
        lacking=tuple(trials.kinds()[1]),
        left_out=frozenset(outcomes.keys() - finished.keys() - left - is_open),
        is_searching=bool(search.to_stop) or not search.is_done,
    )


class SearchTrials:
    """The trials of one search.

    Every configuration gets a trial of its own: two that need the same training, such as two that
    differ only in a parameter without effect, must not run as one trial at the same time. The first
    of them keeps the key that it has in a study without a search, so its trial can be taken further
    with ``--continue``.

    Args:
        study: the prepared study.
        cluster: the cluster to run on.
        asked: the configurations that earlier launches asked for, in that order.

    Attributes:
        planned: config_id -> its trial, of all that can run here.
        open_rows: those that cannot.
    """

    def __init__(
        self, study: PreparedStudy, cluster: Cluster, asked: Iterable[Configuration] = ()
    ) -> None:
        self._study = study
        self._cluster = cluster
        (self._seed,) = study.ledger.study["seeds"]
        self._taken: dict[str, str] = {}
        self.planned: dict[str, PlannedTrial] = {}
        self.open_rows: list[OpenRow] = []
        for configuration in asked:
            self.of(configuration)

    def left_open(self) -> list[str]:
        """Return the config_ids of those that cannot run here."""
        return [row.key[0] for row in self.open_rows]

    def kinds(self) -> tuple[list[Mapping[str, float]], list[Mapping[str, float]]]:
        """Return each set of resources that a trial of the space may request.

        Returns:
            Those that the cluster can hold, and those that no node has.
        """
        held: dict[frozenset[tuple[str, float]], Mapping[str, float]] = {}
        lacking: dict[frozenset[tuple[str, float]], Mapping[str, float]] = {}
        for corner in self._study.request.space.corners():
            plan = self._plan(corner, sharing=False)
            held |= {frozenset(t.resources.items()): t.resources for t in plan.trials}
            lacking |= {frozenset(kind.items()): kind for kind in plan.lacking}
        return list(held.values()), list(lacking.values())

    def of(self, configuration: Configuration) -> PlannedTrial | OpenRow:
        """Return the trial of a configuration, or why it cannot run here."""
        plan = self._plan(configuration, sharing=self._study.request.sharing)
        if plan.open_rows:
            self.open_rows += plan.open_rows
            return plan.open_rows[0]
        if self._taken.get(plan.trials[0].key, configuration.config_id) != configuration.config_id:
            plan = self._plan(configuration, sharing=False)
        (trial,) = plan.trials
        self._taken[trial.key] = configuration.config_id
        self.planned[configuration.config_id] = trial
        return trial

    def _plan(self, configuration: Configuration, *, sharing: bool) -> Plan:
        study = self._study
        return make_plan(
            [configuration],
            [self._seed],
            study.trainable,
            study.request.space.resources,
            cluster=self._cluster,
            finished={},
            num_train=num_train(study.images),
            options=replace(study.plan_options(), sharing=sharing),
        )
