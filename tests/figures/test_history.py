from __future__ import annotations

from pathlib import Path

import pytest

from analysis.figures.history import history_chart, history_data
from analysis.figures.rows import rows_of
from analysis.figures.timeline import timeline_chart, timeline_data
from tests.drawn_charts import drawn, texts
from tests.random_search import random_search


def test_results_stand_in_the_order_they_came(tmp_path: Path) -> None:
    study = random_search(tmp_path / "search", count=6)
    rows = rows_of(study, "search")
    assert rows is not None
    data = history_data(study, rows)
    assert list(data["id"]) == [f"r{number:04d}" for number in range(6)]
    assert list(data["place"]) == [1, 2, 3, 4, 5, 6]
    # The first epoch is recorded at 15 s, the last result at 5 × 60 + 60 s.
    assert data["hours"].iloc[-1] == pytest.approx(345 / 3600)
    chart = history_chart(rows, data, "search-history", rows.factors[2])
    assert "results in the order they came" in texts(chart)
    assert "hours since the first epoch began to be recorded" in texts(
        chart.with_options(**{"x axis": "hours"})
    )


def test_bars_begin_before_the_first_epoch_and_do_not_overlap(tmp_path: Path) -> None:
    study = random_search(tmp_path / "search", count=4, seeds=(0, 1))
    data = timeline_data(study)
    assert data is not None
    assert data.num_lanes == 2, "both seeds of a configuration at once"
    assert len(data.bars) == data.num_trials == 8
    first = data.bars.iloc[0]
    assert (first["start"], first["end"]) == (0.0, pytest.approx(1.0))
    for _, lane in data.bars.groupby("lane"):
        ends = lane["end"].shift().dropna()
        assert (lane["start"].iloc[1:].to_numpy() >= ends.to_numpy() - 1e-9).all()
    rows = rows_of(study, "search")
    assert list(drawn(timeline_chart(rows, data, "t")).iter())
    assert "finished" in texts(timeline_chart(None, data, "t"))
