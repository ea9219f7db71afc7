"""Studies in which any field holds anything: report, audit and claims answer in lines."""

from __future__ import annotations

import contextlib
import io
import math
import shutil
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.checks.audit.command import main as audit
from analysis.checks.claims.command import main as claims
from analysis.report import main as report
from tests.refusals import FEWER, JSON_VALUES
from tests.saved_predictions import LABELS, confusion, predicted
from tests.studies import line, resnet_config, study_json, svm_config, write_study, write_trial

Changes = dict[str, Any]
COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "report": lambda words: report([*words, "--formats", "md", "--no-figures"]),
    "audit": audit,
    "claims": lambda words: claims([*words, "--reference", "report_a"]),
}
NUMBERS = (2**63 - 1, 2**63, -(2**63), 10**400, 1e308, -1e308, 1e-320, 90.0, 94.31, -0.5, 0, 1)
VALUES = JSON_VALUES | st.sampled_from(
    [*NUMBERS, math.nan, math.inf, -math.inf, "0.5", "=x", "$_^"]
)


def write(
    path: Path, metric: str, changes: dict[int, Changes], configs: dict[int, Changes]
) -> None:
    """Write a study of networks; changes are of the last result, and of the configuration, by
    number of the trial, -1 for all of them."""
    shutil.rmtree(path, ignore_errors=True)
    grid = product(("sgd", "adam"), (16, 32))
    configurations = {
        f"c{n}": resnet_config(optimizer=o, batch_size=b) | configs.get(-1, {}) | configs.get(n, {})
        for n, (o, b) in enumerate(grid)
    }
    write_study(path, study_json(configurations, name=path.name, space={"metric": metric}))
    for n, (config_id, config) in enumerate(configurations.items()):
        predictions = predicted(*range(n, 3 * n + 2))
        right = float(np.mean(predictions == LABELS))
        last = line(2, milestone=True, val_accuracy=0.8 + n / 100, test_accuracy=right)
        last |= {"confusion_matrix": confusion(predictions)}
        last |= changes.get(-1, {}) | changes.get(n, {})
        trial = write_trial(path, f"k{n}", config, {2: [config_id]}, [line(1), last])
        (trial / "predictions").mkdir()
        arrays = {"predictions": predictions, "labels": LABELS}
        np.savez_compressed(trial / "predictions" / "epoch_2.npz", **arrays)


def write_svms(path: Path, accuracy: Any) -> None:
    """Write a study of SVMs on the same images."""
    shutil.rmtree(path, ignore_errors=True)
    configurations = {f"s{C}": svm_config(C=C) for C in (1, 10)}
    space = {"trainable": "svm", "factors": ["C"]}
    write_study(path, study_json(configurations, name=path.name, space=space))
    for config_id, config in configurations.items():
        last = line(1, milestone=True, test_accuracy=accuracy)
        write_trial(path, config_id, config, {1: [config_id]}, [last])


def check_every_command(*paths: Path) -> None:
    """Run every command: each ends, and says in a line what it does not take."""
    words = [str(path) for path in paths]
    for name, command in COMMANDS.items():
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = command(words)
        said = err.getvalue()
        assert code in (0, 1) or (code == 2 and said.count("\n") == 1), (name, code, said)


@pytest.mark.parametrize(
    ("metric", "value", "which"),
    [
        ("val_accuracy", 90.0, -1),
        ("val_accuracy", 2**63, 3),
        ("test_accuracy", 90.0, 3),
        ("test_accuracy", -0.5, -1),
        ("test_accuracy", 1e308, 3),
    ],
)
def test_an_accuracy_that_is_no_fraction(
    tmp_path: Path, metric: str, value: float, which: int
) -> None:
    write(tmp_path / "grid", metric, {which: {"test_accuracy": value, "val_accuracy": value}}, {})
    write_svms(tmp_path / "svms", value)
    check_every_command(tmp_path / "grid", tmp_path / "svms")


@pytest.mark.parametrize(
    ("key", "value", "which"),
    [
        ("epochs", 2**63, 3),
        ("epochs", 2**63 - 1, -1),
        ("batch_size", 2**63, -1),
        ("batch_size", 1e308, 3),
        ("lr", math.nan, 3),
    ],
)
def test_a_parameter_that_no_study_has(tmp_path: Path, key: str, value: float, which: int) -> None:
    write(tmp_path / "grid", "val_accuracy", {}, {which: {key: value}})
    check_every_command(tmp_path / "grid")


FIELDS = st.sampled_from([*sorted(line(2, milestone=True)), "test_f1_weighted", "converged", "x"])
PARAMETERS = st.sampled_from([*sorted(resnet_config()), "x", "gamma", "max_iter"])


@settings(FEWER, max_examples=4)
@given(
    metric=st.sampled_from(["val_accuracy", "test_accuracy", "val_loss", "test_f1", "x"]),
    changes=st.dictionaries(
        st.integers(-1, 3), st.dictionaries(FIELDS, VALUES, max_size=3), max_size=3
    ),
    configs=st.dictionaries(
        st.integers(-1, 3), st.dictionaries(PARAMETERS, VALUES, max_size=2), max_size=1
    ),
)
def test_anything_in_any_field(
    tmp_path: Path, metric: str, changes: dict[int, Changes], configs: dict[int, Changes]
) -> None:
    write(tmp_path / "grid", metric, changes, configs)
    check_every_command(tmp_path / "grid")
