"""What the end of a launch prints: what won, what failed, what is open, and what comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tune_app.cli.best_text import best_lines
from tune_app.cli.messages import open_lines
from tune_app.cli.places import counted, failure_lines, shell_word
from tune_app.engine.conclusion import Conclusion
from tune_app.planning.plan import Plan
from tune_app.planning.request import StudyRequest
from tune_app.planning.row_choice import why_left_out
from tune_app.study.command_name import command_name
from tune_app.study.ledger import Ledger
from tune_app.study.selection import Results
from tune_app.study.stop import STOPPED, TIMED_OUT

_MOST_WINNERS = 4
_MOST_FAILURES = 5
_OF_ENDED = {
    "diverged": "diverged: their loss or objective is not a finite number",
    "unconverged": "did not converge within max_iter",
}
HALTED = {
    STOPPED: "stopped by the search; `--continue ROW --epochs N` takes one further",
    TIMED_OUT: "took longer than --trial-time-limit allows; a longer one continues them",
}


def outcome_lines(
    ledger: Ledger, plan: Plan, conclusion: Conclusion, request: StudyRequest, again: str
) -> list[str]:
    """Return how a launch ended.

    Args:
        ledger: the study.
        plan: the plan of the launch.
        conclusion: the outcome of the launch.
        request: what the user asked for.
        again: the command that goes on with the study.
    """
    keys, ended = ledger.row_keys(), conclusion.ended
    lines = [f"{len(ended)} of {len(keys)} rows are finished"]
    for status, meaning in _OF_ENDED.items():
        number = sum(ended.get(key) == status for key in keys)
        if number:
            lines.append(f"{number} of them {meaning}")
    numbers = Counter(conclusion.halted.values())
    lines += [f"{numbers[status]} {words}" for status, words in HALTED.items() if numbers[status]]
    lines += winner_lines(ledger, conclusion.results)
    lines += _failed_lines(ledger, conclusion, again)
    if conclusion.unexplained:
        number, config_id = len(conclusion.unexplained), conclusion.unexplained[0][0]
        lines.append(
            f"{counted(number, 'row')} without a result although the trial ended, among them "
            f"{config_id}; "
            f"`{command_name('tune_app.status')}` says what was left out; the same command runs "
            "such rows again"
        )
    if conclusion.missing_metric:
        lines.append(f"note: {conclusion.missing_metric}")
    return [*lines, *open_lines(plan), *left_lines(plan, request), *next_lines(ledger)]


def winner_lines(ledger: Ledger, results: Results) -> Iterator[str]:
    """Yield the best configurations, with their validation and test values."""
    return best_lines(ledger, results, title="best", most=_MOST_WINNERS)


def left_lines(plan: Plan, request: StudyRequest) -> list[str]:
    """Return how many rows the conditions of the launch left out, and how they are run."""
    if not request.where or not plan.left_out:
        return []
    number, reason = len(plan.left_out), why_left_out(request.where)
    stay = f"{counted(number, 'row')} {'stays' if number == 1 else 'stay'}"
    return [f"{stay} open, {reason}; the command without it runs {'it' if number == 1 else 'them'}"]


def next_lines(ledger: Ledger) -> list[str]:
    """Return the commands that come next."""
    study = shell_word(ledger.store, ledger.root)
    return [
        f"rows: {command_name('tune_app.show')} {study}",
        f"report: {command_name('analysis.report')} {study}",
    ]


def _failed_lines(ledger: Ledger, conclusion: Conclusion, again: str) -> Iterator[str]:
    """Yield which trials failed and where their tracebacks are, and what can be done."""
    failures = conclusion.failures
    if not failures:
        return
    yield from failure_lines(ledger.store, failures, most=_MOST_FAILURES)
    rows = [conclusion.failed_rows[name] for name in failures if name in conclusion.failed_rows]
    if rows:
        seed = f" --seed {rows[0][1]}" if len(ledger.study["seeds"]) > 1 else ""
        study, which = shell_word(ledger.store, ledger.root), f"{rows[0][0]}{seed}"
        yield f"all that is kept of it: {command_name('tune_app.show')} {study} {which}"
    if not conclusion.interrupted and not conclusion.limit:
        yield f"to try again what failed: {again}"
