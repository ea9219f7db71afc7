"""Whole reports of studies of any kind: the objective everywhere, and nothing that is not so."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path

import pytest

from analysis.frames.load import load_study
from analysis.render.markdown import render_markdown
from analysis.sections.report_document import build_document
from tests.any_studies import ANY
from tests.own_studies import own_study, report
from tests.studies import line, resnet_config, study_json, write_study, write_trial
from tune_app.study.stop import STOPPED_FILE, Stop


def written(path: Path) -> str:
    return render_markdown(build_document({path.name: load_study(path)}))


def part(text: str, title: str) -> str:
    """Return a section of a report; empty if it has none of this title."""
    found = re.search(rf"^#+ {title}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


@pytest.mark.parametrize("kind", ANY)
def test_the_objective_stands_everywhere_and_no_accuracy_does(tmp_path: Path, kind: str) -> None:
    make, words = ANY[kind]
    make(tmp_path / kind)
    text = written(tmp_path / kind)
    assert "accuracy" not in text.lower()
    words = words.replace("val ", "validation ")
    quantity = words.removeprefix("validation ")
    has_levels, has_curve = (
        kind != "single_trial",
        len(load_study(tmp_path / kind).epochs) > len(load_study(tmp_path / kind).trials),
    )
    assert quantity in part(text, "Answer"), "on test data, if it is reported there"
    for title in ("Best configurations", "All configurations"):
        assert words in part(text, title).lower(), title
    assert (quantity in part(text, "Main effects")) == has_levels
    assert (quantity in part(text, "Learning curves")) == has_curve
    for absent in ("ResNet", "MNIST", "support vector", "lab report", "image", "FLOP", "Accuracy"):
        assert absent.lower() not in text.lower().replace("![", ""), absent


@pytest.mark.parametrize("kind", [kind for kind in ANY if kind != "rmse_with_open_rows"])
def test_a_finished_study_waits_for_nothing(tmp_path: Path, kind: str) -> None:
    ANY[kind][0](tmp_path / kind)
    text = written(tmp_path / kind)
    assert not re.search(r"\byet\b|have finished|no complete set|cannot be compared", text)


def test_a_study_whose_rows_all_failed_waits_for_nothing(tmp_path: Path) -> None:
    configs = [{"lr": lr} for lr in (0.1, 0.2)]
    ledger = own_study(tmp_path / "failed", configs, metric="loss", mode="min")
    for config in configs:
        report(ledger, config, [], ended=False, error="ValueError: no\n")
    text = written(tmp_path / "failed")
    assert "No row can be picked: no row has a result (2 failed)." in text
    assert "No row has a result, so no levels can be compared." in text and " yet" not in text


def test_a_row_that_a_search_stopped_is_neither_waited_for_nor_averaged_in(tmp_path: Path) -> None:
    configs = [{"lr": lr} for lr in (0.1, 0.2, 0.3)]
    ledger = own_study(tmp_path / "search", configs, metric="val_loss", mode="min")
    for config in configs[:2]:
        report(ledger, config, [{"val_loss": 1.0 + config["lr"]}, {"val_loss": config["lr"]}])
    folder = report(ledger, configs[2], [{"val_loss": 0.01}], ended=False)
    (folder / STOPPED_FILE).write_text(Stop("stopped", 1, "asha", 60.0).as_json())
    text = written(tmp_path / "search")
    assert "2 of 3 rows have ended, 1 was stopped early." in text
    first = part(text, "Answer")
    assert "Best of 2 configurations, picked on validation: learning rate 0.1." in first, (
        "not the lowest of all"
    )
    assert "(1 of them stopped early)" in first and "the results of" not in first
    assert "- 1 row: stopped by asha at epoch 1" in text and "Every row has its result" not in text
    assert " yet" not in text


def test_draws_that_agree_by_chance_make_no_grid(tmp_path: Path) -> None:
    """Beside two flags many draws share all other settings; the rate decides all the same."""
    chance = random.Random(5)
    configs = [
        {"lr": 10 ** chance.uniform(-4, -1), "flag": chance.random() < 0.5} for _ in range(40)
    ]
    ledger = own_study(tmp_path / "drawn", configs, metric="val_loss", mode="min")
    for config in configs:
        report(ledger, config, [{"val_loss": -math.log10(config["lr"])}])
    text = written(tmp_path / "drawn")
    assert "Better on average in these runs: learning rate >" in part(text, "Answer")
    assert "learning rate" in part(text, "Main effects") and "Not compared" not in text


def test_a_selected_loss_is_compared_and_accuracies_stand_beside_it(tmp_path: Path) -> None:
    """The shipped classifiers report accuracies; a study may still pick by the loss."""
    configs = {f"lr{lr}": resnet_config(lr=lr) for lr in (0.1, 0.2)}
    space = {"metric": "val_loss", "mode": "min", "factors": ["lr"]}
    path = write_study(tmp_path / "loss", study_json(configs, space=space))
    for place, (name, config) in enumerate(configs.items()):
        result = line(2, milestone=True, val_loss=0.5 + place, test_loss=0.6 + place)
        write_trial(path, name, config, {2: [name]}, [line(1), result])
    text = written(path)
    assert "test loss is 1 higher on average" in part(text, "Answer")
    assert "Validation loss by epoch" in part(text, "Learning curves")
    assert "test accuracy (%)" in part(text, "All configurations")
    effects = part(text, "Main effects")
    assert "mean test loss" in effects and "accuracy" not in effects


def test_a_factor_called_kernel_makes_no_support_vector_machine(tmp_path: Path) -> None:
    configs = {f"k{k}": resnet_config(kernel=k) for k in (3, 5)}
    space = {"trainable": "cnn", "factors": ["kernel"]}
    path = write_study(tmp_path / "cnn", study_json(configs, space=space))
    for name, config in configs.items():
        write_trial(path, name, config, {2: [name]}, [line(2, milestone=True)])
    text = written(path)
    assert "upport vector" not in text and text.count("★") == 2, "one pick, and its note"
