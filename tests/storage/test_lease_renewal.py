"""A driver renews its claim to a study, and stops writing when it has lost it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.full_disk import no_file_larger_than
from tests.storage.claims import age, claims
from tune_app.storage import lease
from tune_app.storage.lease import Lease, find_claim
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.storage.remote_store import RemoteStore
from tune_app.storage.storage_errors import StorageError


def wait_for_problem(held: Lease) -> None:
    deadline = time.monotonic() + 20
    while held.problem is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_renewal_does_not_change_since_when_the_study_is_held(
    remote: RemoteFolder, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Lease(remote)
    assert held.take() is None
    [claim] = claims(there)
    taken = claim.stat().st_mtime
    first = find_claim(remote)
    assert first is not None and abs(first.since - taken) < 60
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + 7200)
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.02)
    renewed = Lease(remote)
    held._write(holds=True)
    os.utime(claim, (taken + 7200, taken + 7200))
    later = find_claim(remote)
    assert later is not None and later.since == first.since
    rival = renewed.take()
    assert rival is not None and rival.since == first.since
    held.release()


def test_a_claim_is_renewed(
    remote: RemoteFolder, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.05)
    held = Lease(remote)
    assert held.take() is None
    [claim] = claims(there)
    age(claim, 30)
    deadline = time.monotonic() + 20
    while time.time() - claim.stat().st_mtime > 20:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    held.release()
    assert held.problem is None


def test_a_driver_whose_claim_was_cleared_away_writes_no_more(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.05)
    store = RemoteStore(there.as_uri())
    with store.lock():
        store.write(store.root / "study.json", b"{}")
        store.check_held()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for claim in claims(there):  # a renewal at the same moment lays it there again
                claim.unlink(missing_ok=True)
            try:
                store.check_held()
            except OSError as error:
                assert "claim to the study is gone; another driver may have" in str(error)
                break
            time.sleep(0.02)
        with (
            pytest.raises(StorageError, match="claim to the study is gone"),
            store.guarded(),
        ):
            store.check_held()
    assert claims(there) == [], "it is not laid there again"


def test_a_driver_that_slept_while_another_took_the_study_withdraws(
    remote: RemoteFolder, there: Path
) -> None:
    """It wakes up between listing its claim and writing it, so it brings the claim back."""
    sleeper = Lease(remote)
    assert sleeper.take() is None
    [claim] = claims(there)
    age(claim, lease.LEASE_SECONDS + 5)
    heir = Lease(remote)
    assert heir.take() is None and claim not in claims(there)
    sleeper._write(holds=True)
    assert not heir._is_superseded(), "the later one keeps it"
    assert sleeper._is_superseded()
    assert len(claims(there)) == 1 and claim not in claims(there)
    sleeper.release()
    heir.release()


def test_a_driver_that_cannot_renew_its_claim_writes_no_more(
    remote: RemoteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.05)
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0.5)
    held = Lease(remote)
    assert held.take() is None
    with no_file_larger_than(10):
        wait_for_problem(held)
    assert held.problem is not None and "could not be renewed" in held.problem
    held.release()
