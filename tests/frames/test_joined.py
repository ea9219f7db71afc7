"""Factors that only vary together are compared as one, because only their joint effect is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.figures.forest import forest_data, step_words
from analysis.frames.effects import compared_factors
from analysis.frames.joined import joined, joined_factors
from analysis.frames.load import Study, load_study
from analysis.sections.comparisons import factors_blocks
from analysis.sections.factor_words import factors_in_words
from tests.any_studies import random_search
from tests.own_studies import own_study, report

RBF, POLY = {"kernel": "rbf", "C": 10}, {"kernel": "poly", "C": 1}


def study_of(path: Path, configs: list[dict[str, Any]], factors: tuple[str, ...] = ()) -> Study:
    """Return a study in which rbf has an error lower by 1, whatever the size."""
    ledger = own_study(path, configs, metric="val_mse", mode="min", factors=list(factors))
    for config in configs:
        error = config.get("size", 0) + (config["kernel"] != "rbf")
        report(ledger, config, [{"val_mse": error, "test_mse": error}])
    return load_study(path)


def test_one_step_is_compared_in_pairs_over_the_rest(tmp_path: Path) -> None:
    configs = [{**svm, "size": size} for svm in (RBF, POLY) for size in range(10, 16)]
    study = study_of(tmp_path / "svm", configs)
    assert joined_factors(study) == {"kernel": ["C"]}
    [line] = forest_data(study).query("factor == 'kernel'").to_dict("records")
    assert step_words(line) == "kernel: rbf, C 10 → poly, C 1"
    # Of the 64 patterns of six signs two are as extreme.
    assert line["effect"] == 1.0 and (line["n"], line["wins"]) == (6, 6) and line["is_matched"]
    assert "C" not in set(forest_data(study)["factor"])
    notes = factors_blocks(study, "x")[1].notes  # type: ignore[union-attr]
    text = "Kernel and C only vary together, so no effect can be put down to one of them."
    assert text in notes


def test_the_published_study_of_sizes_finds_the_better_kernel() -> None:
    study = load_study("published:svm_scaling")
    [line] = forest_data(study).query("factor == 'kernel'").to_dict("records")
    # Rbf wins at all five sizes on both data sets; degree, which only poly has, is in no name.
    assert (line["n"], line["wins"], line["ties"]) == (10, 0, 0)
    assert line["verdict"] == "worse in these runs"
    assert "kernel rbf, C 10 instead of poly, C 1" in factors_in_words(study)[0]
    rows, keys = joined(study).rows, joined(study).config_keys
    assert "C" in rows and not {"C", "degree"} & {*keys}


def test_a_parameter_that_one_value_brings_with_it_keeps_no_pairs_apart(tmp_path: Path) -> None:
    svms: list[dict[str, Any]] = [{"kernel": "rbf"}, {"kernel": "poly", "degree": 3}]
    study = study_of(tmp_path / "svm", [{**svm, "size": n} for svm in svms for n in (1, 2)])
    [line] = forest_data(study).query("factor == 'kernel'").to_dict("records")
    assert step_words(line) == "kernel: rbf → poly" and line["is_matched"] and line["n"] == 2


@pytest.mark.parametrize(
    "svms",
    [
        [RBF, POLY, {"kernel": "poly", "C": 10}],  # poly has two values of C
        [RBF, {"kernel": "poly", "C": 10}],  # C does not vary
    ],
)
def test_what_also_varies_alone_is_not_joined(tmp_path: Path, svms: list[dict[str, Any]]) -> None:
    study = study_of(tmp_path / "svm", [{**svm, "size": n} for svm in svms for n in (1, 2)])
    assert joined(study) is study and "kernel" in compared_factors(study)


def test_rows_that_are_each_a_case_of_their_own_are_not_joined(tmp_path: Path) -> None:
    study = study_of(tmp_path / "two", [RBF, POLY])
    assert joined_factors(study) == {}
    random_search(tmp_path / "random")
    assert joined_factors(load_study(tmp_path / "random")) == {}


def test_a_data_set_is_never_joined(tmp_path: Path) -> None:
    sets = [{**RBF, "dataset": "mnist"}, {**POLY, "dataset": "fashion_mnist"}]
    study = study_of(tmp_path / "sets", [{**config, "size": n} for config in sets for n in (1, 2)])
    assert joined_factors(study) == {"kernel": ["C"]}
    study = study_of(tmp_path / "C", [{**c, "size": n} for c in sets for n in (1, 2)], ("C",))
    assert joined_factors(study) == {"C": ["kernel"]}
