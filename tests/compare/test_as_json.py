from __future__ import annotations

import json
from pathlib import Path

from analysis.compare.as_json import as_json
from search_spaces.configuration import make_configuration
from tests.compared import GRID, base, compared, fitted


def test_everything_is_there_and_unknown_numbers_are_null(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", seeds=(0, 1))
    b = fitted(tmp_path / "b", lambda c, s: base(c, s) - 1, configs=GRID[:2], seeds=(0, 1))
    found = json.loads(json.dumps(as_json(compared(a, b)), allow_nan=False))
    assert found["measure"] == {"name": "val_rmse", "better": "min", "unit": "mm"}
    assert {k: v["study"] for k, v in found["studies"].items()} == {"A": "a", "B": "b"}
    [one] = found["comparisons"]
    assert one["verdict"]["word"] == "underpowered" and one["verdict"]["low"] is None
    assert one["verdict"]["difference"] == -1
    assert one["without_counterpart"] == {"A": 4, "B": 0}
    assert [row["difference"] for row in one["rows"]] == [-1] * 4
    assert one["rows"][0]["settings"] == {"lr": 0.1, "width": 8}
    assert one["rows"][0]["p_value"] is None
    changed = {(line["fact"], line["a"], line["b"]) for line in one["changes"]}
    assert changed == {("configurations", "4", "2"), ("parameter lr", "0.1, 0.5", "0.1")}
    assert one["answer"].startswith("Too few to tell B from A") and len(one["evidence"]) > 2


def test_both_ids_are_there_and_no_difference_of_other_units(tmp_path: Path) -> None:
    extra = [{**config, "drop": 0.5} for config in GRID]
    measures = {"val_rmse": {"unit": "um", "better": "min"}}
    a = fitted(tmp_path / "a", seeds=[0])
    b = fitted(tmp_path / "b", configs=extra, seeds=[0], measures=measures)
    [one] = as_json(compared(a, b))["comparisons"]
    for row, first, second in zip(one["rows"], GRID, extra, strict=True):
        ids = [make_configuration(config).config_id for config in (first, second)]
        assert [row["config_id"], row["config_id_b"]] == ids
        assert (row["a"], row["difference"], row["equal"]) == (base(first, 0), None, None)
