"""What trainings are compared by where other work ran beside some of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.checks.audit.study import study_table as audited_table
from analysis.checks.audit.table import STEADY
from analysis.checks.claims.evidence import from_study
from analysis.frames.answer import spent
from analysis.frames.load import Study, load_study
from analysis.frames.measures import reported_numbers
from analysis.frames.pairs import levels_data
from analysis.frames.training_time import compared_time, time_measures, time_words
from analysis.render.document import Table
from analysis.sections.answer import cost_in_words
from analysis.sections.comparisons import factors_blocks
from analysis.sections.levels import levels_table
from analysis.sections.results import rows_table
from tests.studies import line, resnet_config, study_json, write_study, write_trial

ALONE: dict[str, Any] = {"device": "cpu", "num_threads": 1, "num_concurrent_trials": 2}


def disturbed(path: Path) -> Study:
    """Return a study of two optimizers, whose second trial had a fifth of its core.

    SGD takes 10 s an epoch and Adam 12 s, after a first epoch with 5 s of warm-up.
    """
    configs = {name: resnet_config(optimizer=name) for name in ("sgd", "adam")}
    write_study(path, study_json(configs))
    for name, each, share in (("sgd", 10.0, 1.0), ("adam", 12.0, 0.2)):
        lines = [
            line(
                epoch,
                milestone=epoch == 2,
                test_accuracy=0.9,
                train_seconds=(5 + each * epoch) / share,
                cpu_seconds=5 + each * epoch,
                **ALONE,
                waited_share=1 - share,
            )
            for epoch in (1, 2)
        ]
        write_trial(path, f"k-{name}", configs[name], {2: [name]}, lines)
    return load_study(path)


def test_trainings_of_one_thread_are_compared_by_processor_time(tmp_path: Path) -> None:
    study = disturbed(tmp_path / "study")
    assert compared_time(study) == "cpu_seconds" and time_words(study) == "processor time"
    assert time_measures(study)[:2] == ("cpu_seconds", "train_seconds")
    assert reported_numbers(study)[2:4] == ["cpu_seconds", "train_seconds"]
    frame = levels_data(study, "optimizer").set_index("level")
    assert frame.loc["adam", "time_ratio"] == 29 / 25, "not 145 / 25, nor unknown for the waiting"
    assert spent(study).train_seconds == 25 + 29


@pytest.mark.parametrize(
    "changes", [{"num_threads": 2}, {"device": "cuda"}, {"num_threads": None}, {"cpu_seconds": 0.0}]
)
def test_all_others_are_compared_by_wall_time(tmp_path: Path, changes: dict[str, Any]) -> None:
    configs = {name: resnet_config(optimizer=name) for name in ("sgd", "adam")}
    write_study(tmp_path / "study", study_json(configs))
    for name, own in (("sgd", {}), ("adam", changes)):
        told = {"train_seconds": 30.0, "cpu_seconds": 20.0, **ALONE, **own}
        lines = [line(2, milestone=True, test_accuracy=0.9, **told)]
        write_trial(tmp_path / "study", f"k-{name}", configs[name], {2: [name]}, lines)
    study = load_study(tmp_path / "study")
    assert compared_time(study) == "train_seconds" and time_words(study) == "training time"
    assert spent(study).train_seconds == 60


def test_a_report_says_which_time_it_compares(tmp_path: Path) -> None:
    study = disturbed(tmp_path / "study")
    [cost] = cost_in_words(study)
    assert "54 s processor time" in cost, cost
    table = levels_table(study, "optimizer", "levels")
    assert table is not None
    assert table.cells["mean processor time (s)"] == ["25.0", "29.0"]
    assert table.cells["time ratio"] == ["–", "1.16×"]
    assert any(note.startswith("Processor time: each training had one") for note in table.notes)
    rows = rows_table(study, "s")
    assert rows.cells["processor time (s)"] == ["25.0", "29.0"] and "train (s)" not in rows.cells
    [step] = [block for block in factors_blocks(study, "s") if isinstance(block, Table)]
    assert step.cells["processor time"] == ["1.16×"]
    assert "Training takes 1.16 times as much processor time." in step.cells["what it does"][0]


def test_claims_and_the_audit_look_at_the_same_time_without_the_warm_up(tmp_path: Path) -> None:
    study = disturbed(tmp_path / "study")
    assert list(from_study(study).rows["train_seconds"]) == [20, 24]
    audited = audited_table(study)
    assert list(audited.frame["train_seconds"]) == [25, 29]
    assert list(audited.frame[STEADY]) == [20, 24]
