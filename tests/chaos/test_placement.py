"""On which nodes trials run that ask for a GPU, a part of one, or a resource of the user's own.

The GPUs are logical: Ray hands them out and no hardware is behind them, so the trials train
nothing and say where and when they ran.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.cluster_process import NodeCluster
from tests.chaos.harness import Driver, study_root, summary_row
from tests.chaos.node_studies import last_rows, study_on

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

Row = dict[str, Any]

SPACE = """
import os, time
import ray
from ray import tune
from search_spaces import SearchSpace
from tune_app.training.registry import DEVICES, TRAINABLES, Parameter, Trainable

def train(config, *, data, settings):
    began = time.time()
    time.sleep(2)
    tune.report({
        "epoch": 1, "milestone": 1, "status": "ok", "val_accuracy": config["x"] / 100,
        "device": config["device"], "raylet": os.getppid(), "gpus": ray.get_gpu_ids(),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"), "began": began, "ended": time.time(),
    })

TRAINABLES["placed"] = Trainable(
    name="placed", function=train, label=lambda config: f"{config['device']}-x{config['x']}",
    parameters={"x": Parameter(int), "device": Parameter(str, default="auto", allowed=DEVICES)},
    uses_images=False,
)
SPACE = SearchSpace(
    name="chaos", question="Where do trials run?", trainable="placed", factors=("device", "x"),
    param_space={
        "device": tune.grid_search(["cpu", "cuda"]), "x": tune.grid_search(list(range(8))),
    },
)
"""
"""Eight trials on CPUs, which come first, and eight on GPUs."""

THIRTY_TWO = SPACE.replace("range(8)", "range(16)")
ONLY_GPU = SPACE.replace('["cpu", "cuda"]', '["cuda"]')
ON_FAST_NODES = SPACE.replace('["cpu", "cuda"]', '["cpu"]').replace(
    "    param_space", '    resources={"cpu": 1, "fast": 1},\n    param_space'
)
EXCLUSIVE = SPACE.replace("range(8)", "range(3)").replace(
    "    param_space", "    exclusive=True,\n    param_space"
)


SEARCHED = """
import json, tempfile, time
from pathlib import Path
import ray
from ray import tune
from search_spaces import SearchSpace

def train(config):
    checkpoint, first = tune.get_checkpoint(), 1
    if checkpoint:
        with checkpoint.as_directory() as folder:
            first = json.loads((Path(folder) / "state.json").read_text()) + 1
    for epoch in range(first, config["epochs"] + 1):
        began = time.time()
        time.sleep(0.5)
        row = {"epoch": epoch, "score": epoch * config["x"], "num_gpus": len(ray.get_gpu_ids()),
               "on": config["device"], "began": began, "ended": time.time()}
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "state.json").write_text(json.dumps(epoch))
            tune.report(row, checkpoint=tune.Checkpoint.from_directory(folder))

SPACE = SearchSpace(
    name="chaos", trainable=train, metric="score", prefix_axis="epochs",
    param_space={
        "device": tune.choice(["cpu", "cuda"]), "x": tune.uniform(0.0, 1.0), "epochs": 9,
    },
)
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeCluster]:
    log = tmp_path_factory.mktemp("cluster") / "cluster.log"
    with NodeCluster(log, {**os.environ}, {"CPU": 1}) as running:
        yield running


@pytest.fixture(scope="module")
def gpu_node(cluster: NodeCluster) -> int:
    return cluster.add({"CPU": 4, "GPU": 2})


@pytest.fixture(scope="module")
def fast_node(cluster: NodeCluster) -> int:
    return cluster.add({"CPU": 2, "fast": 1})


def rows_of(driver: Driver, folder: Path, status: int = 0) -> list[Row]:
    """Return what every trial said, once the study has ended."""
    assert driver.wait() == status, driver.output
    return list(last_rows(folder).values())


def most_at_once(rows: Sequence[Row]) -> int:
    """Return how many of the trials ran at the same moment."""
    return max(sum(a["began"] <= b["began"] < a["ended"] for a in rows) for b in rows)


def on_device(rows: Sequence[Row], device: str) -> list[Row]:
    return [row for row in rows if row["device"] == device]


def test_gpu_trials_get_the_gpus_and_the_others_what_is_left(
    tmp_path: Path, cluster: NodeCluster, gpu_node: int, fast_node: int
) -> None:
    with study_on(cluster, tmp_path, "--trials-per-gpu", "2", space=SPACE) as driver:
        rows = rows_of(driver, tmp_path)
    on_gpu, on_cpu = on_device(rows, "cuda"), on_device(rows, "cpu")
    assert len(on_gpu) == len(on_cpu) == 8
    assert {row["raylet"] for row in on_gpu} == {gpu_node}
    assert {row["raylet"] for row in on_cpu} >= {cluster.head, fast_node}
    last = max(row["began"] for row in on_gpu)
    early = [row for row in on_cpu if row["raylet"] == gpu_node and row["began"] < last]
    assert not early, "every CPU of the GPU node is wanted by the trials of its GPUs"
    assert min(row["began"] for row in on_cpu) < last, "the others do not wait for them"


def test_a_search_runs_trials_on_gpus_beside_trials_on_cpus(
    tmp_path: Path, cluster: NodeCluster, gpu_node: int
) -> None:
    search = ("--search", "random", "--num-trials", "20", "--stopping", "asha", "--rungs", "1,3")
    with study_on(cluster, tmp_path, *search, space=SEARCHED) as driver:
        assert driver.wait() == 0, driver.output
    rows = [
        (json.loads(path.with_name("params.json").read_text())["plan"], row)
        for path in study_root(tmp_path).glob("tune/*/*/result.json")
        for row in map(json.loads, path.read_text().splitlines())
    ]
    epochs = [(plan["trial_key"], row["epoch"]) for plan, row in rows]
    assert len(epochs) == len(set(epochs)), "no epoch is trained twice"
    assert len({key for key, _ in epochs}) == 20
    kinds: dict[str, list[Row]] = {"cpu": [], "cuda": []}
    for plan, row in rows:
        assert plan["resources"].get("GPU", 0) == row["num_gpus"] == (row["on"] == "cuda")
        kinds[row["on"]].append(row)
    on_gpu, on_cpu = kinds["cuda"], kinds["cpu"]
    assert most_at_once(on_gpu) == 2, "two GPUs"
    beside = [
        cpu
        for cpu in on_cpu
        if any(cpu["began"] < gpu["ended"] and gpu["began"] < cpu["ended"] for gpu in on_gpu)
    ]
    assert beside, "a trial on a CPU runs while one on a GPU does"


def test_trials_that_share_a_gpu_are_never_more_than_fit(
    tmp_path: Path, cluster: NodeCluster, gpu_node: int
) -> None:
    with study_on(cluster, tmp_path, "--trials-per-gpu", "2", space=ONLY_GPU) as driver:
        rows = rows_of(driver, tmp_path)
    assert "8 trials of 1 CPU + 0.5 GPU; the cluster has" in driver.output
    for params in study_root(tmp_path).glob("tune/*/*/params.json"):
        resources = json.loads(params.read_text())["plan"]["resources"]
        assert resources == {"CPU": 1.0, "GPU": 0.5}
    assert {row["raylet"] for row in rows} == {gpu_node}
    for gpu in (0, 1):
        sharing = [row for row in rows if [str(g) for g in row["gpus"]] == [str(gpu)]]
        assert {row["visible"] for row in sharing} == {str(gpu)}
        assert most_at_once(sharing) == 2, "half a GPU each"
    assert all(len(row["gpus"]) == 1 for row in rows)


def test_trials_that_need_a_whole_gpu_have_it_alone(
    tmp_path: Path, cluster: NodeCluster, gpu_node: int
) -> None:
    with study_on(cluster, tmp_path, space=ONLY_GPU) as driver:
        rows = rows_of(driver, tmp_path)
    assert {row["visible"] for row in rows} == {"0", "1"}
    assert most_at_once(rows) == 2, "four CPUs, but two GPUs"
    for gpu in ("0", "1"):
        assert most_at_once([row for row in rows if row["visible"] == gpu]) == 1


def test_a_resource_of_the_users_own_is_where_trials_go(
    tmp_path: Path, cluster: NodeCluster, fast_node: int
) -> None:
    with study_on(cluster, tmp_path, space=ON_FAST_NODES) as driver:
        rows = rows_of(driver, tmp_path)
    assert len(rows) == 8 and {row["raylet"] for row in rows} == {fast_node}
    assert most_at_once(rows) == 1, "two CPUs, but one of the resource"


def test_trials_whose_time_is_the_result_run_alone(
    tmp_path: Path, cluster: NodeCluster, gpu_node: int, fast_node: int
) -> None:
    with study_on(cluster, tmp_path, space=EXCLUSIVE) as driver:
        rows = rows_of(driver, tmp_path)
    assert {row["raylet"] for row in rows} == {gpu_node}, "the largest node, and the one with GPUs"
    for row in on_device(rows, "cpu"):
        beside = [other for other in rows if other is not row]
        assert not [r for r in beside if r["began"] < row["ended"] and row["began"] < r["ended"]]
    for gpu in ("0", "1"):
        sharing = [row for row in on_device(rows, "cuda") if row["visible"] == gpu]
        assert not sharing or most_at_once(sharing) == 1


def test_a_study_is_finished_once_there_is_a_gpu(tmp_path: Path) -> None:
    with NodeCluster(tmp_path / "cluster.log", {**os.environ}, {"CPU": 2}) as small:
        with study_on(small, tmp_path, space=SPACE) as driver:
            first = rows_of(driver, tmp_path, status=3)
        assert "8 of 16 rows are finished" in driver.output
        assert "8 rows stay open: no GPU in the cluster" in driver.output
        assert {row["device"] for row in first} == {"cpu"}
        gpu_node = small.add({"CPU": 1, "GPU": 1})
        with study_on(small, tmp_path, space=SPACE) as driver:
            rows = rows_of(driver, tmp_path)
    assert "16 rows, 8 finished; 8 trials to run" in driver.output
    assert "16 of 16 rows are finished" in driver.output
    assert len(rows) == 16, "no row was run again"
    assert {row["raylet"] for row in on_device(rows, "cuda")} == {gpu_node}


def test_the_others_go_on_when_the_node_with_the_gpus_is_lost(tmp_path: Path) -> None:
    def num_rows(device: str) -> int:
        return len(on_device(list(last_rows(tmp_path).values()), device))

    with NodeCluster(tmp_path / "cluster.log", {**os.environ}, {"CPU": 2}) as cluster:
        lost = cluster.add({"CPU": 4, "GPU": 4})
        with study_on(cluster, tmp_path, space=THIRTY_TWO) as driver:
            assert driver.wait_for(lambda: num_rows("cuda") >= 1), driver.output
            cluster.remove(lost)
            assert driver.wait_for(lambda: num_rows("cpu") == 16), driver.output
            before = num_rows("cuda")
            assert before < 16
            assert driver.wait_for_output("nothing can run: no GPU in the cluster; wait for")
            found = cluster.add({"CPU": 4, "GPU": 4})
            rows = rows_of(driver, tmp_path)
    assert len(on_device(rows, "cuda")) == len(on_device(rows, "cpu")) == 16
    assert {row["raylet"] for row in on_device(rows, "cuda")} <= {lost, found}
    print(summary_row(f"node with all GPUs lost, {16 - before} rows to go", 1, 1, 0, True))
