"""The lines of text that a launch prints for its user."""

from __future__ import annotations

from collections import Counter

from tune_app.cli.places import counted, shell_word
from tune_app.engine.connection import asks_for_token
from tune_app.engine.row_names import FOLDER
from tune_app.planning.durations import format_estimate
from tune_app.planning.estimate import Estimate
from tune_app.planning.plan import Plan
from tune_app.planning.plan_power import ASSUMED, PlanPower, power_of
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.repeats import num_repeats
from tune_app.planning.resources import Cluster
from tune_app.planning.row_choice import why_left_out
from tune_app.planning.sharing_check import check_lines
from tune_app.study.command_name import command_name
from tune_app.study.ledger import Ledger


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
        number = f"{counted(len(plan.trials), 'trial')} to run{epochs}"
        rows = counted(plan.num_rows, "row")
        lines.append(f"{rows}, {len(plan.finished)} finished; {number}{_begun(study, plan)}")
        lines += _part_lines(study, plan)
    else:
        lines += search_lines(study, plan)
    kinds = Counter(" + ".join(f"{v:g} {k}" for k, v in t.resources.items()) for t in plan.trials)
    totals = f"{cluster.total('CPU'):g} CPU, {cluster.total('GPU'):g} GPU"
    lines += [
        f"{counted(number, 'trial')} of {kind}; the cluster has {totals}"
        for kind, number in kinds.items()
    ]
    if space.exclusive and plan.trials:
        lines.append("each trial runs alone on its node, in random order, as its time is measured")
    elif study.request.order is not None and plan.trials:
        lines.append(f"trials start {study.order()}")
    checks = [] if plan.check is None else check_lines(plan.check)
    power = power_of(study)
    shown = [] if power is None else [power_line(power)]
    return [*lines, *_repeat_lines(ledger), *shown, *checks, *open_lines(plan)]


def _begun(study: PreparedStudy, plan: Plan) -> str:
    """Return how many of the trials to run an earlier launch has begun."""
    begun = {key for key, trial in study.recorded.trials.items() if trial.history}
    number = sum(trial.key in begun for trial in plan.trials)
    return f", {number} of them begun before" if number else ""


def _part_lines(study: PreparedStudy, plan: Plan) -> list[str]:
    """Return how many rows the user's conditions leave out."""
    conditions = study.request.where
    if not conditions or not plan.left_out:
        return []
    return [f"{counted(len(plan.left_out), 'row')} not to run, {why_left_out(conditions)}"]


def search_lines(study: PreparedStudy, plan: Plan) -> list[str]:
    """Return what a search is about to do, and how far it is."""
    search, num_asked = study.search, len(study.asked())
    assert search is not None
    lines = [f"search: {search.in_words()}"]
    if num_asked:
        first = f"; {len(plan.trials)} that were interrupted or failed go on first"
        begun = first if plan.trials else ""
        lines.append(
            f"{num_asked} of them were begun, {counted(len(plan.finished), 'row')} finished{begun}"
        )
    return lines


def _repeat_lines(ledger: Ledger) -> list[str]:
    number = num_repeats(ledger.study)
    if not number:
        return []
    return [
        f"{counted(number, 'row')} with the result of another seed, as the seed changes nothing "
        "there (--vary-split would); only the times are measured anew"
    ]


def power_line(power: PlanPower) -> str:
    """Return what the seeds and the test images of a study can show."""
    number = power.num_seeds
    if power.standard_deviations is None:
        seeds = "one seed" if number == 1 else f"{number} seeds"
        return (
            f"{seeds}: too few to tell the effect of a setting from chance; at least "
            f"{power.fewest_seeds} (--seeds 0-{power.fewest_seeds - 1}) can"
        )
    line = (
        f"smallest difference: {number} seeds show {power.standard_deviations:.1f} times the "
        "standard deviation of the seeds' differences (paired test at 5 %, in 4 of 5 studies)"
    )
    if power.accuracy_points is None:
        return line
    return (
        f"{line}; an accuracy of {100 * ASSUMED:.0f} % on {power.num_test:,} test items is known "
        f"to ±{power.accuracy_points:.2g} points"
    )


def open_lines(plan: Plan) -> list[str]:
    """Return why rows cannot run on this cluster, one line per reason."""
    reasons = Counter(row.reason for row in plan.open_rows)
    return [
        f"{counted(number, 'row')} {'stays' if number == 1 else 'stay'} open: {reason}"
        for reason, number in reasons.items()
    ]


def estimate_lines(estimate: Estimate) -> list[str]:
    """Return the time, disk and memory that a plan is estimated to take."""
    if estimate.disk_bytes is None or estimate.memory_bytes is None:
        if estimate.seconds is None:
            reason = f" ({estimate.unknown})" if estimate.unknown else " before the first epoch"
            return [f"time: not known{reason}{_at_once(estimate)}"]
        time = f"{format_estimate(estimate.seconds)} at the speed of the newest launch"
        return [f"time: {time}{_at_once(estimate)}"]
    time, of_what = f"not known ({estimate.unknown})", "; some trials could not be measured"
    if estimate.seconds is not None:
        basis = f" {estimate.basis}" if estimate.basis else ""
        time, of_what = format_estimate(estimate.seconds) + basis, ""
    return [
        f"time: {time}{_at_once(estimate)}",
        f"disk: at most {estimate.disk_bytes / 1e6:,.0f} MB beside logs and tables{of_what}",
        f"memory: at most {estimate.memory_bytes / 1e9:,.1f} GB for the trials, 1.5 GB beside them"
        f"{of_what}",
    ]


def _at_once(estimate: Estimate) -> str:
    number = estimate.num_slots
    return f", {counted(number, 'trial')} at once" if number else ""


def link_lines(dashboard: str, ledger: Ledger) -> list[str]:
    """Return where a running study can be watched."""
    asks = bool(dashboard) and asks_for_token()
    token = " (asks for a token; `ray get-auth-token` prints it)" if asks else ""
    lines = [f"dashboard: http://{dashboard}{token}"] if dashboard else []
    study = shell_word(ledger.store, ledger.root)
    lines.append(f"report as it grows: {command_name('analysis.report')} {study} --serve")
    if ledger.store.at_url:  # TensorBoard reads folders
        return lines
    return [*lines, f"tensorboard --logdir {shell_word(ledger.store, ledger.root / FOLDER)}"]
