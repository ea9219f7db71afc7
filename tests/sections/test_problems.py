from __future__ import annotations

from pathlib import Path

from analysis.frames.load import load_study
from analysis.sections.problems import unfinished
from tests.studies import (
    A2,
    line,
    resnet_config,
    study_json,
    write_study,
    write_trial,
)


def test_a_failed_row_is_not_called_open(tmp_path: Path) -> None:
    path = write_study(tmp_path / "grid", study_json({"a2": A2, "b": resnet_config(lr=0.5)}))
    write_trial(path, "k1", A2, {2: ["a2"]}, [line(2, milestone=True)])
    write_trial(path, "k2", resnet_config(lr=0.5), {2: ["b"]}, [line(1)], error="OSError: disk")
    assert unfinished(load_study(path)) == (
        "Failed: 1 of 2 rows of study grid. The same command that began the study tries again what "
        "failed."
    )


def test_open_rows_do_not_promise_to_be_continued(tmp_path: Path) -> None:
    no_gpu = {"config_id": "a2", "seed": 0, "reason": "no GPU in the cluster"}
    path = write_study(tmp_path / "grid", study_json({"a2": A2}, open_rows=[no_gpu]))
    assert unfinished(load_study(path)) == (
        "Unfinished: 1 of 1 row of study grid has no result: 1 open: no GPU in the cluster. An "
        "open row stays open until the study's command can run it."
    )
