"""The probe of a ResNet: what it measures grows as a trial does."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.training.test_classifier_run import images, start  # noqa: F401 (a fixture)
from tests.training.test_graphed_step import Recorder, Recording
from tune_app.data.split_data import SplitData
from tune_app.training.classifier_probe import probe
from tune_app.training.classifier_run import ClassifierRun
from tune_app.training.graphed_step import GraphedStep, Outcome
from tune_app.training.probe import EpochTimes


def test_a_probe_grows_with_epochs_and_images(
    images: SplitData,  # noqa: F811
) -> None:
    measured = probe(start(images).config, images, 1)
    once = measured.seconds(1, 1000, 100)
    assert measured.seconds(2, 1000, 200) == pytest.approx(2 * once)
    # Adam keeps two values per trained parameter beside the weights.
    assert measured.checkpoint_bytes > 2.9 * 4 * 4_200_000
    assert measured.weights_bytes > 11_100_000 * 4


class SlowRecorder(Recorder):
    def record(self, step: Callable[[], Outcome]) -> Recording:
        time.sleep(5)
        return super().record(step)


def test_steps_are_measured_as_graphs_whose_recording_is_part_of_every_epoch(
    images: SplitData,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder = SlowRecorder()
    monkeypatch.setattr(ClassifierRun, "new_step", lambda run: GraphedStep(run.step, recorder))
    found = probe(start(images, batch_size=8).config, images, 1).seconds
    assert isinstance(found, EpochTimes)
    assert recorder.num_taken == 3 and [r.num_replays for r in recorder.recordings] == [5]
    assert found.per_epoch > 2
    assert found(2, 100, 0) - 2 * found(1, 50, 0) == pytest.approx(100 * found.per_train)
