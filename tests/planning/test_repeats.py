"""Seeds that change nothing: refused where all rows would be copies, counted once elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.checks.audit.study import audit_study
from analysis.checks.claims.configurations import configurations_of
from analysis.claims import Claim, Higher, from_study, judge
from analysis.frames.columns import repeats
from analysis.frames.load import Study, load_study
from analysis.frames.pairs import levels_data
from analysis.frames.summary import best_data
from analysis.report import main as report
from search_spaces.configuration import make_configuration
from search_spaces.errors import UserError
from tests.studies import QUICK, line, study_json, svm_config, write_study, write_trial
from tune_app.cli.run_command import main
from tune_app.planning.repeats import check_seeds, num_repeats, same_at_every_seed
from tune_app.planning.space_file import load_space
from tune_app.training.registry import TRAINABLES

SIX = range(6)
SIZES = {"mnist": 49_000, "fashion_mnist": 49_000}


def test_an_svm_depends_on_the_seed_only_where_it_chooses_images() -> None:
    svm = TRAINABLES["svm"]
    base = {"dataset": "mnist", "kernel": "rbf", "C": 1}
    all_of_them, chosen, all_by_number = (
        make_configuration(base | change)
        for change in ({}, {"num_train_images": 1_000}, {"num_train_images": 49_000})
    )
    found = same_at_every_seed([all_of_them, chosen, all_by_number], svm, SIZES)
    assert found == [all_of_them.config_id, all_by_number.config_id]
    network = load_space("q1a").expand()
    assert same_at_every_seed(network, TRAINABLES["resnet"], SIZES) == []


def test_copies_are_refused_unless_times_are_the_result() -> None:
    svm = TRAINABLES["svm"]
    with pytest.raises(UserError, match="6 seeds would give q1b 6 copies of one result") as caught:
        check_seeds(load_space("q1b"), SIX, svm, SIZES)
    assert "--vary-split" in str(caught.value) and "\n" not in str(caught.value)
    check_seeds(load_space("q1b"), [3], svm, SIZES)
    check_seeds(load_space("svm_scaling"), SIX, svm, SIZES)
    check_seeds(load_space("q1a"), SIX, TRAINABLES["resnet"], SIZES)


def test_the_command_refuses_them_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--space", "q1b", "--data", "sample", "--images", "150", "--seeds", "0-5"]
    for more in ([], ["--plan"]):
        assert main([*arguments, "--results-dir", str(tmp_path), *more]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: --seeds: 6 seeds would give q1b 6 copies")
        assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_repeats_are_counted() -> None:
    meta: dict[str, Any] = {"seeds": [0, 1, 2], "same_at_every_seed": ["a", "b"]}
    assert num_repeats(meta) == 4
    assert num_repeats({"seeds": [0, 1, 2]}) == num_repeats(meta | {"seeds": [7]}) == 0


def svm_study(path: Path, *, marked: bool = True) -> Study:
    """Write a timing study of C 1 and 10 at six seeds, whose accuracies do not depend on them."""
    configs = {f"c{c}": svm_config(C=c) for c in (1, 10)}
    space = {"trainable": "svm", "factors": ["C"], "exclusive": True}
    mark = {"same_at_every_seed": list(configs)} if marked else {}
    study = write_study(path, study_json(configs, space=space, seeds=SIX, **mark))
    for name, config in configs.items():
        for seed in SIX:
            right = {"c1": 132, "c10": 135}[name]
            metrics = {"test_accuracy": right / 140, "val_accuracy": right / 140}
            metrics |= {"train_seconds": 5.0 + seed / 10 + (name == "c10")}
            metrics |= {"num_concurrent_trials": 1, "confusion_matrix": None}
            metrics |= {"test_precision": None, "test_recall": None, "test_f1": None}
            lines = [line(1, milestone=True, **metrics)]
            write_trial(study, f"{name}s{seed}", config, {1: [name]}, lines, seed=seed)
    return load_study(study)


HIGHER = Claim("c", "A larger C is more accurate.", Higher("C", 10, 1))
LONGER = Claim("t", "A larger C takes longer.", Higher("C", 10, 1, metric="train_seconds"))


def test_copies_are_one_pair_and_times_are_six(tmp_path: Path) -> None:
    evidence = from_study(svm_study(tmp_path / "svm"))
    accuracy = judge(HIGHER, evidence)
    assert (accuracy.word, accuracy.outcome.num_pairs) == ("underpowered", 1)
    assert accuracy.outcome.num_seeds == 1
    assert any(caveat.startswith("10 rows repeat another seed's") for caveat in accuracy.caveats)
    times = judge(LONGER, evidence)
    assert times.outcome.num_pairs == 6
    joined = configurations_of(evidence.with_metric("test_accuracy"), "test_accuracy", "pin_memory")
    assert list(joined["num_seeds"]) == [1, 1]
    # Without the mark nothing tells copies from replicates that agree.
    unmarked = from_study(svm_study(tmp_path / "unmarked", marked=False))
    assert judge(HIGHER, unmarked).outcome.num_pairs == 6


def test_tables_and_audit_count_them_once(tmp_path: Path) -> None:
    study = svm_study(tmp_path / "svm")
    assert int(repeats(study).sum()) == 10
    assert list(best_data(study)["num_seeds"]) == [1]
    assert list(levels_data(study, "C")["num_sets"]) == [1, 1]
    assert audit_study(study.path).num_rows == 2
    assert report([str(study.path), *QUICK]) == 0
    text = (study.path / "report" / "report.md").read_text()
    assert "10 rows repeat the result of another seed" in text and "one result" in text
