from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from search_spaces.configuration import make_configuration
from search_spaces.errors import UserError
from tests.ledgers import make_ledger
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import open_ledger
from tune_app.study.search_log import (
    SEARCH_FILE,
    append_event,
    ask_event,
    asked_configurations,
    read_events,
    tell_event,
)

ASK = ask_event(0, "abc", {"lr": 0.1}, "tpe")
TELL = tell_event(0, "finished", 0.9, {3: 0.9, 1: None})


def test_events_come_back_in_their_order(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    assert read_events(store) == []
    second = ask_event(1, "def", {"lr": 0.012345678901234567}, "random", attempt=2)
    for event in (ASK, second, TELL):
        append_event(store, event)
    assert read_events(store) == [ASK, second, TELL]
    assert TELL["values"] == {"1": None, "3": 0.9}
    assert asked_configurations([ASK, second, TELL]) == [
        {"config_id": "abc", "config": {"lr": 0.1}},
        {"config_id": "def", "config": {"lr": 0.012345678901234567}},
    ]


def test_a_torn_line_is_left_out_and_the_next_one_is_whole(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    append_event(store, ASK)
    whole = json.dumps(TELL)
    for length in range(1, len(whole)):
        (tmp_path / SEARCH_FILE).write_text(f"{json.dumps(ASK)}\n{whole[:length]}")
        assert read_events(store) == [ASK]
    append_event(store, TELL)
    append_event(store, TELL)
    assert read_events(store) == [ASK, TELL, TELL]


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        (["3"], "line 1: not an event of a search"),
        ([{**ASK, "event": "asks"}], "line 1: not an event"),
        ([{**ASK, "number": -1}], "line 1: number is damaged"),
        ([{**ASK, "config": 3}], "an ask needs a config_id, a config and from"),
        ([ASK, ASK], "line 2: proposal 0 is asked twice"),
        ([TELL], "proposal 0 is told, but not asked"),
        ([ASK, {**TELL, "state": "done"}], "state is 'done'; allowed: finished, stopped"),
        ([ASK, {**TELL, "value": float("inf")}], "value or values is damaged"),
        ([ASK, {**TELL, "values": {"x": 1}}], "an epoch of values is damaged"),
        ([ASK, {**TELL, "values": {"0": 1}}], "an epoch of values is damaged"),
        ([ASK, {**TELL, "values": {"9" * 5_000: 1}}], "an epoch of values is damaged"),
        ([{**ASK, "attempt": 10**15}], "line 1: attempt is damaged"),
    ],
)
def test_lines_that_no_search_writes_are_named(tmp_path: Path, lines: list[Any], part: str) -> None:
    text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (tmp_path / SEARCH_FILE).write_text("\n".join(text) + "\n")
    with pytest.raises(UserError) as error:
        read_events(LocalStore(tmp_path))
    assert part in str(error.value) and str(error.value).endswith("restore it from a copy")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(json.dumps(ASK) + "\n")
    (tmp_path / SEARCH_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="cannot be read"):
        read_events(LocalStore(tmp_path))


def test_proposed_configurations_are_rows_of_the_study(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine", seeds=(0, 1))
    ledger.save()
    declared = ledger.configurations()
    new = make_configuration({"lr": 0.05, "epochs": 3})
    for number, configuration in enumerate([declared[1], new]):
        asked = ask_event(number, configuration.config_id, configuration.config, "tpe")
        append_event(ledger.store, asked)
    found = open_ledger(ledger.store)
    assert found is not None
    assert found.configurations() == [*declared, new]
    assert found.row_keys()[-2:] == [(new.config_id, 0), (new.config_id, 1)]
    found.save()  # and then the file has them
    again = open_ledger(ledger.store)
    assert again is not None and again.configurations() == [*declared, new]


def test_more_proposals_than_a_study_has_rows_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    append_event(ledger.store, ask_event(0, "abc", {"lr": 0.05}, "tpe"))
    monkeypatch.setattr("tune_app.study.study_file.MOST_ROWS", len(ledger.row_keys()))
    with pytest.raises(UserError, match=r"search\.jsonl: 5 rows; no study has more than 4"):
        open_ledger(ledger.store)


def test_a_proposal_that_was_edited_is_refused(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "mine")
    ledger.save()
    append_event(ledger.store, ask_event(0, "0123456789", {"lr": 0.05, "epochs": 3}, "tpe"))
    with pytest.raises(UserError, match="configuration 0123456789 was edited"):
        open_ledger(ledger.store)
