from __future__ import annotations

from decimal import Decimal

import pytest

from analysis.labs.reference import TABLES, load_statements, load_table
from search_spaces.errors import UserError

NUM_ROWS = {
    "report_a_q1a": 128,
    "report_a_q1b": 4,
    "report_a_q2": 8,
    "report_b_q1a": 32,
    "report_b_q1b": 4,
    "report_b_q1b_table3": 4,
    "report_b_pin_memory": 2,
    "report_b_q2_table4": 5,
    "report_b_q2_figure8": 5,
    "xiao_2017_table3": 4,
}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_our_names_and_units(name: str) -> None:
    table = load_table(name)
    frame = table.frame
    assert len(frame) == NUM_ROWS[name] == len(table.text)
    assert frame["test_accuracy"].between(0.5, 1).all()
    allowed = {"dataset": {"mnist", "fashion_mnist"}, "device": {"cpu", "cuda"}}
    allowed |= {"model": {"resnet18", "resnet50"}, "optimizer": {"sgd", "adam"}}
    for column, values in allowed.items():
        assert column not in frame or set(frame[column]) <= values
    assert set(table.protocol.printed) <= set(frame.columns)
    assert table.protocol.restates in (None, *TABLES)
    for column in set(table.protocol.printed) - {"flops"}:
        for cell, value in zip(table.text[column], frame[column], strict=True):
            assert float(Decimal(cell)) == value


def test_grids_are_complete() -> None:
    a = load_table("report_a_q1a").frame
    factors = ["dataset", "model", "batch_size", "optimizer", "lr", "pin_memory", "epochs"]
    assert len(a.drop_duplicates(factors)) == 128 == 2 ** len(factors)
    assert a["pin_memory"].dtype == bool and a["epochs"].dtype == int
    b = load_table("report_b_q1a").frame
    assert len(b.drop_duplicates([f for f in factors if f in b])) == 32


def test_cells_read_off_the_reports() -> None:
    a = load_table("report_a_q1a").frame
    best = a.loc[a["test_accuracy"].idxmax()]
    assert (best["test_accuracy"], best["train_seconds"]) == (0.99064286, 213.298061)
    assert (best["optimizer"], best["lr"], best["pin_memory"]) == ("sgd", 1e-3, True)
    b = load_table("report_b_q1b")
    assert list(b.text["test_accuracy"]) == ["0.98663333", "0.97766667", "0.9237", "0.91848333"]
    assert b.frame["train_seconds"].max() == 736.730702877
    q2 = load_table("report_a_q2").frame
    cpu = q2[(q2["device"] == "cpu") & (q2["optimizer"] == "adam")]
    assert list(cpu["train_seconds"]) == [3659.143, 6603.654]
    assert load_table("report_b_q2_table4").text["test_accuracy"][1] == "0.9230"


def test_unknown_table() -> None:
    with pytest.raises(UserError, match="did you mean 'report_a_q1a'"):
        load_table("report_a_qla")


def test_statements_name_tables_and_columns_that_exist() -> None:
    statements = load_statements()
    assert len({s.name for s in statements}) == len(statements) > 15
    assert {load_table(s.table).protocol.report for s in statements} == {"report_a", "report_b"}
    for statement in statements:
        frame = load_table(statement.table).frame
        used = {statement.arguments.get(key) for key in ("metric", "factor", "by")} - {None}
        used |= set(statement.where) | set(statement.arguments.get("has", {}))
        assert used <= set(frame.columns), statement.name
        for column, value in statement.where.items():
            assert value in set(frame[column]), statement.name
