"""The sentences of a comparison, as users read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.compare.answer import answer
from analysis.compare.sentences import evidence
from tests.compared import GRID, base, compared, fitted, trained
from tests.saved_predictions import predicted, study_of
from tests.studies import line, resnet_config, study_json, write_study, write_trial

ONE = GRID[:1]


def said(first: Path, second: Path) -> list[str]:
    [found] = compared(first, second)
    return [answer(found), *evidence(found)]


def test_better(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", configs=ONE)
    b = fitted(tmp_path / "b", lambda c, s: base(c, s) - 1 - s / 8, configs=ONE)
    first, decided, equal, beside, changed, *_ = said(a, b)
    assert first == (
        "B is better than A: validation rmse −1.31 mm [−1.63, −1.00] (lower is better), over 6 "
        "rows at 6 seeds."
    )
    assert decided == "B is better in 6, worse in 0 of 6 pairs; p = 0.031."
    assert equal == "0 of 6 rows are equal digit for digit in validation rmse."
    assert beside.startswith("Beside it, not tested: test rmse −1.31 mm [−1.63, −1.00]; 0 of 6")
    assert changed == "Nothing that the studies record has changed."


def test_worse_for_these_runs(tmp_path: Path) -> None:
    names = "abcdef"
    a = trained(tmp_path / "a", {name: {"val_accuracy": 0.5} for name in names})
    b = trained(tmp_path / "b", {name: {"val_accuracy": 0.4} for name in names})
    first, decided, *_ = said(a, b)
    assert first == (
        "B is worse than A, for these runs: validation accuracy −10.00 points [−10.00, −10.00] "
        "(higher is better), over 6 rows at one seed."
    )
    assert decided.endswith("this is about these trained models; another seed may differ.")


def test_equal(tmp_path: Path) -> None:
    first, *rest = said(fitted(tmp_path / "a"), fitted(tmp_path / "b"))
    assert first == (
        "B and A are equal: 24 of 24 rows are equal digit for digit in validation rmse (over 24 "
        "rows at 6 seeds)."
    )
    assert not any("better in" in text for text in rest)


def test_too_few(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=(0, 1))
    b = fitted(tmp_path / "b", lambda c, s: base(c, s) - 1, seeds=(0, 1))
    assert said(a, b)[0] == (
        "Too few to tell B from A: validation rmse −1 mm (lower is better), over 8 rows at 2 "
        "seeds; 2 seeds are too few, 6 are the fewest that decide (--seeds 0-5)."
    )


def test_more_seeds_are_no_advice_where_those_that_ran_lack_results(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a")
    b = fitted(tmp_path / "b", lambda c, s: None if s == 1 else base(c, s) - 1)
    assert said(a, b)[0].endswith(
        "5 seeds are too few, 6 are the fewest that decide: the others have no result in one of "
        "the studies."
    )
    other = fitted(tmp_path / "other", lambda c, s: base(c, s) - 1, seeds=range(3, 9))
    assert said(a, other)[0].endswith("6 are the fewest that decide (--seeds 0-5).")


def test_failures_are_said_before_anything_else(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", lambda c, s: None if s in (2, 3) and c in GRID[:3] else base(c, s))
    b = fitted(tmp_path / "b", lambda c, s: None if s in (1, 2) else base(c, s))
    assert said(a, b)[1] == (
        "Not counted: 5 rows with a result only in A (in B: 5 not begun); 3 rows with a result "
        "only in B (in A: 3 not begun); 3 rows without a result in either."
    )


def test_rows_without_a_counterpart_say_why(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", configs=[*GRID, {"lr": 9, "width": 8}])
    b = fitted(tmp_path / "b", seeds=range(8))
    texts = said(a, b)
    assert "6 rows of A have no counterpart in B: 6 of other configurations." in texts
    assert "8 rows of B have no counterpart in A: 8 at other seeds." in texts


def test_a_sign_that_depends_on_a_setting(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a")
    b = fitted(tmp_path / "b", lambda c, s: base(c, s) + (1 if c["lr"] == 0.1 else -2) + s / 50)
    [text] = [text for text in said(a, b) if text.startswith("The sign")]
    assert text == (
        "The sign of the difference depends on learning rate: +1.05 mm at 0.1, −1.95 mm at 0.5."
    )


def test_times_under_other_conditions(tmp_path: Path) -> None:
    results = {name: {"cpu_seconds": 4.0} for name in "abcdef"}
    busy = {name: {"cpu_seconds": 6.0, "num_concurrent_trials": 3} for name in "abcdef"}
    slow = {name: {"cpu_seconds": 6.0} for name in "abcdef"}
    a = trained(tmp_path / "a", results)
    texts = said(a, trained(tmp_path / "b", busy))
    assert "Times are not compared: between 1 and 3 trials ran at once." in texts
    texts = said(a, trained(tmp_path / "c", slow))
    assert "Processor time: B ÷ A = 1.50 [1.50, 1.50], over 6 pairs." in texts


def test_one_data_set_of_two_that_changed(tmp_path: Path) -> None:
    data = study_json({})["data"]
    other = {**data["datasets"]["mnist"], "sha256": {"images": "f" * 64}}
    changed = data | {"datasets": {**data["datasets"], "mnist": other}}
    places = []
    for name, described in (("a", data), ("b", changed)):
        configs = {d: resnet_config(dataset=d) for d in ("mnist", "fashion_mnist")}
        place = write_study(tmp_path / name, study_json(configs, data=described))
        for dataset, config in configs.items():
            lines = [line(1), line(2, milestone=True)]
            write_trial(place, dataset, config, {2: [dataset]}, lines)
        places.append(place)
    first, *rest = said(*places)
    assert first.startswith("B and A are equal: 1 of 1 row is equal digit for digit in val")
    assert "Not counted: 1 row was made from other data, or from another split." in rest


@pytest.mark.parametrize("name", ["a", "b", "difference", "study", "status_a", "seed_a"])
def test_parameters_with_names_of_our_own(tmp_path: Path, name: str) -> None:
    from analysis.compare.document import build_document
    from analysis.compare.terminal import as_text

    configs = [{name: value} for value in (1, 2, 3)]

    def value(config: dict[str, float], seed: int) -> float | None:
        return None if config[name] == 3 else float(config[name] + seed)

    a = fitted(tmp_path / "one", value, configs=configs, seeds=(0, 1))
    b = fitted(tmp_path / "two", lambda c, s: float(c[name]), configs=configs, seeds=(1, 2))
    document = build_document(compared(a, b))
    assert as_text(document).startswith("A: ")
    for table in document.tables:
        assert table.frame.columns.is_unique and len(set(table.headings)) == len(table.headings)


def test_models_that_differ_image_by_image(tmp_path: Path) -> None:
    good, bad = predicted(1), predicted(*range(40))
    a = study_of(tmp_path / "a", True, x=good, y=good, z=good).path
    b = study_of(tmp_path / "b", True, x=bad, y=good, z=bad).path
    text = "Test predictions image by image (McNemar, Holm): the two models differ in 2 of 3 rows; "
    assert text + "A is better in 2." in said(a, b)
    assert text + "B is better in 2." in said(b, a)


@pytest.mark.parametrize(("mode", "best_of"), [("min", "2 mm in A, 1 mm"), ("max", "5 in A, 4")])
def test_the_best_of_several_data_sets_is_that_of_the_mode(
    tmp_path: Path, mode: str, best_of: str
) -> None:
    configs = [{"dataset": dataset, "width": width} for dataset in ("p", "q") for width in (8, 32)]
    values = {("p", 8): 4.0, ("p", 32): 5.0, ("q", 8): 2.0, ("q", 32): 3.0}

    def value(config: dict[str, Any], seed: int) -> float:
        return values[config["dataset"], config["width"]]

    space = {"mode": mode, "measures": {}} if mode == "max" else {}
    a = fitted(tmp_path / "a", value, configs=configs, seeds=[0], **space)
    b = fitted(tmp_path / "b", lambda c, s: value(c, s) - 1, configs=configs, seeds=[0], **space)
    [best] = [text for text in said(a, b) if text.startswith("Best ")]
    assert best.endswith(f"so optimistic: {best_of} in B.")


def test_rows_that_agree_with_several_are_counted_apart_from_other_configurations(
    tmp_path: Path,
) -> None:
    a = fitted(tmp_path / "a", configs=[{"lr": 1}, {"lr": 2}, {"lr": 3}], seeds=(0, 1))
    extra = [{"lr": 1, "drop": 0.5}, {"lr": 1, "drop": 0.6}, {"lr": 2, "drop": 0.5}]
    texts = said(a, fitted(tmp_path / "b", configs=extra, seeds=(0, 1)))
    assert (
        "4 rows of A have no counterpart in B: 2 that agree with several rows in every common "
        "parameter, 2 of other configurations."
    ) in texts


def test_values_in_other_units_are_not_counted_as_better_or_worse(tmp_path: Path) -> None:
    def value(config: dict[str, Any], seed: int) -> float:
        return 10 * base(config, seed)

    measures = {"val_rmse": {"unit": "um", "better": "min"}}
    texts = said(fitted(tmp_path / "a"), fitted(tmp_path / "b", value, measures=measures))
    assert texts[0] == "No verdict on B against A: validation rmse is in mm in A and in um in B."
    assert not any("better in" in text or "digit for digit" in text for text in texts)


def test_a_percentage_and_a_share_on_test_data_do_not_stand_side_by_side(tmp_path: Path) -> None:
    results = {name: {"val_loss": 0.5} for name in "abcdef"}
    shares = {name: {**row, "test_loss": 0.5} for name, row in results.items()}
    places = []
    for name, unit in (("a", 0.5), ("b", 50.0)):
        changed = {key: {**row, "test_loss": unit} for key, row in shares.items()}
        space = {"metric": "val_loss", "mode": "min", "measures": {"test_loss": {"unit": "%"}}}
        places.append(trained(tmp_path / name, changed, space=space))
    assert not any(text.startswith("Beside it") for text in said(*places))


def test_a_fraction_is_not_compared_with_a_percentage(tmp_path: Path) -> None:
    places = [trained(tmp_path / str(v), {"x": {"val_accuracy": v}}) for v in (0.9, 90.0)]
    why = "validation accuracy is a fraction of 0 to 1 in {} and is none in {}."
    for pair, labels in ((places, "AB"), (places[::-1], "BA")):
        assert said(*pair)[0].endswith(why.format(*labels))


def test_means_over_other_seeds_are_said_to_be_that(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", lambda c, s: 5.0 + s, configs=ONE, seeds=[0, 1])
    b = fitted(tmp_path / "b", lambda c, s: 5.0 + s, configs=ONE, seeds=[2, 4])
    first, *rest = said(a, b)
    assert first == (
        "No verdict on B against A: no seed is in both, so means are shown only. The rows as they "
        "are: validation rmse +2.5 mm (lower is better), over 1 row, means over different seeds."
    )
    assert sum(text.startswith("No seed is in both studies, so each conf") for text in rest) == 1


def test_what_changed_has_an_arrow_from_the_first_to_the_second(tmp_path: Path) -> None:
    a = trained(tmp_path / "a", {"x": {}}, space={"defaults": {"momentum": 0.9}})
    b = trained(tmp_path / "b", {"x": {}}, space={"defaults": {"momentum": 0.8}})
    said_of = [text for text in said(a, b) if text.startswith("Changed")]
    assert said_of == [
        "Changed: space (parameter momentum 0.9 → 0.8). The same: data, code, packages, hardware."
    ]


def test_one_row_is_equal(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", configs=ONE, seeds=[0])
    b = fitted(tmp_path / "b", lambda c, s: base(c, s) - 1, configs=ONE, seeds=[0])
    texts = said(a, b)
    assert "0 of 1 row is equal digit for digit in validation rmse." in texts
    assert any(text.endswith("0 of 1 row is equal digit for digit.") for text in texts)
