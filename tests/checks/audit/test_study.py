from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.checks.audit.command import main
from analysis.checks.audit.evidence import metrics_of, reported_digit
from analysis.checks.audit.study import audit_study, study_table
from analysis.checks.audit.table import STEADY
from analysis.checks.audit.times import time_per_epoch
from analysis.frames.load import load_study
from analysis.frames.tables import study_table as report_table
from tests.own_studies import own_study, report
from tests.refusals import FEWER, JSON_VALUES
from tests.studies import line, resnet_config, study_json, write_study, write_trial

LRS = (0.1, 0.2, 0.3, 0.4)
REAL = Path(__file__).parents[2] / "data" / "q1a"
NUM_TEST = 1000
FIELDS = ("confusion_matrix", "num_test", "test_accuracy", "test_f1", "train_seconds", "device")


def result(rng: np.random.Generator, **changes: Any) -> dict[str, Any]:
    """Return the last line of an honest trial: 1000 balanced test images, about 900 right."""
    wrong = rng.binomial(NUM_TEST // 10, 0.1, 10)
    matrix = np.diag(NUM_TEST // 10 - wrong)
    for label in range(10):
        matrix[label, (label + 1) % 10] = wrong[label]
    metrics = metrics_of(matrix)
    metrics |= {"confusion_matrix": matrix.tolist(), "num_test": NUM_TEST}
    metrics["train_seconds"] = float(20 * rng.lognormal(0, 0.02))
    return line(2, milestone=True, **(metrics | changes))


def grid_study(path: Path, **changes: Any) -> Path:
    """Write a study of 16 trials, pinned memory sharing; ``changes`` go into trial 3's result."""
    rng = np.random.default_rng(0)
    names: dict[str, Any] = {}
    for model in ("resnet18", "resnet50"):
        for optimizer in ("sgd", "adam"):
            for lr in (1e-3, 1e-4):
                for batch_size in (16, 32):
                    key = f"{model}-{optimizer}-{lr}-{batch_size}"
                    names[key] = {"model": model, "optimizer": optimizer, "lr": lr}
                    names[key] |= {"batch_size": batch_size}
    configurations = {
        f"{key}-{pin}": resnet_config(**config, pin_memory=pin)
        for key, config in names.items()
        for pin in (False, True)
    }
    study = write_study(path, study_json(configurations))
    for number, key in enumerate(names):
        rows = [f"{key}-False", f"{key}-True"]
        last = result(rng, **(changes if number == 3 else {}))
        trial = write_trial(study, f"k{number}", configurations[rows[0]], {2: rows}, [last])
        (trial / "predictions").mkdir()
        predictions = rng.integers(0, 10, NUM_TEST, dtype=np.uint8)
        np.savez(trial / "predictions" / "epoch_2.npz", predictions=predictions)
    return study


def test_an_honest_study_passes(tmp_path: Path) -> None:
    study = grid_study(tmp_path / "grid")
    audit = audit_study(study)
    assert audit.findings == () and not audit.failed
    assert audit.num_rows == 16 and "left out: 16" in audit.remarks[0]
    assert {"whole_counts", "averages", "unmatched", "tied_accuracies"} <= set(audit.clean)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"test_accuracy": 0.9005}, {"recomputed", "whole_counts"}),
        ({"test_accuracy": 0.95}, {"recomputed"}),
        ({"test_precision": 0.5}, {"recomputed", "averages"}),
        ({"test_f1_weighted": 0.5}, {"recomputed"}),
        ({"num_test": 999}, {"same_test_images", "whole_counts"}),
        (
            {"confusion_matrix": (np.eye(10, dtype=int) * 90).tolist()},
            {"recomputed", "same_test_images"},
        ),
    ],
)
def test_changed_results_are_found(tmp_path: Path, changes: Any, rules: set[str]) -> None:
    audit = audit_study(grid_study(tmp_path / "grid", **changes))
    found = {f.rule for f in audit.findings if f.severity == "error"}
    assert rules <= found and audit.failed
    assert found <= rules | {"same_test_images"}


def own_classifier(path: Path, of: dict[str, Any], **changes: Any) -> Path:
    """Write a user's study of two classes: 100 of the second, in which it is right in 70 or so."""
    configs = [{"lr": lr} for lr in LRS]
    ledger = own_study(path, configs, metric="val_loss", mode="min")
    for place, config in enumerate(configs):
        right, alarms = 70 + 3 * place, 40 - 2 * place
        matrix = np.array([[400 - alarms, alarms], [100 - right, right]])
        precision, recall = right / (right + alarms), right / 100
        f1 = 2 * precision * recall / (precision + recall)
        row = {"val_loss": 0.5 + 0.01 * place, "confusion_matrix": matrix.tolist()}
        row |= {"test_precision": precision, "test_recall": recall, "test_f1": f1} | of
        report(ledger, config, [row | (changes if place == 2 else {})])
    return path


def test_users_average_as_they_like_but_in_all_rows_alike(tmp_path: Path) -> None:
    binary = audit_study(own_classifier(tmp_path / "binary", {}))
    assert "recomputed" in binary.clean, "precision, recall and F1 of the second class alone"
    changed = audit_study(own_classifier(tmp_path / "changed", {}, test_recall=0.9))
    [found] = [f for f in changed.findings if f.rule == "recomputed"]
    assert found.says.startswith("test_recall differs") and found.rows == (2,)
    assert "0.9 reported, 0.76 computed" in found.evidence


def test_a_matrix_of_shares_is_none_of_counts(tmp_path: Path) -> None:
    shares = {"confusion_matrix": [[0.9, 0.1], [0.3, 0.7]]}
    path = own_classifier(tmp_path / "shares", shares)
    audit = audit_study(path)
    assert "recomputed" in dict(audit.skipped) and not audit.failed
    study = load_study(path)
    config_id = str(study.rows["config_id"].iloc[0])
    assert study.confusion_matrix(config_id, 0) is None


def test_single_precision_and_rounded_metrics_are_honest(tmp_path: Path) -> None:
    """Trials that report float32, or numbers that were rounded to four digits and then to three."""
    assert reported_digit(np.array([0.9125, 0.91])) == 1e-4
    assert reported_digit(np.array([0.91, 1 / 7])) == 0
    exact = result(np.random.default_rng(0))
    names = ("test_accuracy", "test_precision", "test_recall", "test_f1")
    matrix = np.array(exact["confusion_matrix"]) * 14
    matrix[0, 0] += 5
    exact |= metrics_of(matrix) | {"confusion_matrix": matrix.tolist(), "num_test": 14_005}
    for number, change in enumerate((np.float32, lambda value: round(round(value, 4), 3))):
        study = write_study(tmp_path / str(number), study_json({"a": resnet_config()}))
        last = exact | {name: float(change(exact[name])) for name in names}
        write_trial(study, "k", resnet_config(), {2: ["a"]}, [last])
        assert audit_study(study).findings == ()


def test_copied_predictions_are_found(tmp_path: Path) -> None:
    study = grid_study(tmp_path / "grid")
    files = sorted((study / "tune").rglob("epoch_2.npz"))
    files[5].write_bytes(files[2].read_bytes())
    (finding,) = audit_study(study).findings
    assert (finding.rule, finding.severity, len(finding.rows)) == ("copies", "error", 2)


def test_findings_name_configurations_and_seeds(tmp_path: Path) -> None:
    """Row 3 of those audited is the seventh of the table: every other row repeats a result."""
    audit = audit_study(grid_study(tmp_path / "grid", test_f1=0.5))
    finding = next(f for f in audit.findings if f.rule == "recomputed")
    assert finding.rows == (3,)
    assert finding.evidence.startswith("1 row, as row resnet18-sgd-0.0001-32-False at seed 0: 0.5")


def test_the_first_epoch_of_a_process_does_not_count_as_work(tmp_path: Path) -> None:
    """A first epoch of 31.7 s and others of 1 s: 6 epochs take 36.7 s, 2 take 32.7 s."""
    configurations = {f"e{n}-{lr}": resnet_config(epochs=n, lr=lr) for lr in LRS for n in (2, 6)}
    study = write_study(tmp_path / "grid", study_json(configurations))
    rng = np.random.default_rng(0)
    for lr in LRS:
        lines = [
            (result(rng) if epoch in (2, 6) else line(1))
            | {"epoch": epoch, "train_seconds": 30.7 + epoch, "warm_up": epoch == 1}
            | ({"milestone": epoch} if epoch in (2, 6) else {})
            for epoch in range(1, 7)
        ]
        serves = {n: [f"e{n}-{lr}"] for n in (2, 6)}
        write_trial(study, f"k{lr}", configurations[f"e6-{lr}"], serves, lines)
    table = study_table(load_study(study))
    assert table.numbers("train_seconds").tolist() == pytest.approx([32.7, 36.7] * len(LRS))
    assert table.numbers(STEADY).tolist() == pytest.approx([2.0, 6.0] * len(LRS))
    assert time_per_epoch(table) == []


def test_damaged_predictions_are_left_out(tmp_path: Path) -> None:
    study = grid_study(tmp_path / "grid")
    for number, path in enumerate(sorted((study / "tune").rglob("epoch_2.npz"))):
        path.write_bytes([b"", b"PK", b"x" * 100, path.read_bytes()[:-30]][number % 4])
    assert audit_study(study).findings == ()


def test_selecting_on_test_is_serious(tmp_path: Path) -> None:
    config = resnet_config()
    meta = study_json({"a": config}, space={"metric": "test_accuracy"})
    study = write_study(tmp_path / "grid", meta)
    write_trial(study, "k", config, {2: ["a"]}, [result(np.random.default_rng(0))])
    audit = audit_study(study)
    assert [f.rule for f in audit.findings] == ["selection"] and audit.failed


def test_failed_arms_are_unmatched(tmp_path: Path) -> None:
    study = grid_study(tmp_path / "grid")
    table = study_table(load_study(study))
    assert "model" in table.compared and "pin_memory" not in table.compared
    (next((study / "tune").rglob("result.json"))).unlink()
    audit = audit_study(study)
    # Of 32 rows 15 trials served two each, which both have a result.
    assert audit.num_rows == 15
    assert audit.remarks[:2] == (
        "rows without a result, left out: 2",
        "rows that repeat another's result, left out: 15",
    )


@FEWER
@given(changes=st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES, min_size=1, max_size=3))
def test_any_result(tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]) -> None:
    study = grid_study(tmp_path_factory.mktemp("any") / "grid", **changes)
    audit = audit_study(study)
    assert len(audit.as_json()["findings"]) == len(audit.findings)


def test_empty_study(tmp_path: Path) -> None:
    study = write_study(tmp_path / "grid", study_json({"a": resnet_config()}))
    audit = audit_study(study)
    assert audit.findings == () and audit.num_rows == 0


def test_a_study_of_something_else(tmp_path: Path) -> None:
    """A trainable of a user's own, with other metrics and settings."""
    space = {"metric": "val_perplexity", "mode": "min", "factors": ["lr", "depth"]}
    configurations = {
        f"c{lr}{depth}": {"lr": lr, "depth": depth, "epochs": 1}
        for lr in (1, 2, 3)
        for depth in (4, 5, 6)
    }
    study = write_study(tmp_path / "own", study_json(configurations, space=space))
    for number, (key, config) in enumerate(configurations.items()):
        last = {"epoch": 1, "milestone": 1, "status": "ok", "val_perplexity": 20.0 + number}
        last |= {"test_perplexity": 21.0 + number, "train_seconds": 5.1 + number}
        write_trial(study, key, config, {1: [key]}, [last])
    audit = audit_study(study)
    assert audit.num_rows == 9 and audit.findings == ()


def test_our_own_table_passes_as_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = grid_study(tmp_path / "grid")
    path = tmp_path / "grid.csv"
    report_table(load_study(study)).to_csv(path, index=False)
    assert main([str(path), "--num-test", str(NUM_TEST)]) == 0
    text = capsys.readouterr().out
    assert "Nothing found." in text and "repeat another's result, left out: 16" in text


def test_our_own_report_passes(tmp_path: Path) -> None:
    """The committed study if there is one, else one with the same shape made by hand."""
    audit = audit_study(REAL if REAL.is_dir() else grid_study(tmp_path / "grid"))
    assert not audit.failed, [f.says for f in audit.findings]
    assert {"whole_counts", "averages", "tied_accuracies"} <= set(audit.clean)
