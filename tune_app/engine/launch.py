"""One launch of a study from the user's side: the plan in words, the run, the outcome."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from search_spaces.errors import UserError
from tune_app.cli import messages as announce
from tune_app.cli import places
from tune_app.engine import connection, driver
from tune_app.engine.cluster.joining import wait_for_nodes
from tune_app.engine.cluster.nodes import run_on_nodes
from tune_app.engine.cluster.versions import check_versions, versions_task
from tune_app.engine.housekeeping import tidy
from tune_app.engine.signals import StopSignals
from tune_app.planning.plan import Plan
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.study.ledger import Ledger, put_aside
from tune_app.study.provenance import collect_provenance, command_line
from tune_app.study.recorded import Recorded

if TYPE_CHECKING:
    from tune_app.engine.tracking import TrackingCallback

EXIT_FAILED, EXIT_OPEN = 1, 3


@dataclass
class Launch:
    """A command in execution.

    Attributes:
        request: what is to be studied.
        arguments: the command line's words, for provenance and for the line that goes on.
        options: how trials run.
        address: a running cluster, or None to start one here.
        budget_seconds: choose the subset so that the study fits in this time.
        console: where to print.
        signals: how the process is told to stop.
        log_to: the experiment tracker that gets the results too, or None.
        wait_seconds: how long to wait for nodes that rows need and the cluster does not have yet.
    """

    request: StudyRequest
    arguments: Sequence[str]
    options: driver.LaunchOptions
    address: str | None
    budget_seconds: float | None
    console: Console
    signals: StopSignals
    log_to: str | None = None
    wait_seconds: float = 0.0
    _last_words: str = ""

    def show_plan(self) -> int:
        """Print what a run would do; write nothing. Returns the exit status."""
        study = PreparedStudy(self.request)
        if self.address is None:
            return self._show(study, connection.local_cluster())
        with self.signals.kept_from_ray():
            cluster, _ = connection.connect(self.address)
        try:
            return self._show(study, cluster)
        finally:
            connection.disconnect()

    def run(self) -> int:
        """Run what is missing. Returns the exit status (see :mod:`tune_app.run`)."""
        study = PreparedStudy(self.request)
        cluster = connection.local_cluster() if self.address is None else None
        if cluster is None or self._anything_missing(study, cluster):
            return self._run_on_cluster(study)
        return 0

    def _anything_missing(self, study: PreparedStudy, cluster: Cluster) -> bool:
        """Return whether to start a cluster at all; says so if every row is finished."""
        if study.existing is None:
            return True
        self._choose_images(study, cluster)
        study.load_images()
        ledger, _ = study.ledger(study.device(cluster))
        recorded = study.recorded(ledger)
        if set(ledger.row_keys()) - recorded.ended(ledger.study).keys():
            return True
        # A driver killed after the last row had no time for it. Whoever cannot lock or write (the
        # disk is full, say) leaves it.
        with contextlib.suppress(UserError, OSError), ledger.store.lock():
            tidy(ledger, recorded)
        self._print(f"nothing is missing: all {len(ledger.row_keys())} rows are finished")
        self._print(*announce.where_lines(ledger))
        return False

    def _choose_images(self, study: PreparedStudy, cluster: Cluster) -> None:
        """Turn ``--budget`` into a number of images; a study that exists keeps its own."""
        if self.budget_seconds is None:
            return
        if study.existing is not None:
            chosen = study.existing.study["data"]["num_images"]
        else:
            self._print("measuring the speed of a few training steps")
            chosen = study.choose_num_images(
                self.budget_seconds, cluster, self.options.checkpoint_seconds
            )
            self._print(f"--budget: {chosen:,} images per data set")
        study.request = replace(study.request, num_images=chosen)

    def _show(self, study: PreparedStudy, cluster: Cluster) -> int:
        self._choose_images(study, cluster)
        study.load_images()
        ledger, _ = study.ledger(study.device(cluster))
        plan = study.plan(ledger, cluster, study.recorded(ledger))
        self._print(*announce.plan_lines(study, plan, cluster, ledger))
        if plan.trials:
            self._print("measuring the speed of a few training steps")
            estimate = study.estimate(plan, cluster, self.options.checkpoint_seconds)
            self._print(*announce.estimate_lines(estimate))
        return 0

    def _run_on_cluster(self, study: PreparedStudy) -> int:
        if self.request.root.exists():
            with self.request.store.lock():
                pass  # a study that is being run is refused before seconds go into a cluster
        if self.budget_seconds is None:
            study.load_images()
        self._print("starting Ray" if self.address is None else f"connecting to {self.address}")
        with self.signals.kept_from_ray():
            cluster, dashboard = connection.connect(self.address)
        try:
            try:
                return self._launch_on(study, cluster, dashboard)
            finally:
                connection.disconnect()
        except KeyboardInterrupt:
            # The first signal ends the trials in order; this is a second, impatient one.
            connection.abandon(self.stopped())

    def _launch_on(self, study: PreparedStudy, cluster: Cluster, dashboard: str) -> int:
        if self.wait_seconds:
            cluster = wait_for_nodes(study, cluster, self.wait_seconds, self._print)
        if self.address is not None:
            check_versions(run_on_nodes(versions_task()))
            study.check_storage(cluster)
        if self.budget_seconds is not None:
            self._choose_images(study, cluster)
            study.load_images()
        store = self.request.store
        with store.lock(), store.guarded():
            store.refresh()
            if self.request.fresh and not store.is_empty():
                kept = places.short_path(store, put_aside(store))
                self._print(f"the old study is kept in {kept}")
            return self._launch(study, cluster, dashboard)

    def _launch(self, study: PreparedStudy, cluster: Cluster, dashboard: str) -> int:
        """Plan against the ledger as it is now that the study is held, and run the plan."""
        study.reopen()
        ledger, num_added = study.ledger(study.device(cluster))
        recorded = study.recorded(ledger)
        plan = study.plan(ledger, cluster, recorded)
        tracking = self._tracking(ledger) if plan.trials else []
        if num_added:
            self._print(f"the study grows by {num_added} rows")
        self._print(*announce.plan_lines(study, plan, cluster, ledger))
        tidy(ledger, recorded)
        name = ledger.start_launch(
            {
                **collect_provenance(self.arguments),
                "sharing": self.request.sharing,
                "open": [
                    {"config_id": row.key[0], "seed": row.key[1], "reason": row.reason}
                    for row in plan.open_rows
                ],
            }
        )
        incomplete: Mapping[str, str] = {}
        if plan.trials:
            self._print(*announce.link_lines(dashboard, ledger))
            self.signals.raise_dropped()
            incomplete = self._run_trials(
                study=study,
                ledger=ledger,
                recorded=recorded,
                plan=plan,
                name=name,
                tracking=tracking,
            )
        ledger.store.refresh()
        recorded = recorded.with_launch(ledger.root, ledger.study, name)
        tidy(ledger, recorded)
        return self._conclude(ledger, plan, recorded, incomplete)

    def _tracking(self, ledger: Ledger) -> list[TrackingCallback]:
        if self.log_to is None:
            return []
        from tune_app.engine.tracking import TrackingCallback, open_tracker

        root = self.request.root
        if self.request.store.at_url:  # what a tracker keeps in files stays on this machine
            root = Path("results").resolve() / root.name
        created_at = str(ledger.study.get("created_at", ""))
        return [TrackingCallback(open_tracker(self.log_to, root), created_at)]

    def _run_trials(
        self,
        *,
        study: PreparedStudy,
        ledger: Ledger,
        recorded: Recorded,
        plan: Plan,
        name: str,
        tracking: list[TrackingCallback],
    ) -> Mapping[str, str]:
        """Run the plan; return the trials that ended without reporting their last milestone."""
        from tune_app.cli.progress_display import StudyProgress
        from tune_app.engine.progress import ProgressCallback
        from tune_app.engine.recorder import StudyRecorder

        costs = [study.trainable.cost(trial.config) for trial in plan.trials]
        metric = study.request.space.metric
        progress = StudyProgress(plan, costs, metric, self.console)
        factors = tuple(study.request.space.factors)
        recorder = StudyRecorder(ledger.store, factors)
        try:
            driver.run_trials(
                plan=plan,
                ledger=ledger,
                recorded=recorded,
                launch=name,
                trainable=study.trainable,
                data=study.images,
                options=self.options,
                callbacks=[
                    recorder,
                    ProgressCallback(progress, connection.live_cluster),
                    *tracking,
                ],
            )
        except Exception as error:
            raise recorder.failure or error from None
        finally:
            progress.stop()
        problems = [callback.problem for callback in tracking if callback.problem]
        notes = [f"note: {note}" for note in (*problems, *progress.notes)]
        self._print(*places.listed(notes))
        return recorder.incomplete

    def _conclude(
        self, ledger: Ledger, plan: Plan, recorded: Recorded, incomplete: Mapping[str, str]
    ) -> int:
        """Say what came out and return the exit status."""
        finished = recorded.ended(ledger.study)
        planned = {trial.key for trial in plan.trials}
        failed = recorded.failures(ledger.study)
        failures = {t.newest.name: t.newest.error for k, t in failed.items() if k in planned}
        failures |= incomplete
        self._print(*announce.outcome_lines(ledger, finished, plan, failures))
        explained = {row.key for row in plan.open_rows}
        explained |= {k for t in plan.trials if t.name in failures for k in t.row_keys()}
        if set(ledger.row_keys()) - finished.keys() - explained:
            return self.stopped()
        if failures:
            return EXIT_FAILED
        return EXIT_OPEN if plan.open_rows else 0

    def stopped(self) -> int:
        """Say how to go on after a signal and return the exit status."""
        again = [word for word in self.arguments if word != "--fresh"]
        line = f"stopped by {self.signals.received.name}; this goes on: {command_line(again)}"
        if line != self._last_words:
            self._print(line)
        self._last_words = line
        return 128 + self.signals.received

    def _print(self, *lines: str) -> None:
        for line in lines:
            # A file name that is not UTF-8 holds what no terminal takes.
            shown = line.encode(errors="backslashreplace").decode()
            self.console.print(shown, highlight=False, markup=False, soft_wrap=True)
