from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.frames.conditions import MARK, at_once, at_once_in_trials, marked, note, timed
from analysis.frames.load import Study, load_study
from analysis.sections.report_document import build_document
from tests.studies import (
    A2,
    A5,
    PREFIX,
    line,
    prefix_study,
    resnet_config,
    study_json,
    svm_config,
    write_study,
    write_trial,
)

NAN = math.nan


def same(actual: list[float], expected: list[float]) -> bool:
    """Compare lists of numbers in which NaN equals NaN."""
    return actual == pytest.approx(expected, nan_ok=True)


def study_of(path: Path, *counts: Any, **space: Any) -> Study:
    """Return a study of one row at two epochs, with these counts of trials at once by epoch."""
    changes = {"space": {"trainable": "resnet", **space}} if space else {}
    directory = prefix_study(path, **changes)
    lines = [line(1, num_concurrent_trials=counts[0])]
    lines.append(line(2, milestone=True, num_concurrent_trials=counts[1]))
    write_trial(directory, "k1", A2, {2: ["a2"]}, lines)
    return load_study(directory)


@pytest.mark.parametrize(
    ("counts", "most"),
    [((1, 1), 1.0), ((1, 3), 3.0), ((2, 1), 2.0), ((1, None), NAN), ((2, "many"), NAN)],
)
def test_the_busiest_epoch_counts_and_what_is_not_recorded_is_unknown(
    tmp_path: Path, counts: tuple[Any, Any], most: float
) -> None:
    study = study_of(tmp_path, *counts)
    assert same(at_once(study, ["a2"]), [most])
    assert same(at_once_in_trials(study), [most])


def test_of_several_seeds_the_busiest_counts_and_one_unknown_makes_all_unknown(
    tmp_path: Path,
) -> None:
    path = prefix_study(tmp_path, seeds=(0, 1))
    for seed, count in ((0, 1), (1, 4)):
        lines = [line(1), line(2, milestone=True, num_concurrent_trials=count), line(3), line(4)]
        lines.append(line(5, milestone=True, num_concurrent_trials=count if seed == 0 else None))
        write_trial(path, f"k{seed}", A5, PREFIX, lines, seed=seed)
    study = load_study(path)
    assert same(at_once(study, ["a2", "a5", "a2"]), [4.0, NAN, 4.0])
    assert same(at_once_in_trials(study), [1.0, NAN])


def test_only_rows_with_a_result_and_a_time_count(tmp_path: Path) -> None:
    path = prefix_study(tmp_path, seeds=(0, 1))
    write_trial(path, "k0", A5, PREFIX, [line(1), line(2, milestone=True)])
    write_trial(path, "k1", A5, PREFIX, [line(1, num_concurrent_trials=2)], seed=1)
    study = load_study(path)
    assert same(at_once(study, ["a2", "a5", "no such"]), [1.0, NAN, NAN])
    assert same(at_once_in_trials(study), [1.0, 2.0]), "its epochs are part of the sum"


@pytest.mark.parametrize(("shares", "most"), [((0.02, 0.08), 1.0), ((0.3, 0.02), math.inf)])
def test_times_beside_other_work_are_not_measured_alone(
    tmp_path: Path, shares: tuple[float, float], most: float
) -> None:
    """The mean of the epochs counts: 5 and 16 % of the time."""
    directory = prefix_study(tmp_path)
    first, second = ({"waited_share": share} for share in shares)
    write_trial(
        directory, "k1", A2, {2: ["a2"]}, [line(1, **first), line(2, milestone=True, **second)]
    )
    study = load_study(directory)
    assert at_once(study, ["a2"]) == at_once_in_trials(study) == [most]
    found = note(study, [most, 2.0, NAN])
    busy = (
        "; other work had part of the cores: threads waited for one for 15 % of their time or "
        "longer"
    )
    assert found == (
        f"{MARK} Not measured alone: up to 2 trials ran at once on the node"
        f"{busy if most > 1 else ''}; for some times the number is not recorded.",
    )
    assert marked(["1.0"], [most]) == (["1.0"] if most == 1 else [f"1.0 {MARK}"])


def test_a_fit_has_a_time_too() -> None:
    rows = pd.DataFrame({"train_seconds": [1.0, NAN, NAN], "fit_seconds": [NAN, 2.0, NAN]})
    assert list(timed(rows)) == [True, True, False]
    assert list(timed(rows[["fit_seconds"]])) == [False, True, False]
    assert not timed(rows[[]]).any()


def test_a_study_without_epochs_has_no_times(tmp_path: Path) -> None:
    study = load_study(prefix_study(tmp_path))
    assert at_once_in_trials(study) == []
    assert same(at_once(study, ["a2"]), [NAN])


def test_marks_stand_behind_times_that_were_not_taken_alone() -> None:
    texts = ["1.00", "2.00", "3.00", "–"]
    assert marked(texts, [1.0, 2.0, NAN, NAN]) == ["1.00", f"2.00 {MARK}", f"3.00 {MARK}", "–"]


def test_the_footnote_says_how_many_ran_at_once_and_what_the_space_asked_for(
    tmp_path: Path,
) -> None:
    study = study_of(tmp_path, 1, 1)
    assert note(study, [1.0, 1.0]) == () == note(study, [])
    assert note(study, [1.0, 2.0, 2.0]) == (
        f"{MARK} Not measured alone: up to 2 trials ran at once on the node.",
    )
    assert note(study, [2.0, 4.0, NAN]) == (
        f"{MARK} Not measured alone: up to 4 trials ran at once on the node; for some times the "
        "number is not recorded.",
    )
    assert note(study, [1.0, NAN]) == (
        f"{MARK} Perhaps not measured alone: how many trials ran at once is not recorded.",
    )
    wish = study_of(tmp_path / "exclusive", 2, 2, exclusive=True)
    assert note(wish, [2.0], "q2") == (
        f"{MARK} Not measured alone in q2: up to 2 trials ran at once on the node, although the "
        "space asks for trials that run alone.",
    )


def times_of(*studies: Study) -> tuple[list[str], tuple[str, ...]]:
    """Return the printed sums of training times in a report, and the footnotes of their table."""
    document = build_document({study.path.name: study for study in studies}, labs=False)
    [table] = [table for table in document.tables if table.name == "studies"]
    return table.cells["training time, all trials (s)"], table.notes


def test_the_sum_of_training_times_is_marked_where_one_of_them_was_not_taken_alone(
    tmp_path: Path,
) -> None:
    alone, beside = study_of(tmp_path / "a", 1, 1), study_of(tmp_path / "b", 1, 2)
    assert times_of(alone)[0] == ["20.0"]
    assert not any(MARK in text for text in times_of(alone)[1])
    cells, notes = times_of(beside)
    assert cells == [f"20.0 {MARK}"]
    assert notes[-1] == f"{MARK} Not measured alone: up to 2 trials ran at once on the node."


def test_of_several_studies_the_footnote_names_the_one_it_speaks_of(tmp_path: Path) -> None:
    alone = study_of(tmp_path / "a", 1, 1)
    meta = study_json({"s1": svm_config()}, name="svm", space={"trainable": "svm"})
    path = write_study(tmp_path / "svm", meta)
    result = line(1, milestone=True, num_concurrent_trials=None, fit_seconds=3.0)
    write_trial(path, "k1", svm_config(), {1: ["s1"]}, [result])
    cells, notes = times_of(alone, load_study(path))
    assert cells == ["20.0", f"10.0 {MARK}"]
    assert [text for text in notes if MARK in text] == [
        f"{MARK} Perhaps not measured alone in svm: how many trials ran at once is not recorded."
    ]


@pytest.mark.parametrize("count", [1, 2])
def test_the_figure_of_accuracy_against_time_says_what_ran_beside(
    tmp_path: Path, count: int
) -> None:
    configurations = {f"c{i}": resnet_config(lr=i + 1.0) for i in range(3)}
    path = write_study(tmp_path / "grid", study_json(configurations))
    for number, (name, config) in enumerate(configurations.items()):
        changes = {"num_concurrent_trials": count, "flops": 1e6}
        lines = [line(1, **changes), line(2, milestone=True, train_seconds=20 + number, **changes)]
        write_trial(path, f"k{number}", config, {2: [name]}, lines)
    document = build_document({"grid": load_study(path)}, labs=False)
    figures = {figure.name: figure for figure in document.figures}
    notes = ("Not measured alone: up to 2 trials ran at once on the node.",)
    assert figures["grid-pareto"].notes == (() if count == 1 else notes)
    assert figures["grid-explore"].notes == ()
