"""The lines of text that a launch prints for its user."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tune_app.cli.places import failure_lines, shell_word, short_path
from tune_app.engine.conclusion import Conclusion
from tune_app.engine.connection import asks_for_token
from tune_app.engine.row_names import FOLDER
from tune_app.planning.durations import format_seconds
from tune_app.planning.estimate import Estimate
from tune_app.planning.plan import Plan
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.repeats import SAME_AT_EVERY_SEED, num_repeats
from tune_app.planning.resources import Cluster
from tune_app.planning.sharing_check import check_lines
from tune_app.study.command_name import command_name
from tune_app.study.ledger import Ledger
from tune_app.study.power import fewest_pairs, smallest_difference
from tune_app.study.search_settings import NO_STOPPING
from tune_app.study.stop import STOPPED, TIMED_OUT

_ASSUMED = 0.9
"""The accuracy that the plan assumes, before anything is trained."""


def plan_lines(study: PreparedStudy, plan: Plan, cluster: Cluster) -> list[str]:
    """Return what a launch is about to do."""
    ledger, space = study.ledger, study.request.space
    lines = [": ".join(filter(None, [ledger.name, space.question]))]
    images = ", ".join(
        f"{name} {len(i.train):,}/{len(i.val):,}/{len(i.test):,}"
        for name, i in study.images.items()
    )
    if images:
        varied = ", split anew for every seed" if study.request.vary_split else ""
        lines.append(f"data (train/val/test): {images}{varied}")
    saved = plan.num_epochs_unshared - plan.num_epochs()
    shared = f" instead of {plan.num_epochs_unshared} without sharing" if saved else ""
    epochs = f", {plan.num_epochs()} epochs{shared}" if study.trainable.prefix_axis else ""
    if study.search is None:
        number = f"{len(plan.trials)} trials to run{epochs}"
        lines.append(f"{plan.num_rows} rows, {len(plan.finished)} finished; {number}")
    else:
        lines += search_lines(study, plan)
    kinds = Counter(" + ".join(f"{v:g} {k}" for k, v in t.resources.items()) for t in plan.trials)
    totals = f"{cluster.total('CPU'):g} CPU, {cluster.total('GPU'):g} GPU"
    lines += [
        f"{number} trials of {kind}; the cluster has {totals}" for kind, number in kinds.items()
    ]
    if space.exclusive and plan.trials:
        lines.append("each trial runs alone on its node, in random order, as its time is measured")
    checks = [] if plan.check is None else check_lines(plan.check)
    return [*lines, *_repeat_lines(ledger), *_power_lines(study), *checks, *open_lines(plan)]


def search_lines(study: PreparedStudy, plan: Plan) -> list[str]:
    """Return what a search is about to do, and how far it is."""
    search, num_asked = study.search, len(study.asked())
    assert search is not None
    lines = [f"search: {search.sampler}, {search.num_trials} configurations, seed {search.seed}"]
    if search.stopping != NO_STOPPING:
        rungs = ", ".join(map(str, search.rungs)) or f"1 and the powers of {search.reduction}"
        lines[0] += f"; {search.stopping} decides at epochs {rungs}"
    if num_asked:
        begun = f"; {len(plan.trials)} that were interrupted go on first" if plan.trials else ""
        lines.append(
            f"{num_asked} of them were begun, {len(plan.finished)} rows are finished{begun}"
        )
    return lines


def _repeat_lines(ledger: Ledger) -> list[str]:
    number = num_repeats(ledger.study)
    if not number:
        return []
    return [
        f"{number} rows repeat the result of another seed, as the seed changes nothing for them "
        "(--vary-split would); only their times are measured anew"
    ]


def _power_lines(study: PreparedStudy) -> list[str]:
    meta, num_configurations = study.ledger.study, len(study.ledger.configurations())
    if study.search is not None or len(meta.get(SAME_AT_EVERY_SEED, ())) == num_configurations:
        return []
    fewest = min((len(images.test) for images in study.images.values()), default=0)
    configs = [configuration.config for configuration in study.ledger.configurations()]
    return [power_line(len(meta["seeds"]), num_varied(configs), fewest)]


def num_varied(configs: Sequence[Mapping[str, Any]]) -> int:
    """Return how many parameters differ between configurations."""
    values: dict[str, set[str]] = {}
    for config in configs:
        for name, value in config.items():
            values.setdefault(name, set()).add(repr(value))
    return sum(len(found) > 1 for found in values.values())


def power_line(num_seeds: int, num_varied: int, num_test: int = 0) -> str:
    """Return what the seeds and the test images of a study can show.

    Args:
        num_seeds: the number of seeds.
        num_varied: the number of parameters that vary; with more than one there are several pairs
            a seed.
        num_test: the number of test images; 0 if it is unknown.
    """
    if num_seeds < fewest_pairs():
        seeds = "one seed" if num_seeds == 1 else f"{num_seeds} seeds"
        return (
            f"{seeds}: what differs, differs between these trainings; at least {fewest_pairs()} "
            f"seeds (--seeds 0-{fewest_pairs() - 1}) show that settings do"
        )
    shown = smallest_difference(1.0, num_seeds, by_student=num_varied > 1)
    line = (
        f"smallest difference: {num_seeds} seeds show {shown:.1f} times the standard deviation of "
        "the seeds' differences (paired test at 5 %, in 4 of 5 studies)"
    )
    if not num_test:
        return line
    error = 100 * 1.96 * math.sqrt(_ASSUMED * (1 - _ASSUMED) / num_test)
    return (
        f"{line}; an accuracy of {100 * _ASSUMED:.0f} % on {num_test:,} test images is known to "
        f"±{error:.2g} points"
    )


def open_lines(plan: Plan) -> list[str]:
    """Return why rows cannot run on this cluster, one line per reason."""
    reasons = Counter(row.reason for row in plan.open_rows)
    return [f"{number} rows stay open: {reason}" for reason, number in reasons.items()]


def estimate_lines(estimate: Estimate) -> list[str]:
    """Return the time, disk and memory that a plan is estimated to take."""
    if estimate.disk_bytes is None or estimate.memory_bytes is None:
        return [f"time: not known before the first epoch, {estimate.num_slots} trials at once"]
    time, of_what = f"not known ({estimate.unknown})", "; some trials could not be measured"
    if estimate.seconds is not None:
        time, of_what = f"about {format_seconds(estimate.seconds)}", ""
    return [
        f"time: {time}, {estimate.num_slots} trials at once",
        f"disk: at most {estimate.disk_bytes / 1e6:,.0f} MB beside logs and tables{of_what}",
        f"memory: at most {estimate.memory_bytes / 1e9:,.1f} GB for the trials, 1.5 GB beside them"
        f"{of_what}",
    ]


def outcome_lines(ledger: Ledger, plan: Plan, conclusion: Conclusion) -> list[str]:
    """Return how a launch ended.

    Args:
        ledger: the study.
        plan: the plan of the launch.
        conclusion: the outcome of the launch.
    """
    keys, ended = ledger.row_keys(), conclusion.ended
    lines = [f"{len(ended)} of {len(keys)} rows are finished"]
    for status, meaning in (
        ("diverged", "diverged: their loss is not a finite number"),
        ("unconverged", "did not converge within max_iter"),
    ):
        number = sum(ended.get(key) == status for key in keys)
        if number:
            lines.append(f"{number} of them {meaning}")
    lines += _halted_lines(conclusion)
    lines += failure_lines(ledger.store, conclusion.failures)
    if conclusion.unexplained:
        number, config_id = len(conclusion.unexplained), conclusion.unexplained[0][0]
        lines.append(
            f"{number} rows have no result although their trials ended, {config_id} among them; "
            f"`{command_name('tune_app.status')}` says what was left out; the same command runs "
            "these rows again"
        )
    if conclusion.missing_metric:
        lines.append(f"note: {conclusion.missing_metric}")
    return [*lines, *open_lines(plan), *where_lines(ledger)]


def _halted_lines(conclusion: Conclusion) -> list[str]:
    """Return how many rows a search and a time limit ended early."""
    numbers = Counter(conclusion.halted.values())
    return [
        f"{numbers[status]} {meaning}"
        for status, meaning in (
            (STOPPED, "were stopped by the search; `--continue ROW --epochs N` takes one further"),
            (TIMED_OUT, "took longer than --trial-time-limit allows; a longer one continues them"),
        )
        if numbers[status]
    ]


def link_lines(dashboard: str, ledger: Ledger) -> list[str]:
    """Return where a running study can be watched."""
    asks = bool(dashboard) and asks_for_token()
    token = "  (its token: ray get-auth-token, on this machine)" if asks else ""
    lines = [f"dashboard: http://{dashboard}{token}"] if dashboard else []
    if ledger.store.at_url:  # TensorBoard reads folders
        return lines
    return [*lines, f"tensorboard --logdir {shell_word(ledger.store, ledger.root / FOLDER)}"]


def where_lines(ledger: Ledger) -> list[str]:
    """Return where the study is and the command that writes its report."""
    return [
        f"study: {short_path(ledger.store, ledger.root)}",
        f"report: {command_name('analysis.report')} {shell_word(ledger.store, ledger.root)}",
    ]
