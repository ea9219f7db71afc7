"""The estimate of time, slots and disk, and the choice of a subset for a budget."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tune_app.planning.estimate import (
    START_SECONDS,
    TRIAL_SECONDS,
    WORKER_BYTES,
    SplitSizes,
    _kind,
    fit_to_budget,
    peak_disk_bytes,
    peak_memory,
    study_seconds,
    trial_seconds,
    unmeasured_reason,
)
from tune_app.planning.plan import PlannedTrial
from tune_app.planning.resources import Cluster
from tune_app.planning.schedule import num_slots
from tune_app.training.probe import EpochTimes, Probe
from tune_app.training.registry import TRAINABLES


def trial(milestones: tuple[int, ...] = (2, 5), **resources: float) -> PlannedTrial:
    return PlannedTrial("k", "n", {"model": "m"}, milestones, {}, resources or {"CPU": 1.0})


TWO_CPUS = Cluster(({"CPU": 2.0},))


def test_the_split_of_a_total_adds_up() -> None:
    assert SplitSizes.of_total(70_000) == SplitSizes(49_000, 7_000, 14_000)
    sizes = SplitSizes.of_total(333)
    assert sizes.train + sizes.val + sizes.test == 333


def test_trials_take_the_first_free_slot() -> None:
    trials = [trial()] * 4
    # Two slots: 5 and 4; then 3 after the 4, 2 after the 5: 7 on both.
    assert study_seconds(trials, [5, 4, 3, 2], TWO_CPUS, 0) == START_SECONDS + 7
    assert study_seconds(trials, [5, 4, 3, 2], TWO_CPUS, 1) == START_SECONDS + 14
    assert study_seconds([], [], TWO_CPUS, 0) == 0


def test_the_scarcest_resource_gives_the_slots() -> None:
    assert num_slots([trial(CPU=1.0)] * 9, TWO_CPUS, 0) == 2
    gpus = Cluster(({"CPU": 8.0, "GPU": 1.0}, {"CPU": 8.0}))
    assert num_slots([trial(CPU=1.0, GPU=0.25)] * 9, gpus, 0) == 4
    assert num_slots([trial(CPU=3.0)] * 9, gpus, 0) == 4  # 2 on each node, not 16 / 3
    assert num_slots([trial(CPU=1.0)] * 9, gpus, 3) == 3


def test_kinds_of_trials_that_ask_for_different_things_run_side_by_side() -> None:
    gpu, cpu = trial(CPU=1.0, GPU=1.0), trial(CPU=1.0)
    nodes = Cluster(({"CPU": 2.0}, {"CPU": 2.0, "GPU": 1.0}))
    assert num_slots([cpu] * 9 + [gpu] * 9, nodes, 0) == 4, "the GPU's trial and three others"
    assert num_slots([cpu] * 2 + [gpu] * 9, nodes, 0) == 3
    # The GPU: 3 + 3; the CPUs beside it, of 1 s each: three at once for 6 s.
    trials, seconds = [cpu] * 18 + [gpu] * 2, [1.0] * 18 + [3.0] * 2
    assert study_seconds(trials, seconds, nodes, 0) == START_SECONDS + 6
    assert study_seconds(trials, seconds, nodes, 1) == START_SECONDS + 24


def test_a_trial_counts_its_epochs_and_evaluations() -> None:
    resnet = TRAINABLES["resnet"]
    key = tuple(trial().config.get(a) for a in (*resnet.probe_axes, "device", "num_train_images"))
    probe = Probe(
        EpochTimes(per_train=1.0, per_eval=0.001),
        begin_seconds=3.0,
        save_seconds=0.5,
    )
    probes = {key: probe}
    sizes = SplitSizes(70, 10, 20)
    # Five epochs of 70.018 s with 30 s between checkpoints: one after each but the last.
    training = 5 * 70 + (5 * 10 + 2 * 20) / 1000
    seconds = trial_seconds(trial(), resnet, probes, sizes, 30)
    assert seconds == pytest.approx(TRIAL_SECONDS + 3 + training + 4 * 0.5)
    # 71 s have passed after the second and after the fourth epoch, 600 s never; 0 is every epoch.
    for checkpoint_seconds, num_saved in ((71, 2), (600, 0), (0, 4)):
        seconds = trial_seconds(trial(), resnet, probes, sizes, checkpoint_seconds)
        assert seconds == pytest.approx(TRIAL_SECONDS + 3 + training + num_saved * 0.5)
    assert trial_seconds(trial(), resnet, {}, sizes, 30) is None
    too_slow = {key: "a few steps of it did not end"}
    assert trial_seconds(trial(), resnet, too_slow, sizes, 30) is None
    assert unmeasured_reason([trial()], resnet, too_slow) == "n: a few steps of it did not end"
    assert unmeasured_reason([trial()], resnet, probes) == ""


def test_the_largest_trials_at_once_need_the_most_memory_and_disk() -> None:
    resnet = TRAINABLES["resnet"]
    trials = [replace(trial(), config={"model": name}) for name in "abab"]
    sizes = {"a": (100, 10, 3000), "b": (50, 30, 1000)}
    probes = {}
    for one in trials:
        checkpoint, weights, memory = sizes[one.config["model"]]
        probes[_kind(resnet, one)] = Probe(
            EpochTimes(per_train=1.0, per_eval=0.0),
            checkpoint_bytes=checkpoint,
            weights_bytes=weights,
            memory_bytes=memory,
        )
    # Of three at once two are of the larger model.
    assert peak_memory(trials, resnet, probes, 3) == 3 * WORKER_BYTES + 3000 + 3000 + 1000
    # Three checkpoints of each; weights of three at work, and the best of each of two models.
    assert peak_disk_bytes(trials, resnet, probes, 3) == 3 * (100 + 100 + 50) + (3 + 2) * 30
    assert peak_memory(trials, resnet, {}, 3) == peak_disk_bytes(trials, resnet, {}, 3) == 0


def test_a_budget_takes_the_largest_subset_that_fits() -> None:
    assert fit_to_budget(500, range(100, 10_001), lambda n: n / 2) == 1_000
    assert fit_to_budget(1e9, range(100, 10_001), lambda n: n / 2) == 10_000
    assert fit_to_budget(49, range(100, 10_001), lambda n: n / 2) == 0


def test_parameters_of_a_gpu_make_kinds_on_a_gpu_alone() -> None:
    resnet = TRAINABLES["resnet"]

    def num_kinds(device: str) -> int:
        given = {"dataset": "mnist", "model": "resnet18", "batch_size": 8, "optimizer": "sgd"}
        rest = {"lr": 0.1, "epochs": 1, "device": device}
        axes = ("mixed_precision", "cuda_graphs", "pin_memory")
        changes = ({name: True} for name in axes)
        configs = [resnet.complete(given | rest | change) for change in ({}, *changes)]
        return len({_kind(resnet, replace(trial(), config=config)) for config in configs})

    assert (num_kinds("cpu"), num_kinds("cuda")) == (1, 3)
