"""A request together with its data and with what its study has recorded already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from search_spaces.configuration import Configuration
from search_spaces.errors import did_you_mean, one_line
from tune_app.data.own_data import split_notes
from tune_app.data.split_data import SplitData
from tune_app.planning.checked_request import CheckedRequest
from tune_app.planning.code_change import code_notes
from tune_app.planning.objectives import check_recorded
from tune_app.planning.order import LONGEST, RANDOM, Order
from tune_app.planning.plan import Plan
from tune_app.planning.planner import PlanOptions, make_plan
from tune_app.planning.repeats import check_seeds
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.study_data import (
    check_objective,
    load_images,
    num_train,
)
from tune_app.planning.wanted_ledger import make_ledger
from tune_app.study.ledger import Ledger
from tune_app.study.measures import measured
from tune_app.study.objective import Objective
from tune_app.study.recorded import Recorded
from tune_app.study.rows import RowOutcome
from tune_app.study.search_log import Event, asked_configurations, read_events
from tune_app.study.search_settings import SearchSettings
from tune_app.study.stop import TIMED_OUT
from tune_app.study.trials import RowKey
from tune_app.training.checkpoint import find_checkpoints
from tune_app.training.registry import Trainable

if TYPE_CHECKING:
    from tune_app.planning.search.search import Search


@dataclass(frozen=True)
class PreparedStudy:
    """Everything that a plan is made from. Nothing has been written yet.

    Attributes:
        checked: the request.
        images: data set -> its items, split.
        ledger: the study, extended by what the request adds.
        num_added: the number of rows that the request adds to an existing study.
        recorded: what earlier launches recorded.
        events: what earlier searches asked for and were told, oldest first.
        only: the rows to which the launch is confined; None for all.
    """

    checked: CheckedRequest
    images: Mapping[str, SplitData]
    ledger: Ledger
    num_added: int
    recorded: Recorded
    events: Sequence[Event] = ()
    only: frozenset[RowKey] | None = None

    @property
    def request(self) -> StudyRequest:
        """What the user asks for."""
        return self.checked.request

    @property
    def trainable(self) -> Trainable:
        """The trainable of the study."""
        return self.checked.trainable

    @property
    def search(self) -> SearchSettings | None:
        """The settings of the search, or None if the launch does not search."""
        return self.checked.search

    def open_search(self, append: Callable[[Event], None]) -> Search:
        """Return the search as earlier launches left it.

        Args:
            append: writes an event to the log of the search.
        """
        from tune_app.planning.search.rebuild import open_search

        assert self.search is not None
        return open_search(
            self.search,
            self.request.space,
            self.trainable,
            study=self.ledger.study,
            events=self.events,
            outcomes=self.recorded.outcomes(self.ledger.study),
            seed=int(self.ledger.study["seeds"][0]),
            append=append,
            can_resume=_can_resume,
        )

    def asked(self) -> list[Configuration]:
        """Return the configurations that earlier searches asked for, in that order."""
        entries = asked_configurations(self.events)
        return [Configuration(entry["config_id"], entry["config"]) for entry in entries]

    def timed_out(self) -> set[RowKey]:
        """Return the rows that took longer than this launch allows a trial. They are not tried.

        Rows to which the launch is not confined are not among them.
        """
        allowed = self.request.limits.trial_seconds
        return {
            key
            for key, outcome in self.recorded.outcomes(self.ledger.study).items()
            if outcome.status == TIMED_OUT and allowed is not None and outcome.trial is not None
            if self.only is None or key in self.only
            if outcome.trial.newest.stop is not None
            and outcome.trial.newest.stop.seconds >= allowed
        }

    def at_target(self) -> str:
        """Return in words that a row of an earlier launch has reached the target; else nothing.

        Only rows to which the launch is confined count, and one that is taken further goes on.
        """
        if self.request.limits.target is None or self.request.further is not None:
            return ""
        outcomes = self.recorded.outcomes(self.ledger.study)
        mine = [o for key, o in outcomes.items() if self.only is None or key in self.only]
        reached = (self.request.limits.reached_by(o.report.record) for o in mine if o.report)
        return next(filter(None, reached), "")

    def notes(self) -> list[str]:
        """Return what a user has to know of the study that is there, one line each."""
        notes = [*self.request.notes, *self.recorded.notes, *split_notes(self.images)]
        notes += self._target_notes()
        existing = self.checked.existing
        if existing is not None:
            before, now = (
                ", ".join(map(str, Objective.all_of_study(study)))
                for study in (existing.study, self.ledger.study)
            )
            if before != now:
                notes.append(
                    f"the objective of the study was {before} and is now {now}; the best "
                    "configurations and the weights that are kept follow it"
                )
            notes += code_notes(existing.study, self.ledger.study, self.recorded)
        return [f"note: {one_line(note)}" for note in notes]

    def _target_notes(self) -> list[str]:
        """Return that the measure of the target is reported by no row with a result, if so."""
        if self.request.limits.target is None:
            return []
        name, value = self.request.limits.target
        outcomes = self.recorded.outcomes(self.ledger.study).values()
        known = {key for o in outcomes if o.report for key in measured(o.report.record)}
        if not known or name in known:
            return []
        hint = did_you_mean(name, sorted(known))
        return [f"--target {name}={value:g}: no row with a result reports {name}{hint}"]

    def is_changed(self) -> bool:
        """Return whether the request changes what ``study.json`` says of an existing study."""
        existing = self.checked.existing
        return existing is not None and existing.study != self.ledger.study

    def plan(self, cluster: Cluster) -> Plan:
        """Return the plan for the rows that are not finished."""
        finished, left_out = self.recorded.ended(self.ledger.study), self.timed_out()
        if self.request.further is not None:
            left_out = set()  # a trial that took too long is taken further too
        if self.only is not None:
            left_out |= set(self.ledger.row_keys()) - self.only
        return make_plan(
            self.ledger.configurations(),
            self.ledger.study["seeds"],
            self.trainable,
            self.request.space.resources,
            cluster=cluster,
            finished=finished,
            num_train=num_train(self.images),
            options=self.plan_options(),
            left_out=left_out - finished.keys(),
        )

    def plan_options(self) -> PlanOptions:
        """Return how the trials of the study run."""
        return PlanOptions(
            device=str(self.ledger.study["device"]),
            sharing=self.request.sharing,
            trials_per_gpu=self.request.trials_per_gpu,
            exclusive=self.request.space.exclusive,
            order=self.order(),
        )

    def order(self) -> Order:
        """Return the order in which trials start.

        Unless the user names one, it is random where time is measured: if the machine becomes
        slower or faster during the study, no value of a factor is favoured.
        """
        return self.request.order or Order(RANDOM if self.request.space.exclusive else LONGEST)

    def on(self, cluster: Cluster) -> PreparedStudy:
        """Return this study for a changed cluster. A new study uses a GPU that has been added."""
        made = make_ledger(self.checked, self.images, self.checked.device(cluster))
        return replace(self, ledger=made[0], num_added=made[1], only=made[2])


def prepare(checked: CheckedRequest, cluster: Cluster) -> PreparedStudy:
    """Load the data and read what the study has recorded.

    Raises:
        UserError: there are no such images, the trainable does not report the objective or no
            result has it, new seeds would repeat the result of another seed, or the existing study
            was made with other data or settings.
    """
    checked = checked.with_own_data(lambda _line: None)
    images = load_images(checked.request, checked.dataset_names(), checked.own_data)
    check_objective(checked.request.space, checked.trainable, images)
    _check_new_seeds(checked, images)
    ledger, num_added, only = make_ledger(checked, images, checked.device(cluster))
    if checked.request.fresh:
        return PreparedStudy(checked, images, ledger, num_added, Recorded(()), only=only)
    recorded = ledger.read_trials()
    if checked.trainable.is_own:
        check_recorded(checked.request, recorded)
    events = read_events(ledger.store)
    return PreparedStudy(checked, images, ledger, num_added, recorded, events, only)


def _can_resume(outcome: RowOutcome, epoch: int) -> bool:
    """Return whether a trial has a checkpoint of an epoch."""
    trial = outcome.trial
    folders = [] if trial is None else [d.path for d in trial.directories if d.path is not None]
    return trial is not None and any(
        index.epoch == epoch for folder in folders for index in find_checkpoints(folder, trial.key)
    )


def _check_new_seeds(checked: CheckedRequest, images: Mapping[str, SplitData]) -> None:
    """Refuse new seeds that would repeat the result of another seed."""
    request = checked.request
    known = set(checked.existing.study["seeds"]) if checked.existing else set()
    if checked.search is None and not request.vary_split and set(request.seeds) - known:
        seeds = known | set(request.seeds)
        check_seeds(request.space, seeds, checked.trainable, num_train(images))
