"""The entry ``best_of`` of ``study.json``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.studies import study_json
from tune_app.study.best_of import BestOf, Pick, items_of

WHOLE = BestOf("q1a", "val_accuracy", "max", (0, 3), (Pick("0ba533", 0.9, 30, 12),), {"m": "ab"})


def test_what_was_written_is_read() -> None:
    assert BestOf.from_json(json.loads(json.dumps(WHOLE.as_json()))) == WHOLE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("study", 3),
        ("mode", "best"),
        ("seeds", [-1]),
        ("picks", []),
        ("picks", [{"config_id": "0ba533", "value": "0.9", "num_tried": 30, "num_finished": 12}]),
        ("picks", [{"config_id": "0ba533", "value": 0.9, "num_tried": 0, "num_finished": 12}]),
        ("data", {"m": None}),
    ],
)
def test_a_damaged_entry_is_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"best_of: {key} is damaged"):
        BestOf.from_json({**WHOLE.as_json(), key: value})


def test_items_are_the_same_whether_or_not_the_split_varies() -> None:
    data = study_json({})["data"]
    assert items_of(data) == items_of({**data, "vary_split": True})
    assert items_of(data) != items_of({**data, "split_seed": 1})
