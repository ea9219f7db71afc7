from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from analysis.frames.load import Study, load_study
from analysis.stats import compare_predictions, mcnemar
from search_spaces.errors import UserError
from tests.studies import line, resnet_config, shared_study, study_json, write_study, write_trial

LABELS = np.repeat(np.arange(10, dtype=np.uint8), 14)


def predicted(*wrong: int) -> np.ndarray:  # type: ignore[type-arg]
    """Return predictions that are wrong on these images, each in its own way."""
    predictions = LABELS.copy()
    for image in wrong:
        predictions[image] = (LABELS[image] + 1 + image) % 10
        if predictions[image] == LABELS[image]:
            predictions[image] = (LABELS[image] + 1) % 10
    return predictions


def confusion(predictions: np.ndarray) -> list[list[int]]:  # type: ignore[type-arg]
    matrix = np.zeros((10, 10), dtype=int)
    np.add.at(matrix, (LABELS[: len(predictions)], predictions), 1)
    return matrix.tolist()  # type: ignore[no-any-return]


def study_of(path: Path, with_labels: bool, **predictions: np.ndarray) -> Study:  # type: ignore[type-arg]
    configurations = {
        name: resnet_config(batch_size=16 + number) for number, name in enumerate(predictions)
    }
    study = write_study(path, study_json(configurations))
    for name, values in predictions.items():
        lines = [line(1), line(2, milestone=True, confusion_matrix=confusion(values))]
        trial = write_trial(study, name, configurations[name], {2: [name]}, lines)
        (trial / "predictions").mkdir()
        arrays = {"predictions": values} | ({"labels": LABELS} if with_labels else {})
        np.savez_compressed(trial / "predictions" / "epoch_2.npz", **arrays)
    return load_study(study)


A = predicted(0, 1, 2)
B = predicted(2, 3, 4, 5, 6, 7, 8, 9, 10, 11)


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
    with pytest.raises(UserError, match="one and the same"):
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
