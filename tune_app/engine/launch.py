"""One launch of a study: prepare, plan, execute, conclude.

A run locks the study before it reads it and until it ends. It reads the study once and passes
on what it read. It writes nothing before it executes a plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from search_spaces.errors import UserError, one_line
from tune_app.engine import connection
from tune_app.engine.cluster.joining import wait_for_nodes
from tune_app.engine.cluster.nodes import run_on_nodes
from tune_app.engine.cluster.shared_storage import check_storage
from tune_app.engine.cluster.versions import check_versions, versions_task
from tune_app.engine.conclusion import EXIT_FAILED, EXIT_OPEN, Executed, conclude
from tune_app.engine.display import LaunchDisplay
from tune_app.engine.execution import execute
from tune_app.engine.housekeeping import read_again, tidy
from tune_app.engine.launch_end import LaunchEnd
from tune_app.engine.launch_record import launch_record
from tune_app.engine.signals import StopSignals
from tune_app.engine.user_code import ship
from tune_app.planning.checked_request import CheckedRequest, check_request
from tune_app.planning.further import further_notes
from tune_app.planning.plan import Plan
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.search_trials import plan_search
from tune_app.planning.sharing_check import check_result, with_check
from tune_app.planning.study_estimate import estimate_study, fit_budget
from tune_app.storage.storage_errors import StudyHeldError
from tune_app.study.arithmetic import change_notes
from tune_app.study.ledger import put_aside


class Launch:
    """One execution of ``tune_app.run``.

    Args:
        request: what the command asks for.
        display: shows the launch to the user.
        signals: the signals that stop the launch.
        ends_process: whether a second signal, or one while Ray starts, ends the process at once, as
            it should a command. Otherwise it raises a KeyboardInterrupt.
    """

    def __init__(
        self,
        request: StudyRequest,
        display: LaunchDisplay,
        signals: StopSignals,
        *,
        ends_process: bool = True,
    ) -> None:
        self._request = request
        self._ends_process = ends_process
        self._display = display
        self._signals = signals
        self._end = LaunchEnd(request, display, signals)

    def show_plan(self) -> int:
        """Show what a run would do, and write nothing. Returns the exit status.

        The display is told of the plan, of notes, and last of the estimate.
        """
        with self._signals.undisguised(), ExitStack() as connected:
            checked = check_request(self._request)
            if self._request.address is None:
                cluster = connection.local_cluster()
            else:
                cluster, _ = connected.enter_context(self._connected())
            study = self._prepare(checked, cluster)
            plan = self._plan(study, cluster)
            self._display.plan(study, plan, cluster)
            self._display.notes(*study.notes(), *further_notes(study, plan))
            if plan.with_check().trials or plan.is_searching:
                if study.trainable.probe is not None:
                    self._display.say("measuring the speed of a few training steps")
                self._display.estimate(estimate_study(study, plan.with_check(), cluster, ship))
        return 0

    def run(self) -> int:
        """Run the missing rows. Returns the exit status (see :mod:`tune_app.cli.run_command`)."""
        try:
            with self._signals.undisguised():
                status = self._run()
        except KeyboardInterrupt:
            self._end.notify(self._end.stopped())
            raise
        except Exception as error:
            self._end.reason = one_line(str(error) or type(error).__name__)
            self._end.notify(EXIT_FAILED)
            raise
        self._end.notify(status)
        return status

    def _run(self) -> int:
        with ExitStack() as held:
            refusal = self._lock(held)
            if self._request.address is None:
                return self._run_here(refusal)
            if refusal is not None:
                raise refusal
            return self._run_on_cluster()

    def _lock(self, held: ExitStack) -> UserError | None:
        """Lock the study until ``held`` is closed; return the refusal if that is not possible."""
        try:
            held.enter_context(self._request.store.lock())
        except StudyHeldError as error:
            raise StudyHeldError(f"{error}; --study NAME begins another one") from None
        except UserError as refusal:
            return refusal
        with self._request.store.guarded():
            self._request.store.refresh()
        return None

    def _run_here(self, refusal: UserError | None) -> int:
        """Run on this machine. Ray starts only if there are trials to run.

        Args:
            refusal: why the study cannot be locked, or None. A finished study needs no lock, so it
                may lie on a full or read-only disk.
        """
        checked = check_request(self._request)
        cluster = connection.local_cluster()
        study = self._prepare(checked, cluster)
        plan = self._plan(study, cluster)
        if plan.is_empty:
            return self._nothing_missing(study, plan, is_locked=refusal is None)
        if target := study.at_target():
            return self._at_target(study, plan, target)
        if refusal is not None:
            raise refusal
        if not plan.with_check().trials and not plan.is_searching:
            return self._run_plan(study, plan, cluster, dashboard="")
        with self._connected() as (cluster, dashboard):
            return self._run_plan(study, plan, cluster, dashboard)

    def _run_on_cluster(self) -> int:
        """Run on a running cluster, after checking the code and the storage of its nodes."""
        request = self._request
        checked = check_request(request)
        with self._connected() as (found, dashboard):
            check_versions(run_on_nodes(versions_task()))
            check_storage(request.store, found, shared=request.shared_storage)
            cluster, study = found, self._prepare(checked, found)
            plan = self._plan(study, cluster)
            if plan.lacking and request.wait_seconds:
                say = self._display.say
                cluster = wait_for_nodes(plan.lacking, cluster, request.wait_seconds, say)
                study = study.on(cluster)
                plan = self._plan(study, cluster)
            if plan.is_empty:
                return self._nothing_missing(study, plan, is_locked=True)
            if target := study.at_target():
                return self._at_target(study, plan, target)
            return self._run_plan(study, plan, cluster, dashboard)

    def _nothing_missing(self, study: PreparedStudy, plan: Plan, *, is_locked: bool) -> int:
        """Show that no row is to be run, and bring the study's files up to date if possible.

        Returns the exit status.
        """
        with suppress(UserError, OSError):
            if is_locked:
                if study.is_changed():
                    study.ledger.save()
                # A driver that was killed after the last row has not tidied up.
                tidy(study.ledger, study.recorded)
        self._display.say(*study.notes())
        self._display.nothing_missing(study, plan)
        return EXIT_OPEN if study.timed_out() else 0

    def _at_target(self, study: PreparedStudy, plan: Plan, target: str) -> int:
        """Show that an earlier launch has reached the target; return the exit status."""
        nothing = replace(plan, trials=(), open_rows=(), check=None, is_searching=False)
        done = Executed(all_ended=False, limit=target, is_target=True)
        conclusion = conclude(study.ledger, nothing, study.recorded, done)
        self._end.early(nothing, conclusion, done)
        self._display.conclusion(study, nothing, conclusion, self._end.again())
        return conclusion.exit_status

    def _prepare(self, checked: CheckedRequest, cluster: Cluster) -> PreparedStudy:
        checked = checked.with_own_data(self._display.say)
        if self._request.budget_seconds is not None:
            checked = fit_budget(checked, cluster, ship, self._display.say)
        return prepare(checked, cluster)

    def _plan(self, study: PreparedStudy, cluster: Cluster) -> Plan:
        plan = study.plan(cluster) if study.search is None else plan_search(study, cluster)
        return with_check(study, plan, cluster) if self._request.check_sharing else plan

    @contextmanager
    def _connected(self) -> Iterator[tuple[Cluster, str]]:
        """Connect to or start a cluster; yield its resources and its dashboard's address."""
        address = self._request.address
        self._display.say(*connection.prepare(address))
        if address != connection.EXISTING:
            self._display.say("starting Ray" if address is None else f"connecting to {address}")
        with self._signals.kept_from_ray():
            cluster, dashboard = connection.connect(address)
        try:
            try:
                yield cluster, dashboard
            except Exception:
                connection.disconnect(address)
                raise
            connection.disconnect(address)
        except KeyboardInterrupt:
            if not self._ends_process:
                connection.disconnect(address)
                raise
            # The first signal ends the trials in order. A second one ends the process at once,
            # without waiting for Ray.
            status = self._end.stopped()
            self._end.notify(status)
            connection.abandon(status)

    def _run_plan(self, study: PreparedStudy, plan: Plan, cluster: Cluster, dashboard: str) -> int:
        """Record the launch, run its trials, and conclude. Returns the exit status."""
        ledger, recorded = study.ledger, study.recorded
        if self._request.fresh and not ledger.store.is_empty():
            with ledger.store.guarded():
                kept = put_aside(ledger.store)
            self._display.kept(ledger.store, kept)
        if study.num_added:
            rows = "row" if study.num_added == 1 else "rows"
            self._display.say(f"the study grows by {study.num_added} {rows}")
        record = launch_record(study, plan)
        self._display.plan(study, plan, cluster)
        self._display.notes(*study.notes(), *further_notes(study, plan))
        self._display.notes(*change_notes(ledger.study["launches"], record))
        with ledger.store.guarded():
            tidy(ledger, recorded)
            name = ledger.start_launch(record)
        self._end.has_begun = True
        done = Executed()
        launched = plan.with_check()
        if launched.trials or launched.is_searching:
            self._display.links(dashboard, ledger)
            self._signals.raise_dropped()
            display = self._display.trials(study, launched)
            done = execute(study, launched, name, display, self._end.started)
            self._signals.catch_interrupts()
            self._display.say(*done.notes)
        recorded = read_again(study, name)
        conclusion = conclude(ledger, plan, recorded, done)
        status = self._end.early(plan, conclusion, done)
        self._display.conclusion(study, plan, conclusion, self._end.again())
        if status is not None or plan.check is None:
            return conclusion.exit_status if status is None else status
        is_exact, line = check_result(plan.check, ledger.study, recorded, name)
        self._display.say(line)
        return conclusion.exit_status if is_exact else EXIT_FAILED

    def stopped(self) -> int:
        """Show the command that continues the study after a signal; return the exit status."""
        return self._end.stopped()
