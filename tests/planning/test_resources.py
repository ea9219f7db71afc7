"""What a trial asks of a cluster."""

from __future__ import annotations

from typing import Any

import pytest
from ray import tune

from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tune_app.planning.resources import Cluster, check_gpus, trial_resources, with_workers
from tune_app.training.own_trainable import own_trainable
from tune_app.training.registry import TRAINABLES

RESNET = {"dataset": "mnist", "model": "resnet18", "batch_size": 16, "optimizer": "sgd", "lr": 0.1}


def test_trials_share_a_gpu_in_fractions() -> None:
    config = {"device": "cuda"}
    assert trial_resources(config, {"cpu": 1}, trials_per_gpu=4) == {"CPU": 1.0, "GPU": 0.25}
    on_cpu = trial_resources({"device": "cpu"}, {"cpu": 2, "node_a": 1}, trials_per_gpu=4)
    assert on_cpu == {"CPU": 2.0, "node_a": 1.0}


def test_a_trial_alone_takes_the_largest_node_or_its_share_of_a_gpu_node() -> None:
    cluster = Cluster(({"CPU": 2.0}, {"CPU": 16.0}, {"CPU": 8.0, "GPU": 4.0}))
    alone = trial_resources({"device": "cpu"}, {"cpu": 1}, alone_on=cluster)
    assert alone == {"CPU": 16.0}
    on_gpu = trial_resources({"device": "cuda"}, {"cpu": 1}, trials_per_gpu=3, alone_on=cluster)
    assert on_gpu == {"CPU": 2.0, "GPU": 1.0}
    whole = trial_resources({"device": "cuda"}, {"gpu": 0.5}, alone_on=cluster)
    assert whole == on_gpu, "half a GPU is shared"


def test_a_trial_alone_is_refused_where_there_is_no_gpu() -> None:
    cluster = Cluster(({"CPU": 2.0},))
    on_gpu = trial_resources({"device": "cuda"}, {"cpu": 1}, alone_on=cluster)
    assert cluster.refusal(on_gpu) == "no GPU in the cluster"


def space(**given: Any) -> SearchSpace:
    svm = {"dataset": "mnist", "kernel": "rbf", "C": 1.0}
    return SearchSpace(name="gpus", trainable="svm", param_space=svm, **given)


def resnets(workers: Any = None, **given: Any) -> SearchSpace:
    named = {} if workers is None else {"workers": workers}
    return SearchSpace(name="gpus", trainable="resnet", param_space={**RESNET, **named}, **given)


def test_each_worker_has_a_cpu_and_a_gpu_to_itself() -> None:
    on_gpu = trial_resources({"device": "cuda"}, {"cpu": 1}, trials_per_gpu=2, workers=2)
    assert on_gpu == {"CPU": 2.0, "GPU": 2.0}
    on_cpu = trial_resources({"device": "cpu"}, {"cpu": 6}, workers=3)
    assert on_cpu == {"CPU": 6.0}
    cluster = Cluster(({"CPU": 8.0, "GPU": 4.0},))
    alone = trial_resources({"device": "cuda"}, {"cpu": 1}, alone_on=cluster, workers=2)
    assert alone == {"CPU": 4.0, "GPU": 2.0}


def test_several_gpus_for_a_trial_are_a_worker_each() -> None:
    resnet = TRAINABLES["resnet"]
    assert with_workers({"device": "cuda"}, resnet, {"gpu": 2}) == {"device": "cuda", "workers": 2}
    unchanged: list[tuple[dict[str, Any], dict[str, float]]] = [
        ({"device": "cpu"}, {"gpu": 2}),
        ({"device": "cuda"}, {"gpu": 1}),
        ({"device": "cuda"}, {"cpu": 4}),
        ({"device": "cuda", "workers": 4}, {"GPU": 4}),
    ]
    for config, resources in unchanged:
        assert with_workers(config, resnet, resources) == config
    assert with_workers({"device": "cuda"}, TRAINABLES["svm"], {"gpu": 2}) == {"device": "cuda"}


def test_gpus_that_a_trial_cannot_use_are_refused() -> None:
    resnet, svm = TRAINABLES["resnet"], TRAINABLES["svm"]
    for good in (resnets(resources={"gpu": 2}), resnets(2, resources={"gpu": 2})):
        check_gpus(good, resnet)
    check_gpus(resnets(tune.grid_search([1, 2])), resnet)
    check_gpus(resnets(1, resources={"gpu": 0.5}), resnet)
    with pytest.raises(UserError, match="'gpu': 2: trainable svm runs on CPUs only; leave gpu out"):
        check_gpus(space(resources={"gpu": 2}), svm)
    with pytest.raises(UserError, match=r"'gpu': 1\.5: allowed: a share of one GPU"):
        check_gpus(resnets(resources={"gpu": 1.5}), resnet)
    for workers, gpus in [(2, 1), (1, 2), (tune.grid_search([2, 4]), 4)]:
        with pytest.raises(UserError, match="each worker has one GPU to itself; leave gpu or"):
            check_gpus(resnets(workers, resources={"gpu": gpus}), resnet)


def test_a_users_function_gets_the_gpus_that_its_space_requests() -> None:
    own = SearchSpace(
        name="own", trainable=lambda config: None, param_space={"x": 1}, resources={"gpu": 1.5}
    )
    check_gpus(own, own_trainable(own))
    assert own_trainable(own).num_workers({"workers": 8}) == 1, "its parameters are its own"
