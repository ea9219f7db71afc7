from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from analysis.compare.joined import join
from analysis.compare.pairs import pairs_of
from analysis.compare.predictions import mcnemar_of_rows
from analysis.frames.load import Study, load_study
from analysis.stats import mcnemar
from tests.saved_predictions import LABELS, A, B, predicted, sample_study, study_of


def rows_of(first: Study, second: Study) -> pd.DataFrame:
    joined = join(first, second)
    return mcnemar_of_rows(joined, pairs_of(joined, "val_accuracy"))


def test_models_of_two_studies_are_compared_image_by_image(tmp_path: Path) -> None:
    """A is wrong on 0, 1, 2 and B on 2 to 11: only B is right on 0 and 1, only A on 3 to 11."""
    one = study_of(tmp_path / "a", True, x=A, y=A)
    two = study_of(tmp_path / "b", True, x=B, y=A)
    found = rows_of(one, two)
    assert found.loc[0, ["only_a", "only_b"]].tolist() == [9, 2]
    exact = mcnemar(A == LABELS, B == LABELS).p_value
    assert found["p_value"].tolist() == pytest.approx([exact, 1.0])
    assert found["p_adjusted"].tolist() == pytest.approx([2 * exact, 1.0])
    assert not found["is_bound"].any()


def test_without_labels_the_same_files_and_split_are_needed(tmp_path: Path) -> None:
    unknown = rows_of(study_of(tmp_path / "a", False, x=A), study_of(tmp_path / "b", False, x=B))
    assert math.isnan(unknown.loc[0, "p_value"]), "nothing says that the images are the same"
    one = load_study(sample_study(tmp_path / "c"))
    two = load_study(sample_study(tmp_path / "d", shift=1))
    known = rows_of(one, two)
    assert known.loc[0, "is_bound"] and known.loc[0, "p_value"] == 1.0
    assert known.loc[0, "only_a"] == known.loc[0, "only_b"] > 0


def test_the_one_data_set_need_not_be_a_parameter(tmp_path: Path) -> None:
    studies = []
    for path, shift in ((tmp_path / "a", 0), (tmp_path / "b", 1)):
        study = load_study(sample_study(path, shift=shift))
        space = {**study.meta["space"], "defaults": {"dataset": "mnist"}}
        keys = tuple(key for key in study.config_keys if key != "dataset")
        rows = study.rows.drop(columns="dataset")
        meta = {**study.meta, "space": space}
        studies.append(replace(study, meta=meta, rows=rows, config_keys=keys))
    assert rows_of(*studies)["p_value"].notna().all()


def test_other_labels_are_other_images(tmp_path: Path) -> None:
    one, two = study_of(tmp_path / "a", True, x=A), study_of(tmp_path / "b", True, x=B)
    [path] = two.path.glob("tune/*/*/predictions/*.npz")
    import numpy as np

    np.savez(path, predictions=B, labels=LABELS[::-1])
    assert rows_of(one, load_study(two.path))["p_value"].isna().all()


def test_damaged_predictions_are_left_out(tmp_path: Path) -> None:
    one = study_of(tmp_path / "a", True, x=A, y=predicted(1))
    two = study_of(tmp_path / "b", True, x=B, y=predicted(2))
    path = two.predictions_path("x", 0)
    assert path is not None
    path.write_bytes(b"no archive")
    assert rows_of(one, two)["p_value"].isna().tolist() == [True, False]


def test_rows_that_repeat_others_are_no_tests_of_their_own(tmp_path: Path) -> None:
    one = study_of(tmp_path / "a", True, x=A, y=A)
    joined = join(one, study_of(tmp_path / "b", True, x=B, y=B))
    pairs = pairs_of(joined, "val_accuracy")
    first, second = mcnemar_of_rows(joined, pairs)["p_adjusted"]
    exact = mcnemar(A == LABELS, B == LABELS).p_value
    assert first == second == pytest.approx(2 * exact)
    first, second = mcnemar_of_rows(joined, pairs.assign(repeats=[False, True]))["p_adjusted"]
    assert first == pytest.approx(exact) and math.isnan(second)
