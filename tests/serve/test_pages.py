from __future__ import annotations

from typing import Any

from analysis.serve.pages import start_page, study_page, study_view
from tune_app.study.rows import STATES

STATE: dict[str, Any] = {
    "study": "q1a",
    "running": True,
    "driver": {"host": "lab", "pid": 7, "since": 1.0},
    "num_rows": 3,
    "rows": {"finished": 1, "failed": 2},
    "num_to_ask": 0,
    "seconds_left": 12.0,
    "last_result": 3.0,
    "best": [
        {
            "group": {"dataset": "mnist"},
            "config_id": "abc",
            "config": {"dataset": "mnist", "lr": 0.1, "width": 8},
            "num_seeds": 2,
            "metric": "val_rmse",
            "mode": "min",
            "unit": "mm",
            "score": 4.5,
            "num_items": None,
            "test_metric": "test_rmse",
            "test_unit": "mm",
            "test_score": 5.0,
            "num_test_items": None,
        }
    ],
    "failures": {f"trial-{n}": "ValueError:\x1b no" for n in range(60)},
    "open": [{"config_id": "a", "seed": s, "reason": "no GPU"} for s in range(2)],
}
KNOWN: dict[str, Any] = {"problem": "", "version": 3, "now": 9.0}


def test_what_a_page_shows_is_text_and_numbers() -> None:
    view = study_view({**KNOWN, "state": STATE})
    assert view["version"] == 3 and view["study"] == "q1a" and view["driver"] == "process 7 on lab"
    text = "validation rmse 4.5 mm, test rmse 5 mm, mean of 2 seeds (learning rate 0.1, width 8)"
    assert view["best"] == [{"label": "MNIST", "text": text}]
    assert view["num_failures"] == 60 and len(view["failures"]) == 50
    assert view["failures"][0] == ["trial-0", "ValueError:\\x1b no"]
    assert view["open"] == [[2, "no GPU"]]


def test_rows_that_a_search_stopped_are_done_and_named() -> None:
    rows = {"finished": 4, "unconverged": 0, "stopped": 12, "timed_out": 0, "missing": 0}
    state = {**STATE, "num_rows": 16, "rows": rows}
    view = study_view({**KNOWN, "state": state})
    assert view["rows_text"] == "16 of 16 rows, 12 stopped by the search"
    assert view["num_done"] == 16 and view["is_finished"]
    more = study_view({**KNOWN, "state": {**state, "num_to_ask": 14}})
    assert more["rows_text"] == "16 of 30 rows, 12 stopped by the search"
    assert not more["is_finished"], "14 configurations are still to be asked for"


def test_rows_are_told_in_the_words_of_status() -> None:
    view = study_view({**KNOWN, "state": {**STATE, "rows": dict.fromkeys(STATES, 1)}})
    others = [f", 1 {words}" for state, words in STATES.items() if state != "finished"]
    assert view["rows_text"] == "4 of 3 rows" + "".join(others)
    assert not view["is_finished"] and view["num_done"] == 4


def test_a_score_that_is_a_share_is_a_percentage_and_a_group_may_have_no_name() -> None:
    best = {**STATE["best"][0], "group": {}, "metric": "val_accuracy", "unit": "%", "score": 0.5}
    best |= {"test_metric": None, "test_score": None, "num_seeds": 1, "config": {}}
    view = study_view({**KNOWN, "state": {**STATE, "best": [best], "driver": None}})
    assert view["best"] == [{"label": "abc", "text": "validation accuracy 50.00 %"}]
    best |= {"num_items": 140, "test_metric": "test_accuracy", "test_unit": "%"}
    best |= {"test_score": 0.8, "num_test_items": 280}
    [told] = study_view({**KNOWN, "state": {**STATE, "best": [best]}})["best"]
    assert told["text"] == "validation accuracy 50.0 %, test accuracy 80.0 %"
    # A user's own percentages, of which some row has 12, are no shares, as in the report.
    best |= {"metric": "loss_pct", "unit": "", "score": 0.8, "num_items": None, "test_metric": None}
    [told] = study_view({**KNOWN, "state": {**STATE, "best": [best | {"test_score": None}]}})[
        "best"
    ]
    assert told["text"] == "loss pct 0.8"
    assert view["driver"] == ""


def test_a_study_that_was_not_read_yet_is_shown_without_its_state() -> None:
    assert study_view({**KNOWN, "state": None})["study"] is None


def test_a_page_names_its_script_in_its_policy_and_holds_no_markup_of_a_study() -> None:
    page = study_page("<b>", has_start_page=True)
    assert "<b>" not in page.html and "&lt;b&gt;" in page.html
    assert page.policy.count("'sha256-") == 1
    assert start_page().policy != page.policy, "another script"
