from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from analysis.compare.joined import join
from analysis.compare.pairs import Pairs, distinct, independent, pairs_of, units
from analysis.frames.load import load_study
from tests.compared import base, fitted, trained
from tests.studies import line, resnet_config, shared_study, study_json, write_study, write_trial


def pairs(first: Path, second: Path, measure: str = "val_rmse") -> Pairs:
    return pairs_of(join(load_study(first), load_study(second)), measure)


def test_differences_are_second_minus_first(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=(0, 1))
    b = fitted(tmp_path / "b", lambda config, seed: base(config, seed) - 1 - seed, seeds=(0, 1))
    found = pairs(a, b)
    assert found["difference"].tolist() == [-1, -2] * 4
    assert not found["equal"].any() and not found["repeats"].any()
    unit = units(found)
    assert unit is not None and unit.values.tolist() == [-1, -2] and unit.num_seeds == 2


def test_equal_means_digit_for_digit(tmp_path: Path) -> None:
    def nearly(config: dict[str, float], seed: int) -> float:
        return float(np.nextafter(base(config, seed), 99)) if seed else base(config, seed)

    a, b = fitted(tmp_path / "a", seeds=(0, 1)), fitted(tmp_path / "b", nearly, seeds=(0, 1))
    assert pairs(a, b)["equal"].tolist() == [True, False] * 4


def test_rows_without_two_results_are_no_pairs(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", lambda c, s: None if c["lr"] == 0.5 else base(c, s), seeds=(0,))
    b = fitted(tmp_path / "b", lambda c, s: None if c["width"] == 8 else base(c, s), seeds=(0,))
    assert len(pairs(a, b)) == 1


def test_repeated_results_and_shared_trainings_count_once(tmp_path: Path) -> None:
    a, b = shared_study(tmp_path / "a"), shared_study(tmp_path / "b")
    [result] = b.glob("tune/*/*/result.json")
    lines = [json.loads(text) for text in result.read_text().splitlines()]
    for record in lines:
        record["val_accuracy"] += 0.01 * record["epoch"]
    result.write_text("".join(json.dumps(record) + "\n" for record in lines))
    found = pairs(a, b, "val_accuracy")
    assert len(found) == 4 and found["repeats"].sum() == 2
    assert np.allclose(distinct(found)["difference"], [0.02, 0.05])
    assert np.allclose(independent(found)["difference"], [0.035]), "both are of one training"


def test_pairs_are_one_if_only_one_study_shares_a_training(tmp_path: Path) -> None:
    a = shared_study(tmp_path / "a")
    configs = {
        f"{pin}{epochs}": resnet_config(pin_memory=pin == "b", epochs=epochs)
        for pin in "ab"
        for epochs in (2, 5)
    }
    b = write_study(tmp_path / "b", study_json(configs))
    for name, config in configs.items():
        last = config["epochs"]
        lines = [line(epoch, milestone=epoch == last) for epoch in range(1, last + 1)]
        write_trial(b, name, config, {last: [name]}, lines)
    for places in ((a, b), (b, a)):
        found = pairs(*places, "val_accuracy")
        assert not found["repeats"].any() and len(distinct(found)) == 4
        assert len(independent(found)) == 1


def test_rows_from_other_data_do_not_count(tmp_path: Path) -> None:
    results: dict[str, dict[str, float]] = {"x": {}, "y": {}}
    a = trained(tmp_path / "a", results)
    other = study_json({})["data"] | {"split_seed": 1}
    b = trained(tmp_path / "b", results, data=other)
    found = pairs(a, b, "val_accuracy")
    assert len(found) == 2 and not found["same_data"].any()
    assert units(found) is None


def test_means_over_the_seeds_where_no_seed_is_shared(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", lambda config, seed: 1.0 + seed, seeds=(0, 1))
    b = fitted(tmp_path / "b", lambda config, seed: 1.0 + seed, seeds=(2, 3, 4))
    found = pairs(a, b)
    assert found["a"].tolist() == [1.5] * 4 and found["b"].tolist() == [4.0] * 4


def use_no_seed(place: Path) -> None:
    """Note in a study that no result of it depends on the seed."""
    meta = json.loads((place / "study.json").read_text())
    ids = [entry["config_id"] for entry in meta["configurations"]]
    (place / "study.json").write_text(json.dumps(meta | {"same_at_every_seed": ids}))


def test_seeds_repeat_a_result_only_where_they_do_in_both_studies(tmp_path: Path) -> None:
    places = [fitted(tmp_path / name, lambda config, seed: config["width"] + seed) for name in "ab"]
    for place, num_repeats in zip(places, (0, 20), strict=True):
        use_no_seed(place)
        found = pairs(*places)
        assert len(found) == 24 and found["repeats"].sum() == num_repeats
        assert pairs(*reversed(places))["repeats"].sum() == num_repeats


def test_the_lowest_seed_that_both_studies_have_repeats_nothing(tmp_path: Path) -> None:
    places = [fitted(tmp_path / name, seeds=(seed, 2)) for name, seed in (("a", 0), ("b", 1))]
    for place in places:
        use_no_seed(place)
    assert pairs(*places)["repeats"].tolist() == [False] * 4


def test_rows_that_have_not_begun_at_the_lowest_seed_share_no_training(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=(0,))
    b = fitted(tmp_path / "b", lambda c, s: None if s == 5 else base(c, s), seeds=(5, 6))
    for places in ((a, b), (b, a)):
        found = pairs(*places)
        assert not found["repeats"].any() and found["training"].nunique() == 4


def test_data_that_one_study_does_not_describe_are_not_known_to_be_others(tmp_path: Path) -> None:
    results: dict[str, dict[str, float]] = {"x": {}, "y": {}}
    a = trained(tmp_path / "a", results)
    b = trained(tmp_path / "b", results, data=study_json({})["data"] | {"datasets": {}})
    assert pairs(a, b, "val_accuracy")["same_data"].all()
