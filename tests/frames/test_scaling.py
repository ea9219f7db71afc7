from __future__ import annotations

from pathlib import Path

import pytest

from analysis.frames.load import Study, load_study
from analysis.frames.scaling import exponents_data, scaling_data
from analysis.labs.svm import scaling
from tests.studies import line, study_json, svm_config, write_study, write_trial

SIZES = (1000, 2000, 4000, 8000)


def scaling_study(path: Path, sizes: tuple[int, ...] = SIZES) -> Study:
    """Return a study whose fits take 2e-6 n² seconds; the largest one did not converge."""
    configurations = {f"n{size}": svm_config(num_train_images=size) for size in SIZES}
    space = {"trainable": "svm", "factors": ["dataset", "kernel", "num_train_images"]}
    study = write_study(path, study_json(configurations, name="scaling", space=space))
    for size in sizes:
        kernel = {"fit_seconds": 2e-6 * size**2, "predict_seconds": 1e-3 * size}
        kernel |= {"num_support_vectors": 100, "num_train_images": size}
        if size == max(SIZES):
            kernel |= {"status": "unconverged", "fit_seconds": 1.0}
        result = line(1, milestone=True, **kernel)
        write_trial(study, f"k{size}", configurations[f"n{size}"], {1: [f"n{size}"]}, [result])
    return load_study(study)


def test_exponents_of_exact_powers(tmp_path: Path) -> None:
    frame = exponents_data(scaling_study(tmp_path / "scaling")).set_index("quantity")
    assert frame.loc["fit_seconds", "exponent"] == pytest.approx(2.0)
    assert frame.loc["predict_seconds", "exponent"] == pytest.approx(1.0)
    assert frame.loc["num_support_vectors", "exponent"] == pytest.approx(0.0)
    assert frame.loc["fit_seconds", "r_squared"] == pytest.approx(1.0)
    assert set(frame["num_points"]) == {3}, "the fit that did not converge is left out"


def test_two_sizes_are_too_few_for_an_exponent(tmp_path: Path) -> None:
    study = scaling_study(tmp_path / "two", SIZES[:2])
    assert len(scaling_data(study)) == 2
    assert exponents_data(study).empty
    section = scaling(study, "scaling")
    assert section is not None and "exponent" in section.blocks[0].alt
    alone = scaling(scaling_study(tmp_path / "one", SIZES[:1]), "scaling")
    assert alone is not None and "nothing to compare or to fit" in str(alone.blocks[0])
