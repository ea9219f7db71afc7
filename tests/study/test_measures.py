"""Percent only for what is a share."""

from __future__ import annotations

import pytest

from tune_app.study.measures import format_measure, is_share, on_test_data


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("val_accuracy", 0.98765, "98.77 %"),
        ("test_f1_weighted", 1.0, "100.00 %"),
        ("top5_accuracy", 0, "0.00 %"),
        ("val_rmse", 12.3, "12.3"),
        ("val_loss", 0.123456, "0.1235"),
        ("val_accuracy", 94.3, "94.3"),
        ("accuracy_loss", 0.5, "0.5"),
        ("perplexity", 1234567, "1.235e+06"),
        ("val_accuracy", float("nan"), "not known"),
        ("val_loss", None, "not known"),
        ("val_loss", "null", "not known"),
        ("val_loss", True, "not known"),
    ],
)
def test_a_value_in_words(name: str, value: object, text: str) -> None:
    assert format_measure(name, value) == text


def test_a_share_is_told_by_its_name() -> None:
    assert all(is_share(name) for name in ("accuracy", "val_precision", "test_recall", "f1_macro"))
    assert not any(is_share(name) for name in ("loss", "val_rmse", "inaccuracy", "f12", "seconds"))


def test_the_test_quantity_of_an_objective() -> None:
    assert on_test_data("val_rmse") == "test_rmse" and on_test_data("loss") == "test_loss"
