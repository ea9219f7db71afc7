"""What a trial asks of a cluster."""

from __future__ import annotations

from tune_app.planning.resources import Cluster, trial_resources


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


def test_a_trial_alone_is_refused_where_there_is_no_gpu() -> None:
    cluster = Cluster(({"CPU": 2.0},))
    on_gpu = trial_resources({"device": "cuda"}, {"cpu": 1}, alone_on=cluster)
    assert cluster.refusal(on_gpu) == "no GPU in the cluster"
