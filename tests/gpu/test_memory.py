"""The memory of a GPU: what is left after a trial, and what happens when there is too little."""

from __future__ import annotations

import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.training.test_classifier_run import images, start  # noqa: F401 (a fixture)
from tune_app.data.split_data import SplitData
from tune_app.engine.connection import local_cluster
from tune_app.engine.failures import reason
from tune_app.engine.gpus import gpu_names
from tune_app.training.memory import begin_trial

LABEL_OUT_OF_RANGE = """
import torch
outputs, labels = torch.zeros(2, 3, device="cuda"), torch.tensor([0, 7], device="cuda")
torch.nn.functional.cross_entropy(outputs, labels).item()
"""
MEASURE = """
import sys
import torch
from tune_app.engine.connection import local_cluster
from tune_app.engine.gpus import gpu_names
assert gpu_names() and local_cluster().total("GPU") == len(gpu_names())
print("ready", flush=True)
sys.stdin.read()
"""
ON_A_CPU = """
import torch
from tests.training.test_classifier_run import start
from tune_app.data.images import load_datasets
from tune_app.training.memory import hide_gpus
hide_gpus()
start(load_datasets(["mnist"], "sample", 200)["mnist"], optimizer="adam").train_epoch(1)
assert not torch.cuda.is_initialized()
"""


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Let this process use 2 GB of the GPU."""
    begin_trial()
    torch.cuda.set_per_process_memory_fraction(2e9 / torch.cuda.mem_get_info()[1])
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)


def test_the_trial_after_one_that_ran_out_of_memory_works(
    images: SplitData,  # noqa: F811
    little_memory: None,
) -> None:
    large = {"model": "resnet50", "batch_size": 128, "image_size": 256}
    try:
        start(images, device="cuda", **large).train_epoch(1)
    except torch.OutOfMemoryError:
        text = traceback.format_exc()
    print(reason(text))
    assert reason(text).startswith("torch.OutOfMemoryError: CUDA out of memory. ")
    begin_trial()
    assert start(images, device="cuda").train_epoch(1)["status"] == "ok"


def test_a_new_trial_gives_the_memory_of_the_last_one_back() -> None:
    held = torch.empty(2**30, dtype=torch.uint8, device="cuda")
    del held
    assert torch.cuda.memory_reserved() >= 2**30
    begin_trial()
    assert torch.cuda.memory_reserved() < 2**30


def test_an_error_of_cuda_has_a_reason_of_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LABEL_OUT_OF_RANGE], capture_output=True, text=True, check=False
    )
    assert reason(done.stderr).endswith("CUDA error: device-side assert triggered"), done.stderr


def test_naming_the_gpus_takes_no_gpu_memory() -> None:
    assert gpu_names() == [torch.cuda.get_device_name(i) for i in range(len(gpu_names()))]
    assert local_cluster().total("GPU") == torch.cuda.device_count() == len(gpu_names())
    free = torch.cuda.mem_get_info()[0]
    with subprocess.Popen(
        [sys.executable, "-c", MEASURE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        taken = free - torch.cuda.mem_get_info()[0]
        process.communicate("")
    print(f"taken {taken / 1e6:.0f} MB")
    assert taken < 50e6


def test_a_training_on_a_cpu_does_not_open_the_gpu() -> None:
    folder = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", ON_A_CPU], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
