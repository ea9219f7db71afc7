"""Notifications reach a webhook, and what an address hides stays hidden."""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence

import pytest

from search_spaces.errors import UserError
from tests.cli.webhook import webhook
from tune_app.cli.notice import Notice
from tune_app.cli.notify import Address, addresses, deliver, without_addresses

NOTICE = Notice("q1a: finished on here", "q1a\nrows: 2", {"study": "q1a", "event": "finished"})
SECRET = "T0K3N-hidden"  # noqa: S105 (a stand-in)


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUNE_APP_NOTIFY", raising=False)


def test_a_webhook_gets_the_record_and_the_text() -> None:
    with webhook() as server:
        login = server.url("/hook?room=1#part").replace("http://", "http://me:p%40ss@")
        assert deliver(addresses([login, server.url()]), NOTICE) == []
    got = {path: (headers, content) for path, headers, content in server.got}
    assert set(got) == {"/hook?room=1", "/secret-token"}
    headers, content = got["/hook?room=1"]
    assert headers["Authorization"] == "Basic bWU6cEBzcw=="  # me:p@ss
    assert headers["Content-Type"] == "application/json" and headers["User-Agent"] == "tune-app"
    assert "Authorization" not in got["/secret-token"][0]
    assert content == {
        **{"study": "q1a", "event": "finished", "title": "q1a: finished on here"},
        **{"text": "q1a\nrows: 2", "content": "q1a\nrows: 2"},
    }


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, "it answered 404 Not Found"), (302, "it answered 302 Found"), (299, ""), (0, "")],
)
def test_an_address_that_fails_is_one_line(status: int, reason: str) -> None:
    with webhook(status) as server:
        found = addresses([server.url(f"/{SECRET}")])
        lines = deliver(found, NOTICE, seconds=5 if status else 0.2)
    shown = f"http://127.0.0.1:{server.port}/…"
    reason = reason if status else "no answer within 0.2 s"
    assert lines == ([f"no notification sent to {shown}: {reason}"] if reason else [])
    assert len(server.got) == 1, "and it is not redirected"


def test_nobody_listens_and_no_such_host() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = addresses([f"http://127.0.0.1:{port}/{SECRET}"])
    (line,) = deliver(found, NOTICE)
    assert line == f"no notification sent to http://127.0.0.1:{port}/…: Connection refused"


@pytest.mark.parametrize(
    "url",
    [
        *(f"htps:/{SECRET}", SECRET, f"https:///{SECRET}", f"https://host:port/{SECRET}"),
        *(f"https://host/ {SECRET}", f"https://hôst/{SECRET}", f"https://[::1/{SECRET}"),
        f"https://host/{SECRET}\n",
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(UserError, match=r"--notify: not an address .*allowed: https://") as caught:
        addresses([url])
    assert SECRET not in str(caught.value)


def test_the_variable_names_more_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNE_APP_NOTIFY", " https://a.example/1\nhttps://b.example/2 ")
    found = [address.url for address in addresses(["https://b.example/2", "http://c.example"])]
    assert found == ["https://b.example/2", "http://c.example", "https://a.example/1"]
    monkeypatch.setenv("TUNE_APP_NOTIFY", SECRET)
    with pytest.raises(UserError, match="TUNE_APP_NOTIFY: not an address"):
        addresses([])


def test_the_text_of_an_address_has_no_secret() -> None:
    for url, shown in {
        f"https://me:{SECRET}@hooks.example.com:8443/{SECRET}?key={SECRET}": (
            "https://hooks.example.com:8443/…"
        ),
        f"tgram://{SECRET}/1": "tgram://…",
    }.items():
        assert (str(Address(url)), repr(Address(url))) == (shown, f"Address({shown})")


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["--space", "q1a", "--notify", "U", "--fresh"], ["--space", "q1a", "--fresh"]),
        (["--notify=U", "--notify", "--notify", "--plan"], ["--plan"]),
        (["--notify", "U"], []),
    ],
)
def test_the_recorded_command_has_no_addresses(words: Sequence[str], kept: list[str]) -> None:
    assert without_addresses(words) == kept


def test_a_service_without_apprise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"tgram://….*pip install apprise") as caught:
        addresses([f"tgram://{SECRET}/1"])
    assert SECRET not in str(caught.value)


def test_apprise_delivers(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("apprise", reason="apprise is an extra that is not installed")
    caplog.set_level(logging.DEBUG)
    with webhook() as server:
        found = addresses([f"json://127.0.0.1:{server.port}/{SECRET}"])
        assert deliver(found, NOTICE) == []
        (message,) = server.messages
        assert (message["title"], message["message"]) == (NOTICE.title, NOTICE.text)
        server.status = 500
        assert deliver(found, NOTICE) == [
            "no notification sent to json://…: Apprise could not deliver it"
        ]
    with pytest.raises(UserError, match=r"nothing://…: Apprise does not understand"):
        addresses([f"nothing://{SECRET}"])
    assert SECRET not in caplog.text
