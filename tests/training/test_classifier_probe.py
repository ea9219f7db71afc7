"""The probe of a ResNet: what it measures grows as a trial does."""

from __future__ import annotations

import pytest

from tests.training.test_classifier_run import images, start  # noqa: F401 (a fixture)
from tune_app.data.split_data import SplitData
from tune_app.training.classifier_probe import probe


def test_a_probe_grows_with_epochs_and_images(
    images: SplitData,  # noqa: F811
) -> None:
    measured = probe(start(images).config, images, 1)
    once = measured.seconds(1, 1000, 100)
    assert measured.seconds(2, 1000, 200) == pytest.approx(2 * once)
    # Adam keeps two values per trained parameter beside the weights.
    assert measured.checkpoint_bytes > 2.9 * 4 * 4_200_000
    assert measured.weights_bytes > 11_100_000 * 4
