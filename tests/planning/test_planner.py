"""The planner: what is shared, what is left open, what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from search_spaces.configuration import make_configuration
from tune_app.planning.order import RANDOM, Order
from tune_app.planning.plan import Plan, PlannedTrial, SharingCheck
from tune_app.planning.planner import PlanOptions, make_plan
from tune_app.planning.resources import Cluster
from tune_app.planning.space_file import load_space
from tune_app.study.trials import RowKey
from tune_app.training.registry import TRAINABLES

CPU_ONLY = Cluster(({"CPU": 2.0},))
ONE_GPU = Cluster(({"CPU": 4.0, "GPU": 1.0},))
RESNET = {"dataset": "mnist", "model": "resnet18", "batch_size": 16, "optimizer": "sgd", "lr": 0.1}


def plan_space(
    name: str,
    *,
    cluster: Cluster = CPU_ONLY,
    finished: Mapping[RowKey, str] | None = None,
    seeds: tuple[int, ...] = (0,),
    num_train: int = 49_000,
    **options: Any,
) -> Plan:
    space = load_space(name)
    return make_plan(
        space.expand(),
        seeds,
        TRAINABLES[space.trainable],
        space.resources,
        cluster=cluster,
        finished=finished or {},
        num_train={"mnist": num_train, "fashion_mnist": num_train},
        options=PlanOptions(**options),
    )


def plan_configs(*changes: dict[str, Any], **options: Any) -> Plan:
    return make_plan(
        [make_configuration({**RESNET, **change}) for change in changes],
        (0,),
        TRAINABLES["resnet"],
        {"cpu": 1},
        cluster=CPU_ONLY,
        finished={},
        num_train={"mnist": 100},
        options=PlanOptions(**options),
    )


def test_q1a_on_cpus_needs_32_trials_and_160_epochs() -> None:
    plan = plan_space("q1a")
    assert len(plan.trials) == 32  # 128 rows / 2 (pin_memory is inert) / 2 (2 epochs within 5)
    assert plan.num_epochs() == 160 and plan.num_epochs_unshared == 448
    assert all(t.milestones == (2, 5) and t.num_rows() == 4 for t in plan.trials)


def test_q1a_on_a_gpu_shares_prefixes_only() -> None:
    plan = plan_space("q1a", cluster=ONE_GPU, device="cuda")
    assert len(plan.trials) == 64 and plan.num_epochs() == 320
    assert all(t.resources == {"CPU": 1.0, "GPU": 1.0} for t in plan.trials)


def test_without_sharing_every_row_has_its_own_trial() -> None:
    plan = plan_space("q1a", sharing=False)
    assert len(plan.trials) == 128 and plan.num_epochs() == plan.num_epochs_unshared == 448


def test_every_row_is_served_exactly_once() -> None:
    plan = plan_space("q1a", seeds=(0, 3))
    served = [
        (config_id, trial.config["seed"])
        for trial in plan.trials
        for ids in trial.serves.values()
        for config_id in ids
    ]
    expected = {(c.config_id, seed) for c in load_space("q1a").expand() for seed in (0, 3)}
    assert len(served) == len(expected) and set(served) == expected


def test_the_planner_does_not_share_what_it_may_not() -> None:
    scheduled = [{"epochs": e, "lr_schedule": "cosine"} for e in (2, 5)]
    assert len(plan_configs(*scheduled).trials) == 2
    assert len(plan_configs({"epochs": 2}, {"epochs": 5, "lr": 0.2}).trials) == 2
    assert len(plan_configs({"epochs": 2}, {"epochs": 5}).trials) == 1
    pinned = [{"epochs": 2, "pin_memory": p} for p in (False, True)]
    assert len(plan_configs(*pinned).trials) == 1


def test_a_left_out_parameter_equals_its_default() -> None:
    plan = plan_configs({"epochs": 2}, {"epochs": 5, "momentum": 0.9})
    assert [t.milestones for t in plan.trials] == [(2, 5)]


def test_finished_rows_are_left_out_and_the_trial_keeps_its_key() -> None:
    whole = plan_configs({"epochs": 2}, {"epochs": 5}).trials[0]
    two, five = (whole.serves[m][0] for m in (2, 5))
    rest = make_plan(
        [make_configuration({**RESNET, "epochs": e}) for e in (2, 5)],
        (0,),
        TRAINABLES["resnet"],
        {"cpu": 1},
        cluster=CPU_ONLY,
        finished={(two, 0): "ok"},
        num_train={"mnist": 100},
        options=PlanOptions(),
    )
    assert [t.key for t in rest.trials] == [whole.key]
    assert rest.trials[0].serves == {5: (five,)} and rest.num_rows == 2


def test_gpu_rows_stay_open_without_a_gpu_and_cpu_rows_run() -> None:
    plan = plan_space("q2")
    assert len(plan.trials) == 4 and {t.config["device"] for t in plan.trials} == {"cpu"}
    assert {row.reason for row in plan.open_rows} == {"no GPU in the cluster"}
    assert len(plan.open_rows) == 4
    assert plan.lacking == ({"CPU": 1.0, "GPU": 1.0},), "what a node with a GPU would be asked for"


def test_svms_that_need_more_images_than_there_are_stay_open() -> None:
    plan = plan_space("svm_scaling", num_train=7_000)
    assert len(plan.trials) == 8 and len(plan.open_rows) == 12
    assert plan.open_rows[0].reason == "needs 10,000 training images, the study's data have 7,000"
    assert plan.lacking == (), "no node would help"


def test_names_are_readable_and_unique() -> None:
    trials = plan_space("q1a", seeds=(0, 1)).trials
    assert len({t.name for t in trials}) == len(trials)
    first = next(t for t in trials if t.config["lr"] == 1e-3)
    prefix = f"{first.config['dataset']}-{first.config['model']}-bs{first.config['batch_size']}"
    assert first.name.startswith(prefix) and f"-lr1e-3-s{first.config['seed']}-" in first.name


def test_long_trials_come_first() -> None:
    models = [t.config["model"] for t in plan_space("q1a").trials]
    assert models == ["resnet50"] * 16 + ["resnet18"] * 16


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        ({"CPU": 2.0}, None),
        ({"CPU": 3.0}, "needs 3 CPU, the largest node has 2"),
        ({"CPU": 1.0, "GPU": 1.0}, "no GPU in the cluster"),
        ({"TPU": 1.0}, "needs 1 TPU, the largest node has 0"),
    ],
)
def test_what_a_cluster_refuses(resources: dict[str, float], reason: str | None) -> None:
    assert CPU_ONLY.refusal(resources) == reason


def test_resources_must_fit_on_one_node() -> None:
    split = Cluster(({"CPU": 8.0}, {"CPU": 1.0, "GPU": 1.0}))
    assert split.refusal({"CPU": 4.0, "GPU": 1.0}) == "no single node has 4 CPU and 1 GPU"


def test_exclusive_trials_take_a_whole_node_in_an_order_of_no_factor() -> None:
    cluster = Cluster(({"CPU": 8.0, "GPU": 1.0},))
    trials = plan_space("q2", cluster=cluster, exclusive=True, order=Order(RANDOM)).trials
    assert [dict(t.resources) for t in trials if t.config["device"] == "cpu"] == [{"CPU": 8.0}] * 4
    on_gpu = [dict(t.resources) for t in trials if t.config["device"] == "cuda"]
    assert on_gpu == [{"CPU": 8.0, "GPU": 1.0}] * 4
    assert [t.key for t in trials] == sorted(t.key for t in trials)
    for factor in ("device", "model"):
        values = [t.config[factor] for t in trials]
        assert values not in (sorted(values), sorted(values, reverse=True)), factor


@pytest.mark.parametrize("name", ["q2", "pin_memory", "svm_scaling"])
def test_spaces_about_time_are_exclusive(name: str) -> None:
    assert load_space(name).exclusive
    assert not load_space("q1a").exclusive


def test_workers_divide_a_trial_and_change_its_key() -> None:
    one, two = plan_configs({"epochs": 1}, {"epochs": 1, "workers": 2}).trials
    assert (one.workers, one.resources) == (1, {"CPU": 1.0}) and one.key != two.key
    assert (two.workers, two.resources) == (2, {"CPU": 2.0})
    assert "workers" not in one.config, "the keys of older studies stay"


def test_rows_whose_batches_are_too_small_for_their_workers_stay_open() -> None:
    small = {"epochs": 1, "workers": 2, "batch_size": 7}
    graphed = {"epochs": 1, "workers": 2, "cuda_graphs": True}
    many = {"epochs": 1, "workers": 32, "batch_size": 128}
    plan = plan_configs(small, graphed, many)
    assert not plan.trials
    assert [row.reason for row in plan.open_rows] == [
        "2 workers need a batch_size of at least 8, not 7",
        "cuda_graphs is for one worker",
        "32 workers need at least 128 training items, not 100",
    ]


def test_two_gpus_for_a_trial_are_two_workers() -> None:
    def plan(cluster: Cluster) -> Plan:
        return make_plan(
            [make_configuration({**RESNET, "epochs": 1})],
            (0,),
            TRAINABLES["resnet"],
            {"gpu": 2},
            cluster=cluster,
            finished={},
            num_train={"mnist": 100},
            options=PlanOptions(device="cuda"),
        )

    (trial,) = plan(Cluster(({"CPU": 4.0, "GPU": 2.0},))).trials
    assert (trial.workers, trial.resources) == (2, {"CPU": 2.0, "GPU": 2.0})
    lacking = plan(ONE_GPU)
    assert [row.reason for row in lacking.open_rows] == ["needs 2 GPU, the largest node has 1"]


def test_a_trial_that_a_search_takes_further_twice_has_the_name_of_its_last_rung() -> None:
    first = PlannedTrial("k", "adam-e2-s0", {"seed": 0}, (9,), {9: ("a",)}, {"CPU": 1.0})
    once, twice = first.taken_further(1), first.taken_further(1).taken_further(3)
    assert (once.name, once.after_epoch) == ("adam-e2-s0-e1", 1)
    assert (twice.name, twice.after_epoch) == ("adam-e2-s0-e3", 3)
    assert replace(twice, name=first.name, after_epoch=0) == first


def test_a_plan_without_trials_is_not_empty_while_a_search_asks_or_a_check_is_due() -> None:
    plan = Plan((), {("a", 0): "finished"}, (), 2, 0, left_out=frozenset({("a", 1)}))
    assert plan.is_empty
    trial = PlannedTrial("k", "n", {"seed": 0}, (9,), {}, {"CPU": 1.0})
    changes = ({"num_rows": 3}, {"is_searching": True}, {"check": SharingCheck(("a", 0), trial)})
    assert [replace(plan, **change).is_empty for change in changes] == [False] * 3
