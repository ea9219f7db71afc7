"""Estimates a prepared study, and finds the largest subset of its data that fits a budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from search_spaces.errors import UserError
from tune_app.data import images as image_data
from tune_app.planning.checked_request import CheckedRequest
from tune_app.planning.estimate import (
    Estimate,
    Probes,
    SplitSizes,
    fit_to_budget,
    peak_disk_bytes,
    peak_memory,
    probe_trials,
    study_seconds,
    trial_seconds,
    unmeasured_reason,
)
from tune_app.planning.plan import Plan, PlannedTrial
from tune_app.planning.prepared_study import PreparedStudy, prepare
from tune_app.planning.probe_process import Ship
from tune_app.planning.remaining import measure_speed, num_yet_to_ask, seconds_left
from tune_app.planning.resources import Cluster
from tune_app.planning.schedule import num_slots
from tune_app.planning.search_preview import preview
from tune_app.study.search_settings import NO_STOPPING
from tune_app.study.trials import ENDED


def estimate_study(study: PreparedStudy, plan: Plan, cluster: Cluster, ship: Ship) -> Estimate:
    """Return the estimate of a plan, from a few measured steps of each kind of trial.

    Args:
        study: the study.
        plan: its plan.
        cluster: the cluster to run on.
        ship: makes a user's functions ready for another process.
    """
    trainable, limit = study.trainable, study.request.max_concurrent
    asked_later = preview(study, cluster)
    trials = [*plan.trials, *asked_later]
    if not trials:
        return Estimate(None, 0, None, None, "what the search will run here is not known")
    slots = num_slots(trials, cluster, limit)
    if trainable.probe is None:
        return Estimate(_as_before(study, plan), slots, None, None)
    probes = probe_trials(trials, trainable, study.images, ship)
    num_images = max((images.num_images for images in study.images.values()), default=0)
    seconds = _seconds(study, trials, probes, SplitSizes.of_total(num_images))
    return Estimate(
        None if seconds is None else study_seconds(trials, seconds, cluster, limit),
        slots,
        peak_disk_bytes(trials, trainable, probes, slots),
        peak_memory(trials, trainable, probes, slots),
        unmeasured_reason(trials, trainable, probes),
        _basis(study, len(asked_later), has_begun=bool(plan.trials)),
    )


def _basis(study: PreparedStudy, num_drawn: int, *, has_begun: bool) -> str:
    """Return for which configurations and epochs a search is estimated; empty without one."""
    if study.search is None or not num_drawn:
        return ""
    drawn = f"{num_drawn:,} {'more ' * has_begun}random configuration{'s' * (num_drawn != 1)}"
    words, stopping = f"{'with' if has_begun else 'for'} {drawn}", study.search.stopping
    return words if stopping == NO_STOPPING else f"{words}, if {stopping} stops none"


def _as_before(study: PreparedStudy, plan: Plan) -> float | None:
    """Return the seconds of a plan at the speed of the newest launch; None if there is none."""
    ledger, recorded, search = study.ledger, study.recorded, study.search
    outcomes = recorded.outcomes(ledger.study).values()
    ended = {o.trial.key for o in outcomes if o.trial and o.status in ENDED}
    return seconds_left(
        ledger,
        plan.trials,
        recorded.trials,
        measure_speed(ledger, recorded.directories, ended),
        running=False,
        num_to_ask=num_yet_to_ask(ledger, search.num_trials, len(study.asked())) if search else 0,
    )


def fit_budget(
    checked: CheckedRequest, cluster: Cluster, ship: Ship, say: Callable[[str], None]
) -> CheckedRequest:
    """Return the request with the largest subset of the data that fits into its budget.

    A study that exists keeps its number of images. What is done is told to ``say``.

    Raises:
        UserError: not even the smallest subset fits, or the speed cannot be measured.
    """
    request = checked.request
    assert request.budget_seconds is not None
    if checked.existing is not None:
        chosen = checked.existing.study["data"]["num_images"]
    else:
        say("measuring the speed of a few training steps")
        chosen = _largest_subset(checked, cluster, request.budget_seconds, ship)
        say(f"--budget: {chosen:,} images per data set")
    return replace(checked, request=replace(request, num_images=chosen, budget_seconds=None))


def _largest_subset(
    checked: CheckedRequest, cluster: Cluster, budget_seconds: float, ship: Ship
) -> int:
    request = replace(checked.request, num_images=None)
    allowed = image_data.allowed_images(checked.dataset_names(), request.source, checked.own_data)
    study = prepare(replace(checked, request=request), cluster)
    plan = study.plan(cluster)
    probes = probe_trials(plan.trials, study.trainable, study.images, ship)

    def seconds_for(num_images: int) -> float:
        seconds = _seconds(study, plan.trials, probes, SplitSizes.of_total(num_images))
        if seconds is None:
            reason = unmeasured_reason(plan.trials, study.trainable, probes)
            raise UserError(f"--budget: the speed of this study is not known: {reason}")
        return study_seconds(plan.trials, seconds, cluster, request.max_concurrent)

    chosen = fit_to_budget(budget_seconds, allowed, seconds_for)
    if chosen == 0:
        raise UserError(
            f"--budget: {allowed[0]} images per data set, the fewest possible, "
            f"already take about {seconds_for(allowed[0]):.0f} s; allow more time"
        )
    return chosen if chosen == allowed[-1] else max(allowed[0], chosen // 10 * 10)


def _seconds(
    study: PreparedStudy, trials: Sequence[PlannedTrial], probes: Probes, sizes: SplitSizes
) -> list[float] | None:
    interval = study.request.checkpoint_seconds
    seconds = [trial_seconds(t, study.trainable, probes, sizes, interval) for t in trials]
    return None if None in seconds else [s for s in seconds if s is not None]
