from __future__ import annotations

from pathlib import Path

import pytest

from analysis.frames.load import load_study
from analysis.render.document import Figure, Paragraph, Table
from analysis.sections.comparisons import factors_blocks
from analysis.sections.factors import effects
from analysis.sections.levels import lengths
from analysis.sections.results import rows_table
from tests.own_studies import own_study, report
from tests.sections.tables import table_of
from tests.studies import (
    line,
    prefix_study,
    resnet_config,
    shared_study,
    study_json,
    write_study,
    write_trial,
)


def test_lengths_are_compared_once_both_have_finished(tmp_path: Path) -> None:
    section = lengths(load_study(shared_study(tmp_path / "grid")), "grid")
    assert section is not None and section.title == "2 against 5 epochs"
    assert table_of(section).cells["difference (points)"] == ["–", "+0.7"]
    waiting = lengths(load_study(prefix_study(tmp_path / "new")), "grid")
    assert waiting is not None and "nothing to compare" in str(waiting.blocks)


def test_the_widest_span_is_that_of_one_data_set(tmp_path: Path) -> None:
    accuracies = {
        ("mnist", 0.1, 16): 0.9,
        ("mnist", 0.2, 16): 0.8,
        ("mnist", 0.1, 32): 0.88,
        ("mnist", 0.2, 32): 0.78,
        ("fashion_mnist", 0.1, 16): 0.4,
        ("fashion_mnist", 0.2, 16): 0.41,
        ("fashion_mnist", 0.1, 32): 0.6,
        ("fashion_mnist", 0.2, 32): 0.61,
    }
    configurations = {
        f"c{number}": resnet_config(dataset=dataset, lr=lr, batch_size=batch_size)
        for number, (dataset, lr, batch_size) in enumerate(accuracies)
    }
    path = write_study(tmp_path / "grid", study_json(configurations))
    for (name, config), accuracy in zip(configurations.items(), accuracies.values(), strict=True):
        result = line(2, milestone=True, test_accuracy=accuracy)
        write_trial(path, f"k{name}", config, {2: [name]}, [result])
    section = effects(load_study(path), "grid")
    assert section is not None and isinstance(section.blocks[0], Figure)
    # Over both data sets together batch size would span from 0.40 to 0.90.
    assert section.blocks[0].alt.endswith(
        "The widest span is on MNIST that of learning rate, 10.0 points; on FashionMNIST that of "
        "batch size, 20.0 points."
    )
    cells = table_of(section).cells
    assert cells["mean test accuracy (%)"][:2] == ["85.0", "83.0"], "two sets of 140 images"


def test_a_measure_that_is_called_a_mean_is_no_mean_of_means(tmp_path: Path) -> None:
    configs = [{"rate": rate} for rate in (1, 2)]
    ledger = own_study(tmp_path / "own", configs, metric="mean_loss", mode="min", factors=["rate"])
    for config in configs:
        report(ledger, config, [{"mean_loss": 0.1 * config["rate"]}])
    section = effects(load_study(ledger.root), "own")
    assert section is not None
    figure = section.blocks[0]
    assert isinstance(figure, Figure)
    assert figure.caption == "Mean loss at each level of each factor."
    assert "mean loss" in table_of(section).cells


def test_failed_rows_have_no_equal_accuracies(tmp_path: Path) -> None:
    configurations = {f"p{pin:d}": resnet_config(pin_memory=pin) for pin in (False, True)}
    path = write_study(tmp_path / "grid", study_json(configurations))
    write_trial(path, "k", configurations["p0"], {2: list(configurations)}, [], error="Error: no")
    study = load_study(path)
    assert set(study.rows["status"]) == {"failed"}
    assert not any("picked" in text for text in rows_table(study, "grid").notes)


def test_factors_that_only_vary_together_have_levels_in_common() -> None:
    section = effects(load_study("published:svm_scaling"), "svm")
    assert section is not None
    table = table_of(section)
    assert set(table.cells["factor"]) == {"kernel", "training images"}
    assert table.cells["level"][:2] == ["rbf, C 10", "poly, C 1"]
    text = "Kernel and C only vary together, so no effect can be put down to one of them."
    assert text in table.notes
    assert table.frame["is_matched"].all(), "the five sizes are complete sets of both"


def test_rows_that_differ_in_one_factor_are_not_said_to_be_missing(tmp_path: Path) -> None:
    """Their times were not taken alike."""
    configs = [{"lr": lr} for lr in (1, 2)]
    ledger = own_study(tmp_path / "own", configs, metric="delay_seconds", mode="min")
    for config in configs:
        row = {"delay_seconds": 1.0 * config["lr"], "num_concurrent_trials": config["lr"]}
        report(ledger, config, [row])
    text, table = factors_blocks(load_study(tmp_path / "own"), "own")
    assert isinstance(text, Paragraph) and isinstance(table, Table)
    assert text.text == (
        "No rows that differ in one factor alone have comparable results at all its values, so no "
        "levels can be compared."
    )
    assert "times are not comparable" in table.cells["what it does"][0]


def test_steps_that_are_compared_are_not_said_to_be_none(tmp_path: Path) -> None:
    """A search leaves no complete set of all values, but rows that differ in one factor alone."""
    pairs = [(1, "a"), (2, "a"), (2, "b"), (3, "b"), (3, "c")]
    configs = [{"lr": lr, "flag": flag} for lr, flag in pairs]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max")
    for config in configs:
        report(ledger, config, [{"score": float(config["lr"])}])
    study = load_study(tmp_path / "own")
    _, table = factors_blocks(study, "own")
    assert isinstance(table, Table) and "rate 2 instead of 1" in table.cells["what it does"][0]
    section = effects(study, "own")
    assert section is not None
    [text] = section.blocks
    assert isinstance(text, Paragraph)
    assert text.text.startswith("No rows that differ in one factor alone have comparable results")


@pytest.mark.parametrize(("number", "skips"), [(8, False), (9, True)])
def test_steps_that_skip_numbers_are_said_to(tmp_path: Path, number: int, skips: bool) -> None:
    configs = [{"lr": lr, "flag": flag} for lr in range(number) for flag in "ab"]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max")
    for config in configs:
        report(ledger, config, [{"score": float(config["lr"])}])
    _, table = factors_blocks(load_study(tmp_path / "own"), "own")
    assert isinstance(table, Table)
    few = "Of more than 8 numbers only the smallest, the middle and the largest are compared."
    assert (few in table.notes[0]) == skips
    assert len(table.frame) == 1 + (2 if skips else number - 1)
