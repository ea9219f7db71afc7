from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from analysis.frames.load import load_study
from analysis.frames.saved_predictions import compare_predictions
from analysis.stats import mcnemar
from search_spaces.errors import UserError
from tests.saved_predictions import LABELS, A, B, study_of
from tests.studies import shared_study


def test_labels_make_the_test_exact(tmp_path: Path) -> None:
    study = study_of(tmp_path / "grid", True, a=A, b=B)
    found = compare_predictions(study, ("a", 0), ("b", 0))
    assert found == mcnemar(A == LABELS, B == LABELS)
    assert (found.only_first, found.only_second, found.is_bound) == (9, 2, False)


def test_without_labels_it_is_a_bound(tmp_path: Path) -> None:
    study = study_of(tmp_path / "grid", False, a=A, b=B)
    found = compare_predictions(study, ("a", 0), ("b", 0))
    assert found.is_bound
    # Both are wrong on image 2, and alike: only 11 predictions differ, so the bound is exact.
    assert (found.only_first, found.only_second) == (9, 2)
    assert found.p_value == mcnemar(A == LABELS, B == LABELS).p_value


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    study = study_of(tmp_path / "grid", False, a=A, b=B, c=A[:100])
    with pytest.raises(UserError, match="not tested on the same images"):
        compare_predictions(study, ("a", 0), ("c", 0))
    with pytest.raises(UserError, match="has no saved predictions"):
        compare_predictions(study, ("a", 1), ("b", 0))
    with pytest.raises(UserError, match="are the same result"):
        compare_predictions(study, ("a", 0), ("a", 0))
    shared = load_study(shared_study(tmp_path / "shared"))
    with pytest.raises(UserError, match="has no saved predictions"):
        compare_predictions(shared, ("a2", 0), ("b2", 0))


class _Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('unpickled')",))


@pytest.mark.parametrize("kind", ["pickle", "garbage", "object", "floats", "empty"])
def test_damaged_or_hostile_files_are_one_line(tmp_path: Path, kind: str) -> None:
    study = study_of(tmp_path / "grid", False, a=A, b=B)
    path = study.predictions_path("a", 0)
    assert path is not None
    trap = np.array([_Trap()], dtype=object)
    content = {"pickle": pickle.dumps(_Trap()), "garbage": b"PK\x03\x04 and no more", "empty": b""}
    if kind in content:
        path.write_bytes(content[kind])
    else:
        np.savez(path, predictions=trap if kind == "object" else np.ones(140))
    with pytest.raises(UserError, match="no readable predictions") as caught:
        compare_predictions(study, ("a", 0), ("b", 0))
    assert "\n" not in str(caught.value)


def test_predictions_that_contradict_their_counts_are_refused(tmp_path: Path) -> None:
    study = study_of(tmp_path / "grid", False, a=A, b=B)
    path = study.predictions_path("b", 0)
    assert path is not None
    np.savez(path, predictions=A)
    with pytest.raises(UserError, match="do not fit their confusion matrices"):
        compare_predictions(study, ("a", 0), ("b", 0))
