"""The lines of the best configurations, in the status, at the end of a launch and in a notice."""

from __future__ import annotations

from pathlib import Path

from search_spaces.configuration import make_configuration
from tests.studies import line, resnet_config, study_json, write_study, write_trial
from tune_app.cli.best_text import best_lines, telling_parameters
from tune_app.planning.overview import read_overview
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger, open_ledger


def finished(path: Path, lrs: tuple[float, ...], *datasets: str) -> Ledger:
    """Write a study of which each data set's first learning rate is the best."""
    declared = [resnet_config(dataset=d, lr=lr) for d in datasets for lr in lrs]
    configs = {make_configuration(config).config_id: config for config in declared}
    write_study(path, study_json(configs))
    for place, (name, config) in enumerate(configs.items()):
        share = 0.9 - 0.01 * place
        lines = [line(1), line(2, milestone=True, val_accuracy=share)]
        write_trial(path, name, config, {2: [name]}, lines)
    ledger = open_ledger(LocalStore(path))
    assert ledger is not None
    return ledger


def test_each_group_has_a_line_that_names_its_parameters_once(tmp_path: Path) -> None:
    ledger = finished(tmp_path / "a", (0.1, 0.2), "mnist", "fashion_mnist")
    view = read_overview(ledger, since=None)
    test = "test_accuracy 98.57 % (lr 0.1)"
    lines = [
        f"  mnist resnet18: val_accuracy 90.00 %, {test}",
        f"  fashion_mnist resnet18: val_accuracy 88.00 %, {test}",
    ]
    title = "best, selected by val_accuracy (higher is better)"
    assert list(best_lines(ledger, view, title="best")) == [f"{title}:", *lines]
    assert list(best_lines(ledger, view, title="best", most=1)) == [
        f"{title} (and 1 more):",
        lines[0],
    ]


def test_parameters_that_vary_tell_configurations_apart_or_else_the_factors(
    tmp_path: Path,
) -> None:
    assert telling_parameters(finished(tmp_path / "a", (0.1, 0.2), "mnist")) == ["lr"]
    ledger = finished(tmp_path / "b", (0.1,), "mnist")
    ledger.study["space"]["factors"] = ["epochs", "lr"]
    assert telling_parameters(ledger) == ["epochs", "lr"]
    [_, best] = best_lines(ledger, read_overview(ledger, since=None))
    assert best.endswith("(epochs 2, lr 0.1)")
