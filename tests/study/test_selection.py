"""The best configurations: one rule for ``status``, ``best`` and ``--best-of``."""

from __future__ import annotations

from pathlib import Path

from search_spaces.configuration import make_configuration
from tests.own_studies import own_study, report
from tune_app.planning.overview import best_configurations, read_overview
from tune_app.study.selection import candidates, pick_configurations, results_of


def test_results_at_more_seeds_come_first_and_a_diverged_seed_excludes(tmp_path: Path) -> None:
    configs = [{"depth": depth} for depth in (1, 2, 3, 4)]
    ledger = own_study(tmp_path / "own", configs, seeds=(0, 1), metric="score", mode="max")
    scores = {1: (0.9, None), 2: (0.99, "diverged"), 3: (0.5, 0.7), 4: (0.9, "failed")}
    for config in configs:
        for seed, score in enumerate(scores[config["depth"]]):
            if score == "diverged":
                report(ledger, config, [{"score": 1.0, "status": "diverged"}], seed=seed)
            elif score == "failed":
                report(ledger, config, [], seed=seed, ended=False, error="ValueError: no\n")
            elif score is not None:
                report(ledger, config, [{"score": score}], seed=seed)
    outcomes = ledger.read_trials().outcomes(ledger.study)
    found = {c.config["depth"]: c.score for c in candidates(ledger.study, results_of(outcomes))}
    assert found == {1: 0.9, 3: 0.6, 4: 0.9}

    picks = pick_configurations(ledger.study, outcomes, 2)
    third, first = (make_configuration({"depth": depth}).config_id for depth in (3, 1))
    assert [pick.config_id for pick in picks] == [third, first]
    assert {(pick.num_tried, pick.num_finished) for pick in picks} == {(4, 3)}
    (best,) = best_configurations(ledger, read_overview(ledger, since=None))
    assert (best["config_id"], best["num_seeds"], best["score"]) == (third, 2, 0.6)
