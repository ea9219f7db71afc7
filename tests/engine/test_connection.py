"""What is said when there is no way into a cluster; Ray's own errors, without a cluster."""

from __future__ import annotations

import contextlib
import socket
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray._private import services, utils

from search_spaces.errors import UserError
from tune_app.cli import messages
from tune_app.engine import connection

ADDRESS = "192.0.2.7:6379"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every address answer, so that it is Ray that fails."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(connection, "_QUIET", {})
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: contextlib.nullcontext())


def refused(address: str) -> str:
    with pytest.raises(UserError) as caught:
        connection.connect(address)
    return str(caught.value)


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr(ray, "init", fail)


def test_both_versions_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"ray_version": "2.0.0", "python_version": "3.11.0"}
    with pytest.raises(RuntimeError, match="Version mismatch") as caught:
        utils.check_version_info(other, "node 192.0.2.8", python_version_match_level="patch")
    fail_with(monkeypatch, caught.value)
    message = refused(ADDRESS)
    assert "Ray: 2.0.0 Python: 3.11.0" in message and f"Ray: {ray.__version__}" in message
    assert "token" not in message


def test_a_machine_that_is_no_node_of_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "find_node_ids", lambda: [])
    error = ConnectionError(f"Failed to connect to Ray cluster at {ADDRESS}")
    with pytest.raises(RuntimeError) as caught:
        nobody: Any = None
        services.get_node_to_connect_for_driver(nobody, timeout_seconds=0)
    error.__cause__ = caught.value  # as in ray._private.worker.init
    fail_with(monkeypatch, error)
    message = refused(ADDRESS)
    assert "this machine has to be a node of the cluster (`ray start" in message
    assert "submit_job.sh" in message and "token" not in message


def test_whoever_is_let_in_by_nobody_hears_of_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, RuntimeError("Unauthenticated\nmore"))
    message = refused(ADDRESS)
    assert f"--address {ADDRESS}: something answers there" in message
    assert "(Unauthenticated)" in message and "RAY_AUTH_MODE=token" in message


@pytest.mark.parametrize("url", ["ray://head:10001", "http://127.0.0.1:8265"])
def test_a_url_is_no_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    fail_with(monkeypatch, AssertionError("Ray was asked"))
    message = refused(url)
    assert message.startswith(f"--address {url}: ") and "auto or HOST:PORT" in message
    assert "submit_job.sh" in message
    monkeypatch.setenv("RAY_ADDRESS", url)
    assert refused("auto").startswith(f"RAY_ADDRESS={url} (counts before --address auto): ")
    assert refused(url).startswith(f"RAY_ADDRESS={url}: ")


def test_the_variable_is_named_where_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(socket, "create_connection", nobody)
    monkeypatch.setenv("RAY_ADDRESS", "192.0.2.9:1")
    assert refused("auto").startswith("RAY_ADDRESS=192.0.2.9:1 (counts before --address auto): no")
    assert refused("192.0.2.9:1").startswith("RAY_ADDRESS=192.0.2.9:1: no Ray cluster")
    assert refused(ADDRESS).startswith(f"--address {ADDRESS}: no Ray cluster")


@pytest.mark.parametrize("in_force", [True, False])
def test_a_token_is_spoken_of_only_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, in_force: bool
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token" if in_force else "disabled")
    store = SimpleNamespace(at_url=True, place_of=lambda path: "s3://lab/q1a")
    ledger: Any = SimpleNamespace(store=store, root=None)
    first, *_ = messages.link_lines("127.0.0.1:8265", ledger)
    assert first.startswith("dashboard: http://127.0.0.1:8265")
    assert ("ray get-auth-token" in first) == in_force
    [report] = messages.link_lines("", ledger)
    assert report.startswith("report as it grows: ") and report.endswith(" s3://lab/q1a --serve")
