from __future__ import annotations

from pathlib import Path

from analysis.frames.load import load_study
from analysis.render.document import Bullets, Paragraph, Table
from analysis.render.files import to_csv
from analysis.sections.problems import (
    problems,
    reasons_table,
    statuses_in_words,
    unfinished,
)
from tests.studies import A2, line, resnet_config, study_json, write_study, write_trial
from tune_app.study.stop import STOPPED_FILE, Stop

FAILED = ("failed", "diverged")


def failed_table(path: Path) -> Table:
    table = reasons_table(load_study(path), "grid-problems", FAILED)
    assert table is not None
    return table


def test_a_failed_row_names_the_file_of_its_traceback(tmp_path: Path) -> None:
    configs = {"crash": resnet_config(), "nan": resnet_config(lr=10.0)}
    path = write_study(tmp_path / "grid", study_json(configs))
    write_trial(path, "k1", configs["crash"], {2: ["crash"]}, [line(1)], error="ValueError: bad\n")
    lines = [line(1) | {"status": "diverged"}]
    write_trial(path, "k2", configs["nan"], {2: ["nan"]}, lines)
    table = failed_table(path)
    assert table.cells["reason"] == ["ValueError: bad", "training diverged at epoch 1"]
    assert table.cells["traceback"] == ["tune/001/trial_k1/error.txt", ""]
    assert table.notes == ("Traceback: its file, relative to the study directory.",)
    assert "tune/001/trial_k1/error.txt" in to_csv(table.frame)


def test_the_traceback_is_that_of_the_last_attempt(tmp_path: Path) -> None:
    configs = {"crash": resnet_config()}
    path = write_study(tmp_path / "grid", study_json(configs))
    for launch in ("001", "002"):
        error = f"ValueError: in launch {launch}\n"
        write_trial(path, "k1", configs["crash"], {2: ["crash"]}, [], launch=launch, error=error)
    table = failed_table(path)
    assert table.cells["reason"] == ["ValueError: in launch 002"]
    assert table.cells["traceback"] == ["tune/002/trial_k1/error.txt"]


def test_without_a_traceback_there_is_no_column_of_them(tmp_path: Path) -> None:
    configs = {"nan": resnet_config()}
    path = write_study(tmp_path / "grid", study_json(configs))
    lines = [line(1) | {"status": "diverged"}]
    write_trial(path, "k1", configs["nan"], {2: ["nan"]}, lines)
    table = failed_table(path)
    assert "traceback" not in table.cells
    assert table.notes == ()


def test_a_study_without_problems_says_so(tmp_path: Path) -> None:
    configs = {"good": resnet_config()}
    path = write_study(tmp_path / "grid", study_json(configs))
    lines = [line(1), line(2, milestone=True)]
    write_trial(path, "k1", configs["good"], {2: ["good"]}, lines)
    [paragraph] = problems({"grid": load_study(path)}).blocks
    assert isinstance(paragraph, Paragraph)
    assert paragraph.text == "Every row has its result, and every result could be read."


def test_a_failed_row_is_not_called_open(tmp_path: Path) -> None:
    path = write_study(tmp_path / "grid", study_json({"a2": A2, "b": resnet_config(lr=0.5)}))
    write_trial(path, "k1", A2, {2: ["a2"]}, [line(2, milestone=True)])
    write_trial(path, "k2", resnet_config(lr=0.5), {2: ["b"]}, [line(1)], error="OSError: disk")
    assert unfinished(load_study(path)) == (
        "Failed: 1 of 2 rows of study grid. The command that began the study tries failed rows "
        "again."
    )


def test_a_study_that_was_begun_for_some_rows_is_continued_without_where(tmp_path: Path) -> None:
    path = write_study(tmp_path / "grid", study_json({"a2": A2, "b": resnet_config(lr=0.5)}))
    write_trial(path, "k1", A2, {2: ["a2"]}, [line(1)], error="OSError: disk")
    study = load_study(path)
    study.meta["launches"][0]["command"] = "tune-app run --space q1a --where lr=0.5"
    assert unfinished(study).endswith(
        "The command that began the study, without --where, continues it and tries failed rows "
        "again."
    )


def test_open_rows_do_not_promise_to_be_continued(tmp_path: Path) -> None:
    no_gpu = {"config_id": "a2", "seed": 0, "reason": "no GPU in the cluster"}
    path = write_study(tmp_path / "grid", study_json({"a2": A2}, open_rows=[no_gpu]))
    assert unfinished(load_study(path)) == (
        "Unfinished: 1 of 1 row of study grid has no result: 1 open: no GPU in the cluster. An "
        "open row stays open until the study's command can run it."
    )


def test_of_many_reasons_three_are_named_and_the_others_counted(tmp_path: Path) -> None:
    configs = {f"c{number}": resnet_config(lr=number) for number in range(1, 5)}
    rows = [{"config_id": name, "seed": 0, "reason": f"no {name}"} for name in configs]
    for most, rest in ((3, ""), (4, " and 1 more")):
        some = dict(list(configs.items())[:most])
        path = write_study(tmp_path / f"grid{most}", study_json(some, open_rows=rows[:most]))
        text = f"{most} open: no c1, no c2, no c3{rest}"
        assert statuses_in_words(load_study(path).rows) == text


def test_rows_that_were_ended_early_are_counted_by_reason_and_not_unfinished(
    tmp_path: Path,
) -> None:
    configs = {f"c{number}": resnet_config(lr=number, epochs=9) for number in range(1, 6)}
    path = write_study(tmp_path / "grid", study_json(configs))
    for (name, config), epoch in zip(configs.items(), (1, 1, 2, 3, 4), strict=True):
        lines = [line(number) for number in range(1, epoch + 1)]
        folder = write_trial(path, name, config, {9: [name]}, lines)
        (folder / STOPPED_FILE).write_text(Stop("stopped", epoch, "asha").as_json())
    study = load_study(path)
    assert unfinished(study) == ""
    [section] = problems({"grid": study}).sections
    [bullets] = section.blocks
    assert isinstance(bullets, Bullets)
    first, second, third, rest = bullets.items
    assert first.startswith("2 rows: ") and second.startswith("1 row: ") and "3" in third
    assert rest == "1 row for other reasons"
