"""The published claims and numbers beside a real study."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.frames.load import Study, load_study
from analysis.labs.published import beside, claims
from analysis.render.document import Paragraph, Table
from tests.studies import prefix_study

REAL_STUDY = Path(__file__).parents[1] / "data" / "q1a"


@pytest.fixture(scope="module")
def real() -> dict[str, Study]:
    return {"q1a": load_study(REAL_STUDY)}


def test_claims_that_the_study_can_judge_stand_apart(real: dict[str, Study]) -> None:
    section = claims(real)
    assert section is not None
    judged, silent = [block for block in section.walk() if isinstance(block, Table)]
    depth = judged.frame.set_index("claim").loc["a_depth"]
    assert (
        depth["verdict"] == "supported for these runs" and depth["wins"] == depth["num_pairs"] == 16
    )
    assert "not comparable" not in judged.cells["here"]
    assert "no rows with both ResNet and SVM" in silent.cells["reason"]
    assert len(judged.frame) + len(silent.frame) == 45
    assert set(judged.cells["report"]) == {"A", "B"}
    [said] = [b.text for b in section.blocks if isinstance(b, Paragraph) and "Judged" in b.text]
    assert said == "Judged on q1a (trained on 560 images; one seed)."
    few = judged.frame.set_index("claim").loc["a_depth_mnist"]
    assert (few["verdict"], few["wins"], few["num_pairs"]) == ("underpowered", 8, 8)
    assert "8 pairs are too few for" in few["reason"]


def test_every_row_of_report_a_has_ours_beside_it(real: dict[str, Study]) -> None:
    section = beside(real)
    assert section is not None
    [table] = [block for block in section.walk() if isinstance(block, Table)]
    sizes = [int(size) for size in table.cells["pairs, none comparable"]]
    assert sum(sizes) == len(table.frame) > len(sizes), "the file has every pair"
    of_a = table.frame[table.frame["table"] == "report_a_q1a"]
    assert len(of_a) == 128 and of_a["config_id"].is_unique
    assert set(of_a["verdict"]) == {"not comparable"}, "800 images are not 70,000"
    assert (of_a["difference"] == of_a["test_accuracy"] - of_a["reference_accuracy"]).all()
    assert (of_a["reference_epochs"] == of_a["epochs"]).all()
    assert {"A, q1a", "B, q2 figure8"} <= set(table.cells["published in"])
    text = next(block.text for block in section.walk() if isinstance(block, Paragraph))
    known = table.frame.dropna(subset=["reference_epochs"])
    num_other = int((known["reference_epochs"] != known["epochs"]).sum())
    assert f"{num_other} of them differ in the number of epochs" in text and num_other > 0


def test_a_study_without_results_has_nothing_to_judge(tmp_path: Path) -> None:
    studies = {"grid": load_study(prefix_study(tmp_path))}
    assert beside(studies) is None and claims(studies) is None
