"""Loading data sets: the sample and its split, subsets, and what the study file says of them."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.refused import refused
from tune_app.data.images import allowed_images, load_datasets

BOTH = ("mnist", "fashion_mnist")
IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def test_sample_is_split_70_10_20() -> None:
    for name, data in load_datasets(BOTH, "sample").items():
        assert data.name == name
        assert data.inputs.shape == (10_000, 28, 28)
        assert data.labels.shape == (10_000,)
        assert [len(part) for part in (data.train, data.val, data.test)] == [7_000, 1_000, 2_000]
        assert data.inputs.dtype == data.labels.dtype == np.uint8
        assert set(data.sha256) == {IMAGES, LABELS}
        assert len(data.class_names) == 10


def test_num_images_chooses_a_nested_stratified_subset() -> None:
    small = load_datasets(["fashion_mnist"], "sample", num_images=500)["fashion_mnist"]
    large = load_datasets(["fashion_mnist"], "sample", num_images=1_000)["fashion_mnist"]
    assert np.bincount(small.labels).tolist() == [50] * 10
    assert [len(part) for part in (small.train, small.val, small.test)] == [350, 50, 100]
    assert np.bincount(small.labels[small.val]).tolist() == [5] * 10
    assert not small.inputs.flags.writeable
    images_of_large = {image.tobytes() for image in large.inputs}
    assert all(image.tobytes() in images_of_large for image in small.inputs)


def test_split_seed_changes_subset_and_split() -> None:
    first, again, other = (
        load_datasets(["mnist"], "sample", num_images=300, split_seed=seed)["mnist"]
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first.inputs, again.inputs)
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.inputs, other.inputs)
    all_images = load_datasets(["mnist"], "sample", split_seed=0)["mnist"]
    split_otherwise = load_datasets(["mnist"], "sample", split_seed=1)["mnist"]
    assert np.array_equal(all_images.inputs, split_otherwise.inputs)
    assert not np.array_equal(all_images.test, split_otherwise.test)


@pytest.mark.parametrize("num_images", [7, 99, 10_001, -1])
def test_number_of_images_out_of_range(num_images: int) -> None:
    message = refused(lambda: load_datasets(BOTH, "sample", num_images=num_images))
    assert message.startswith(f"--images {num_images}: allowed 100 to 10,000 with --data sample")


def test_other_wrong_arguments() -> None:
    assert "did you mean 'mnist'?" in refused(lambda: load_datasets(["mnits"], "sample"))
    message = refused(lambda: load_datasets(["mnist"], "sample", split_seed=-1))
    assert message == "--split-seed -1: allowed 0 or more"


def test_allowed_images() -> None:
    assert allowed_images(BOTH, "full") == range(100, 70_001)
    assert allowed_images(BOTH, "sample") == range(100, 10_001)


def test_importing_the_data_module_does_not_import_torch() -> None:
    code = "import sys, tune_app.data.images; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.skipif(
    not os.environ.get("TUNE_APP_DATA"), reason="TUNE_APP_DATA does not name the 70,000 images"
)
def test_all_of_mnist() -> None:
    data = load_datasets(["mnist"], "full")["mnist"]
    assert [len(part) for part in (data.train, data.val, data.test)] == [49_000, 7_000, 14_000]
    assert data.labels[:5].tolist() == [5, 0, 4, 1, 9]  # the train part comes first
    assert data.labels[60_000:60_005].tolist() == [7, 2, 1, 0, 4]
    assert len(data.sha256) == 4
    assert (data.inputs[data.train] / 255).mean() == pytest.approx(data.mean[0], abs=5e-4)
