"""The progress of a study while it runs.

On a terminal it is one bar for the whole study with the time left, one line per running trial, and
a line for each failure. Without a terminal it is one plain line per finished trial.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from search_spaces.configuration import Config
from tune_app.cli.run_console import print_line
from tune_app.cli.trial_lines import RunningTrial, trial_lines
from tune_app.cli.work_done import WorkDone
from tune_app.planning.durations import format_estimate, format_seconds
from tune_app.planning.plan import Plan, PlannedTrial
from tune_app.study.measures import Measures, measured
from tune_app.study.objective import finite_number
from tune_app.study.result_rule import ResultRule


class StudyProgress:
    """Draws the progress of one launch.

    Args:
        plan: the plan of the launch. Rows that were finished before count as done.
        cost_of: configuration -> the cost of its trial, in any one unit. The bar counts cost.
        measures: the study's measures. The objective is shown, and the same quantity on test data.
        console: where to draw.
        rule: finds the result of a trial, for the line of a finished one; by default the last row.
        num_more: how many trials a search is to add.

    Attributes:
        notes: notes of trials beside their results, one line each.
    """

    def __init__(
        self,
        plan: Plan,
        cost_of: Callable[[Config], float],
        measures: Measures,
        console: Console,
        rule: ResultRule | None = None,
        *,
        num_more: int = 0,
    ) -> None:
        self._measures = measures
        self._rule = rule
        self._cost_of = cost_of
        self._seen: dict[str, tuple[float, float]] = {}
        self._epochs = {trial.key: trial.num_epochs for trial in plan.trials}
        costs = {trial.key: cost_of(trial.config) for trial in plan.trials}
        self._work = WorkDone(costs, num_more)
        self._rows_left = {
            trial.key: {milestone: len(ids) for milestone, ids in trial.serves.items()}
            for trial in plan.trials
        }
        left_out = 0 if plan.is_searching else len(plan.left_out)
        self._num_rows = plan.num_rows - left_out + num_more
        self._rows_done = len(plan.finished)
        self._ticking = False
        self._latest: dict[str, Mapping[str, Any]] = {}
        self._results: dict[str, Mapping[str, Any]] = {}
        self._running: dict[str, str] = {}
        self._num_failed = 0
        self.notes: list[str] = []
        self._console = console
        self._live: Live | None = None
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the terminal out when Ray pickles the callback that holds this display."""
        hidden = ("_console", "_live", "_progress", "_task", "_cost_of")
        return {**self.__dict__, **dict.fromkeys(hidden)}

    def begin(self) -> None:
        """Start drawing."""
        self._work.start_clock()
        if self._console.is_terminal:
            bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                TextColumn("{task.percentage:>3.0f}%  {task.fields[left]}"),
                console=self._console,
            )
            self._progress, self._task = bar, bar.add_task("", total=1.0, left="")
            self._live = Live(console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
            self._draw()

    def stop(self) -> None:
        """Stop drawing and leave the terminal as it was."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def nothing_can_run(self, reason: str) -> None:
        """Print that no node is left that could hold any of the waiting trials."""
        self._print(
            f"nothing can run: {reason}; wait for such a node to join, or stop the study and run "
            "the same command again later"
        )

    def added(self, trial: PlannedTrial) -> None:
        """Count a trial of a search; one that goes on after a rung has been counted before."""
        if self._work.add(trial.key, self._cost_of(trial.config)):
            self._epochs[trial.key] = trial.num_epochs
            self._rows_left[trial.key] = {m: len(ids) for m, ids in trial.serves.items()}

    def started(self, key: str, name: str) -> None:
        """Show a trial as running."""
        self._running[key] = name
        self._work.begin(key)
        self._draw()

    def reported(self, key: str, name: str, result: Mapping[str, Any]) -> None:
        """Count an epoch."""
        if not self._ticking:
            # The clock starts with the first trial's own work, since workers are started only once.
            self._work.start_clock(seconds_ago=result.get("time_total_s", 0.0))
            self._ticking = True
        num_epochs = self._epochs[key]
        if num_epochs is not None:
            if key not in self._latest:
                self._work.resume(key, (result["epoch"] - 1) / num_epochs)
            self._work.note(key, min(1.0, result["epoch"] / num_epochs))
            self._rows_done += self._rows_left[key].pop(result.get("milestone", 0), 0)
        self._latest[key] = result
        if self._is_result(key, result):
            self._results[key] = result
        for measure, value in measured(result).items():
            low, high = self._seen.get(measure, (value, value))
            self._seen[measure] = min(low, value), max(high, value)
        if result.get("checkpoint_note"):
            self.notes.append(f"{name}: {result['checkpoint_note']}")
            self._print(self.notes[-1])
        self._draw()

    def _is_result(self, key: str, result: Mapping[str, Any]) -> bool:
        """Return whether a row is the result of its trial so far, as when the study is read."""
        held, rule = self._results.get(key), self._rule
        if held is None or rule is None:
            return True
        if self._epochs[key] is None and not rule.is_reported(result):
            return False
        return rule.replaces(result, held)

    def completed(self, key: str, name: str) -> None:
        """Count a finished trial and, without a terminal, print its line."""
        self._running.pop(key, None)
        self._work.complete(key)
        self._latest.pop(key, None)
        result = self._results.pop(key, {})
        metric, of_return = self._measures.metric, self._epochs[key] is None
        # Rows of a user's function have no status before the study is read.
        is_nan = of_return and metric in result and finite_number(result[metric]) is None
        diverged = is_nan or result.get("status") == "diverged"
        line = f"{name}: {self._describe(result)}"
        if diverged or of_return:
            self._rows_done += sum(self._rows_left[key].values())
            self._rows_left[key] = {}
        if diverged:
            what = "the loss" if "status" in result else metric
            line += f"  diverged: {what} is not a finite number"
        if self._live is None or diverged:
            self._print(line)
        self._draw()

    def halted(self, key: str, name: str, reason: str) -> None:
        """Count a trial that is ended early, and print its line without a terminal."""
        self._running.pop(key, None)
        self._work.halt(key)
        if self._live is None:
            self._print(f"{name}: {self._describe(self._latest.get(key, {}))}  {reason}")
        self._draw()

    def tried_again(self, key: str, name: str, reason: str) -> None:
        """Print that a trial is tried again, and why."""
        self._running.pop(key, None)
        self._print(f"{name}: tried again: {reason}")
        self._draw()

    def failed(self, key: str, name: str, reason: str) -> None:
        """Print a failure as it happens."""
        self._num_failed += 1
        self._running.pop(key, None)
        self._work.end(key)
        self._print(f"{name}: failed: {reason}")
        self._draw()

    def seconds_left(self) -> float | None:
        """Return the time left, estimated from the work done so far; None at the beginning."""
        return self._work.seconds_left({key: self._epochs[key] is None for key in self._running})

    def _print(self, line: str) -> None:
        if self._live is None:
            left = self.seconds_left()
            tail = (
                ""
                if left is None or self._work.num_ended == self._work.num_trials
                else f", {format_estimate(left)} left"
            )
            line = f"[{self._work.num_ended}/{self._work.num_trials}{tail}] {line}"
        print_line(self._console, line)

    def _draw(self) -> None:
        if self._live is None or self._progress is None or self._task is None:
            return
        left = self.seconds_left()
        failed = f", {self._num_failed} failed" if self._num_failed else ""
        self._progress.update(
            self._task,
            completed=self._work.share,
            description=(
                f"{self._work.num_ended} of {self._work.num_trials} trials"
                f" ({self._rows_done} of {self._num_rows} rows{failed})"
            ),
            left="" if left is None else f"{format_seconds(left)} left",
        )
        running = [
            RunningTrial(name, self._words(self._latest.get(key, {}), self._epochs[key]))
            for key, name in self._running.items()
        ]
        if not running and not self._work.num_ended:
            running = [RunningTrial("starting workers", ())]
        lines = trial_lines(running, self._console.width)
        self._live.update(Group(self._progress, lines))

    def _describe(self, result: Mapping[str, Any]) -> str:
        return "  ".join(self._words(result))

    def _words(self, result: Mapping[str, Any], num_epochs: int | None = None) -> list[str]:
        """Return the latest state of a trial: ``epoch 2/5``, ``val_accuracy 97.50 %``."""
        if not result:
            return ["starting"]
        of = f"/{num_epochs}" if num_epochs else ""
        words = [f"epoch {result['epoch']}{of}"]
        metric = self._measures.metric
        on_test = self._measures.on_test_data(metric, result)
        words += [
            f"{name} {self._measures.text(name, result[name], self._seen.get(name) or ())}"
            for name in filter(None, (metric, on_test))
            if name in result
        ]
        seconds = finite_number(result.get("train_seconds"))
        if seconds is not None:
            words.append(f"{format_seconds(seconds)} of training")
        return words
