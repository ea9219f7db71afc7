"""A search: what is tried next, which trials end early, and when it is over.

The engine asks for the next trial when it has room for one, and tells what the trials report. All
decisions are taken here, without Ray. What was decided is in the log of the search and in the
results of the trials, so the state is never saved: :mod:`tune_app.planning.search.rebuild` makes it
anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from search_spaces.configuration import Config, Configuration
from search_spaces.space import SearchSpace
from tune_app.planning.search.proposals import Proposals
from tune_app.planning.search.sampler import Sampler, Told
from tune_app.planning.search.search_trial import SearchTrial
from tune_app.planning.search.steps import New, Promote
from tune_app.planning.search.stopping import Stopping
from tune_app.study.objective import Objective
from tune_app.study.search_log import Event, ask_event, tell_event
from tune_app.study.search_settings import SearchSettings


class Search:
    """The state of a search.

    Args:
        settings: what was asked for.
        space: the search space.
        sampler: proposes configurations.
        stopping: the rule that ends trials early.
        defaults: the trainable's values of parameters that a configuration may leave out.
        num_epochs: configuration -> its last epoch, or None if that is unknown.
        append: adds an event to the log. The event is on the disk when it returns.

    Attributes:
        trials: number -> proposal, in the order in which they were asked for.
        to_stop: config_id -> rung: trials that were stopped by a launch which was killed before it
            had noted that in their directories.
    """

    def __init__(
        self,
        settings: SearchSettings,
        space: SearchSpace,
        sampler: Sampler,
        stopping: Stopping,
        *,
        defaults: Config,
        num_epochs: Callable[[Config], int | None],
        append: Callable[[Event], None],
    ) -> None:
        self.settings, self.sampler, self.stopping = settings, sampler, stopping
        self.proposals = Proposals(settings, space, sampler, defaults)
        self.trials: dict[int, SearchTrial] = {}
        self.to_stop: dict[str, int] = {}
        self.space, self._defaults = space, defaults
        self._num_epochs, self._append = num_epochs, append
        self._numbers: dict[str, int] = {}
        self._active: set[int] = set()
        self._paused: dict[int, int] = {}
        self._has_finished = False

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The objectives if there are several; else none."""
        return tuple(Objective(*entry) for entry in self.space.objectives.items())

    @property
    def measures(self) -> list[str]:
        """The names of the objectives, the one that picks first."""
        return [*self.space.objectives] or [self.space.metric]

    def next(self) -> New | Promote | None:
        """Return what to start in a free slot, or None if there is nothing to start now.

        The proposal of a new trial is in the log before this returns.
        """
        promoted = self.stopping.promotable(self._paused)
        if promoted is not None:
            return self._promote(promoted)
        if self._wants_more() and (new := self._propose()) is not None:
            return new
        last = self._last_resort()
        if last is None:
            return None
        self.trials[last].to_the_end = True
        return self._promote(last)

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to start, now or later."""
        return (
            not self._wants_more()
            and not self._active
            and self.stopping.promotable(self._paused) is None
            and self._last_resort() is None
        )

    def rungs_of(self, config_id: str) -> tuple[int, ...]:
        """Return the epochs at which the trial of a proposal may have to pause, ascending."""
        trial = self._trial(config_id)
        return () if trial is None else trial.rungs

    def on_result(
        self, config_id: str, epoch: int, value: float | None, *, can_resume: bool = True
    ) -> bool:
        """Note what a trial reported, and return whether it goes on.

        Args:
            config_id: the trial's configuration. One that the search did not propose goes on.
            epoch: the epoch. Rows without the objective are left out.
            value: the objective; None if it is no finite number.
            can_resume: whether the trial could go on later from a checkpoint of this epoch.
        """
        trial = self._trial(config_id)
        if trial is None:
            return True
        trial.values[epoch] = value
        self._move(trial, "running")
        rung = trial.decides(epoch)
        if rung is None or trial.to_the_end:
            return True
        trial.can_resume = can_resume
        return self.stopping.report(trial.number, rung, trial.values, can_resume=can_resume)

    def forget(self, config_id: str, epoch: int) -> None:
        """Forget what a trial reported from an epoch on: another attempt begins there."""
        trial = self._trial(config_id)
        if trial is not None:
            trial.values = {e: value for e, value in trial.values.items() if e < epoch}

    def on_end(
        self,
        config_id: str,
        state: str,
        value: float | None = None,
        values: Mapping[int, float | None] | None = None,
        objectives: tuple[float, ...] = (),
    ) -> None:
        """Note how a trial ended, tell the sampler and add that to the log.

        What was told already is not told again.

        Args:
            config_id: the trial's configuration. One that the search did not propose is passed by.
            state: ``finished``, ``stopped``, ``failed``, ``diverged`` or ``timed_out``.
            value: the objective; None without a result. If the trial was stopped or timed out, its
                last value is taken.
            values: epoch -> the value there, of all epochs (default: what was reported here).
            objectives: with several objectives: the value of each, if the trial is finished.
        """
        trial = self._trial(config_id)
        if trial is None:
            return
        trial.values |= dict(values or {})
        self._move(trial, state)
        self.to_stop.pop(config_id, None)
        if state in ("stopped", "timed_out"):
            value = trial.values.get(trial.last_epoch)
        if state == "diverged":
            self.stopping.note_divergence(trial.number, trial.rungs)
        told = Told(state, value, dict(sorted(trial.values.items())), objectives)
        if trial.is_news(told):
            by = self.measures
            self._append(
                tell_event(trial.number, state, value, told.values, objectives, measures=by)
            )
            self.tell(trial, told)

    def leave_out(self, config_ids: Iterable[str]) -> None:
        """Neither start nor wait for the trials of proposals that cannot run in this launch.

        Nothing is told: they go on as they were in a launch that can run them.
        """
        for config_id in config_ids:
            trial = self._trial(config_id)
            if trial is not None:
                self._active.discard(trial.number)
                self._paused.pop(trial.number, None)
                self.to_stop.pop(config_id, None)

    def add(self, number: int, configuration: Configuration) -> SearchTrial:
        """Add a proposal. Nothing is written."""
        last_epoch = self._num_epochs(configuration.config)
        rungs = self.settings.rungs_before(last_epoch)
        trial = self.trials[number] = SearchTrial(number, configuration, rungs)
        self._numbers[configuration.config_id] = number
        self._active.add(number)
        self.proposals.tried.add(configuration.config_id)
        return trial

    def begin(self, trial: SearchTrial, restored_attempt: int | None = None) -> None:
        """Tell the sampler that a trial runs.

        Args:
            trial: the proposal.
            restored_attempt: if this sampler was asked for it in an earlier launch: the number of
                the last attempt.
        """
        config = self.point_of(trial.configuration.config)
        if config is not None:
            if restored_attempt is not None:
                self.sampler.restore(trial.number, restored_attempt)
            self.sampler.begin(trial.number, config)

    def tell(self, trial: SearchTrial, told: Told) -> None:
        """Tell the sampler what became of a trial."""
        trial.told = told
        config = self.point_of(trial.configuration.config)
        if config is not None:
            self.sampler.tell(trial.number, config, told)

    def point_of(self, config: Config) -> Config | None:
        """Return a configuration with all parameters of the space; None if it is none of it."""
        return self.space.point_of(config, self._defaults)

    def _trial(self, config_id: str) -> SearchTrial | None:
        number = self._numbers.get(config_id)
        return None if number is None else self.trials[number]

    def _move(self, trial: SearchTrial, state: str) -> None:
        """Change the state of a trial."""
        trial.state = state
        self._paused.pop(trial.number, None)
        self._active.discard(trial.number)
        if state == "running":
            self._active.add(trial.number)
        rung = trial.rung_at(trial.last_epoch)
        if state == "stopped" and trial.can_resume and rung is not None:
            self._paused[trial.number] = rung
        self._has_finished |= state == "finished"

    def _last_resort(self) -> int | None:
        """Return the trial that goes on if nothing else is left and none has reached its end."""
        if self._active or self._has_finished:
            return None
        return self.stopping.last_resort(self._paused)

    def _promote(self, number: int) -> Promote:
        trial = self.trials[number]
        epoch = trial.last_epoch
        self.stopping.promote(number, self._paused[number])
        self._move(trial, "running")
        later = tuple(rung for rung in trial.rungs if rung > epoch)
        return Promote(number, trial.configuration, epoch, later)

    def _wants_more(self) -> bool:
        return len(self.trials) < self.settings.num_trials and not self.proposals.ended_because

    def _propose(self) -> New | None:
        number = len(self.trials)
        proposal = self.proposals.next(number)
        if proposal is None:
            return None
        configuration, source, attempt = proposal
        config_id, config = configuration.config_id, configuration.config
        self._append(ask_event(number, config_id, config, source, attempt))
        trial = self.add(number, configuration)
        self.begin(trial)
        return New(number, configuration, trial.rungs)
