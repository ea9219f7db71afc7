from __future__ import annotations

from pathlib import Path

import pytest

from analysis.checks.audit.against import against
from analysis.checks.audit.command import main
from tests.checks.audit.tables import table


def test_another_number_and_another_row() -> None:
    ours = table(lr=[1, 2, 3], test_accuracy=[0.91, 0.92, 0.93], unit=1e-2)
    log = table(lr=[2, 1, 4], test_accuracy=[0.9519, 0.9071, 0.5], unit=1e-4)
    found = against(ours, log)
    assert [(f.severity, f.rows) for f in found] == [
        ("serious", (2,)),
        ("note", ()),
        ("serious", (1,)),
    ]
    assert "lr=2: 0.92 and 0.9519" in found[2].evidence
    same = table(lr=[1, 2, 3], test_accuracy=[0.9071, 0.9249, 0.93], unit=1e-4)
    assert against(ours, same) == []


def test_repeated_settings_are_matched_in_their_order() -> None:
    one = table(lr=[1, 1], test_accuracy=[0.91, 0.92])
    assert against(one, table(lr=[1, 1], test_accuracy=[0.91, 0.92])) == []
    assert len(against(one, table(lr=[1, 1], test_accuracy=[0.91, 0.93]))) == 1


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours, log = tmp_path / "ours.csv", tmp_path / "log.csv"
    ours.write_text("Model,Test Acc (%)\na,91.0\nb,92.0\n")
    log.write_text("model;accuracy\na;0,9101\nb;0,9301\n")
    assert main([str(ours), "--against", str(log)]) == 1
    assert (
        "(against): ours.csv and log.csv print different test_accuracy" in capsys.readouterr().out
    )
    log.write_text("model,accuracy\nc,0.9\n")
    assert main([str(ours), "--against", str(log)]) == 2
    assert "no row of ours.csv has the same settings" in capsys.readouterr().err
    assert main(["--against", str(log), str(tmp_path)]) == 2


def test_repeats_are_matched_by_printed_digits_and_not_by_the_largest_numbers() -> None:
    """Both accuracies agree and the times are exchanged, by 30 digits; not the other way round."""
    rows = {"lr": [1, 1], "test_accuracy": [0.90, 0.93]}
    ours, theirs = (table(**rows, train_seconds=times) for times in ([10.0, 10.3], [10.3, 10.0]))
    for one in (ours, theirs):
        one.unit["test_accuracy"], one.unit["train_seconds"] = 1e-4, 1e-2
    (finding,) = against(ours, theirs)
    assert finding.severity == "serious" and "train_seconds" in finding.says
