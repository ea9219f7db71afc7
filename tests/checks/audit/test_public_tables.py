"""Tables that other people published, without a known defect."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.audit import audit_table
from analysis.checks.audit.columns import Options
from analysis.checks.audit.read import read_csv

FOLDER = Path(__file__).parents[2] / "data" / "audit_tables"


@pytest.mark.parametrize(
    ("name", "num_test", "first"),
    [
        ("torchvision.md", 50_000, 0.56522),
        ("resnet_cifar10.tex", 10_000, 0.9125),
        ("resnet_imagenet.tsv", 50_000, 0.7193),
        ("pytorch_cifar.md", 10_000, 0.9264),
        ("akamaster_cifar10.csv", 10_000, 0.9125),
    ],
)
def test_silent(name: str, num_test: int, first: float) -> None:
    for stated in (num_test, None):
        table = read_csv(FOLDER / name, Options({}, num_test=stated))
        assert table.numbers("test_accuracy")[0] == pytest.approx(first)
        assert [f for f in audit_table(table).findings if f.severity != "note"] == []
