"""The Pareto front in the answer and as a table."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.frames.answer import winners
from analysis.frames.load import Study, load_study
from analysis.frames.pareto import fronts
from analysis.render.document import Table
from analysis.sections.answer import answer
from analysis.sections.configuration_figures import pareto
from analysis.sections.pareto import front_in_words, pareto_front
from analysis.sections.report_document import build_document
from tests.own_studies import own_study, report
from tests.sections.test_answer import lines_of

POINTS = [(0.9, 40.0), (0.8, 20.0), (0.8, 30.0), (0.5, 10.0)]
"""Score and seconds; the third is beaten by the second."""


def study_of(folder: Path, objectives: dict[str, str] | None = None) -> Study:
    configs = [{"depth": depth} for depth in range(len(POINTS))]
    space = {"metric": "score", "mode": "max", "factors": ["depth"]}
    several = objectives or {"score": "max", "cost": "min"}
    ledger = own_study(folder / "own", configs, objectives=several, **space)
    for config, (score, cost) in zip(configs, POINTS, strict=True):
        report(ledger, config, [{"score": score, "cost": cost, "rows": 5}])
    return load_study(folder / "own")


def test_the_front_and_its_hypervolume_by_hand(tmp_path: Path) -> None:
    [front] = fronts(study_of(tmp_path))
    assert front.frame["score"].tolist() == [0.9, 0.8, 0.5] and front.num_candidates == 4
    # The box goes from (0.9, 10) to (0.5, 40). The first costs as much as the worst and adds
    # nothing; the second dominates 0.3 * 20 of 0.4 * 30; the last has the worst score.
    assert [round(share, 9) for share in front.shares] == [0, 0.5, 0.5, 0.5]


def test_the_answer_and_the_table(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    assert front_in_words(study) == [
        "Pareto front of score and cost: 3 of 4 configurations, from score 0.9 with cost 40 to "
        "score 0.5 with cost 10; hypervolume 0.500 of the box of all values."
    ]
    assert front_in_words(study)[0] in lines_of(answer(study, "own"))
    section = pareto_front(study, "own")
    assert section is not None
    [table] = section.blocks
    assert isinstance(table, Table)
    assert table.cells["settings"] == ["depth 0", "depth 1", "depth 3"]
    assert table.cells["cost"] == ["40", "20", "10"]
    assert table.notes[0] == (
        "Score is to be high, cost is to be low. The first one decides where a single best is "
        "named."
    )
    assert table.notes[1].endswith("0.000 after 1, 0.500 after 2, 0.500 after 3, 0.500 after 4.")


def test_the_report_has_it_for_several_objectives_alone(tmp_path: Path) -> None:
    document = build_document({"own": study_of(tmp_path)}, figures=False)
    assert "own-front" in [table.name for table in document.tables]
    own = own_study(tmp_path / "single", [{"depth": 1}], metric="score", mode="max")
    report(own, {"depth": 1}, [{"score": 1.0}])
    single = load_study(tmp_path / "single")
    assert pareto_front(single, "single") is None and front_in_words(single) == []


def test_a_measure_that_no_row_has_gives_no_front(tmp_path: Path) -> None:
    assert fronts(study_of(tmp_path, {"score": "max", "memory": "min"})) == []


def front_of(
    folder: Path,
    values: Mapping[int, Sequence[tuple[float, float | None]]],
    diverged: Collection[tuple[int, int]] = (),
) -> list[int]:
    """Return the depths on the front of score and cost, from their values by depth and seed."""
    configs = [{"depth": depth} for depth in values]
    space = {"metric": "score", "mode": "max", "objectives": {"score": "max", "cost": "min"}}
    ledger = own_study(folder, configs, seeds=(0, 1), **space)
    for config in configs:
        for seed, (score, cost) in enumerate(values[config["depth"]]):
            row: dict[str, Any] = {"score": score} | ({} if cost is None else {"cost": cost})
            row |= {"status": "diverged"} if (config["depth"], seed) in diverged else {}
            report(ledger, config, [row], seed=seed)
    [front] = fronts(load_study(folder))
    return [int(depth) for depth in front.frame["depth"]]


def test_a_value_that_a_seed_lacks_counts_against_a_configuration(tmp_path: Path) -> None:
    both = [(0.9, 40.0), (0.9, 40.0)]
    for place, lost in enumerate((math.inf, math.nan, None)):
        some = {1: both, 2: [(0.8, 10.0), (0.8, lost)]}
        assert front_of(tmp_path / f"lost{place}", some) == [1]


def test_rows_without_an_objective_hide_no_other_configuration(tmp_path: Path) -> None:
    some = {1: [(0.9, None), (0.9, None)], 2: [(0.8, 10.0)], 3: [(0.7, 5.0)]}
    assert front_of(tmp_path / "own", some) == [2, 3]


def test_a_configuration_with_a_seed_that_diverged_is_on_no_front(tmp_path: Path) -> None:
    some = {1: [(0.5, 40.0)], 2: [(0.9, 10.0), (0.9, 10.0)]}
    assert front_of(tmp_path / "none", some) == [2]
    assert front_of(tmp_path / "one", some, diverged=[(2, 1)]) == [1]


def test_means_that_differ_by_rounding_are_equal(tmp_path: Path) -> None:
    assert (0.80 + 0.84) / 2 > 0.82, "by rounding"
    some = {1: [(0.80, 40.0), (0.84, 40.0)], 2: [(0.82, 10.0), (0.82, 10.0)]}
    assert front_of(tmp_path / "own", some) == [2]


def test_a_configuration_that_no_seed_changes_is_compared_with_the_others(tmp_path: Path) -> None:
    some = {1: [(0.9, 40.0), (0.9, 40.0)], 2: [(0.8, 10.0), (0.8, 10.0)]}
    front_of(tmp_path / "own", some)
    file = tmp_path / "own" / "study.json"
    meta = json.loads(file.read_text())
    [same] = [c["config_id"] for c in meta["configurations"] if c["config"] == {"depth": 2}]
    file.write_text(json.dumps(meta | {"same_at_every_seed": [same]}))
    study = load_study(tmp_path / "own")
    [front] = fronts(study)
    assert [int(depth) for depth in front.frame["depth"]] == [1, 2]
    assert [winner.config["depth"] for winner in winners(study)] == [1]


def test_what_is_left_out_is_counted_and_on_no_front_of_the_figure_either(tmp_path: Path) -> None:
    some = {1: [(0.5, 5.0), (0.6, 5.0)], 2: [(0.8, 10.0), (0.8, None)], 3: [(0.4, 6.0), (0.4, 6.0)]}
    assert front_of(tmp_path / "own", some) == [1]
    study = load_study(tmp_path / "own")
    assert front_in_words(study) == [
        "Pareto front of score and cost: 1 of 2 configurations with every objective at the most "
        "seeds (1 other not compared); hypervolume 1.000 of the box of all values."
    ]
    figure = pareto(study, "own")
    assert figure is not None
    assert figure.caption.endswith(
        "Configurations that lack a result or an objective at a seed are on no front."
    )
    assert figure.alt.endswith("1 of 2 configurations is on a front.")


def test_three_objectives_are_listed(tmp_path: Path) -> None:
    [text] = front_in_words(study_of(tmp_path, {"score": "max", "cost": "min", "rows": "max"}))
    assert text == (
        "Pareto front of score, cost and rows: 3 of 4 configurations, from score 0.9 with cost 40 "
        "and rows 5 to score 0.5 with cost 10 and rows 5."
    )
