from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from analysis.frames.load import Study
from analysis.frames.saved_predictions import (
    Row,
    StudyRow,
    compare_predictions,
    mcnemar_of,
    read_predictions,
)
from analysis.stats import McNemar, mcnemar
from search_spaces.errors import UserError
from tests.saved_predictions import LABELS, A, B, study_of


def between(study: Study, first: Row, second: Row) -> McNemar | None:
    return compare_predictions(StudyRow(study, first, "mnist"), StudyRow(study, second, "mnist"))


def test_labels_make_the_test_exact(tmp_path: Path) -> None:
    study = study_of(tmp_path / "grid", True, a=A, b=B)
    found = between(study, ("a", 0), ("b", 0))
    assert found == mcnemar(A == LABELS, B == LABELS)
    assert (found.only_first, found.only_second, found.is_bound) == (9, 2, False)


def test_without_labels_it_is_a_bound() -> None:
    num_correct = [int((predicted == LABELS).sum()) for predicted in (A, B)]
    found = mcnemar_of([{"predictions": A}, {"predictions": B}], num_correct)
    # Both are wrong on image 2, and alike: only 11 predictions differ, so the bound is exact.
    assert found is not None and (found.only_first, found.only_second) == (9, 2)
    assert found.is_bound and found.p_value == mcnemar(A == LABELS, B == LABELS).p_value
    again = mcnemar_of([{"predictions": A}, {"predictions": A}], num_correct)
    assert again is None, "they contradict their counts"


def test_what_cannot_be_compared_is_none(tmp_path: Path) -> None:
    study = study_of(tmp_path / "grid", True, a=A, b=B, c=A[:100])
    assert between(study, ("a", 0), ("c", 0)) is None, "not tested on the same images"
    assert between(study, ("a", 1), ("b", 0)) is None, "no saved predictions"
    assert between(study, ("a", 0), ("a", 0)) is None, "the same result"
    unlabelled = study_of(tmp_path / "unlabelled", False, a=A, b=B)
    assert between(unlabelled, ("a", 0), ("b", 0)) is None, "nothing says which images they are"


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
        read_predictions(path)
    assert "\n" not in str(caught.value)
    assert between(study, ("a", 0), ("b", 0)) is None
