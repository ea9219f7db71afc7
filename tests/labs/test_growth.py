from __future__ import annotations

from pathlib import Path

import pytest

from analysis.labs.growth import exponents_data, scaling_data
from analysis.labs.svm import scaling
from tests.analysed_studies import SIZES, scaling_study


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
