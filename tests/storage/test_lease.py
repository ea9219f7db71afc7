from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from search_spaces.errors import UserError
from tests.full_disk import no_file_larger_than
from tune_app.storage import lease
from tune_app.storage.lease import CLAIMS, Lease, find_claim
from tune_app.storage.lock import Holder
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.storage.remote_store import RemoteStore
from tune_app.storage.storage_errors import StorageError


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "there"


@pytest.fixture
def remote(there: Path) -> RemoteFolder:
    return RemoteFolder(there.as_uri())


def claims(there: Path) -> list[Path]:
    return sorted((there / CLAIMS).glob("*"))


class ListedElsewhere(MemoryFileSystem):  # type: ignore[misc]
    """Lists what is written to ``lab/mine`` as ``/lab/mine``."""

    protocol = "elsewhere"


def wait_for_problem(held: Lease) -> None:
    deadline = time.monotonic() + 20
    while held.problem is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_who_holds_it_is_named_and_nobody_else_gets_it(remote: RemoteFolder, there: Path) -> None:
    first, second = Lease(remote), Lease(remote)
    assert first.take() is None
    claim = second.take()
    assert claim is not None and (claim.pid, claim.holds) == (os.getpid(), True)
    assert len(claims(there)) == 1, "the second one's claim is withdrawn"
    found = find_claim(remote)
    assert found is not None and found.pid == os.getpid()
    first.release()
    assert claims(there) == [] and find_claim(remote) is None
    assert second.take() is None
    second.release()


def test_of_many_at_once_one_gets_it(remote: RemoteFolder) -> None:
    for _ in range(5):
        leases = [Lease(remote) for _ in range(4)]
        taken: list[Lease] = []
        start = threading.Barrier(len(leases))

        def race(one: Lease, start: threading.Barrier, taken: list[Lease]) -> None:
            start.wait()
            if one.take() is None:
                taken.append(one)

        threads = [threading.Thread(target=race, args=(one, start, taken)) for one in leases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) <= 1, "never two"
        for one in taken:
            one.release()


def test_a_folder_that_another_driver_removes_meanwhile_is_created_again(
    remote: RemoteFolder, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file = Path.open
    removed: list[Path] = []

    def late(path: Path, *how: str) -> Any:
        if not removed:
            removed.append(path.parent)
            path.parent.rmdir()
        return open_file(path, *how)

    held = Lease(remote)
    monkeypatch.setattr(Path, "open", late)
    assert held.take() is None and removed == [there / CLAIMS]
    held.release()
    assert not there.exists()


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


@pytest.mark.parametrize("since", ["x", None, True, float("nan"), 1e300, -5.0])
def test_a_claim_without_a_time_is_held_since_its_renewal(
    remote: RemoteFolder, there: Path, since: Any
) -> None:
    held = Lease(remote)
    assert held.take() is None
    [claim] = claims(there)
    claim.write_text(json.dumps({**json.loads(claim.read_text()), "since": since}))
    found = find_claim(remote)
    assert found is not None and found.pid == os.getpid()
    assert found.since == claim.stat().st_mtime_ns / 1e9
    held.release()


def test_a_claim_that_is_not_renewed_ends(remote: RemoteFolder, there: Path) -> None:
    dead = Lease(remote)
    assert dead.take() is None
    [claim] = claims(there)
    age(claim, lease.LEASE_SECONDS - 5)
    assert Lease(remote).take() is not None
    age(claim, lease.LEASE_SECONDS + 5)
    assert find_claim(remote) is None
    heir = Lease(remote)
    assert heir.take() is None
    assert claim not in claims(there), "and is cleared away"
    heir.release()
    dead.release()


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


def test_storage_that_does_not_list_what_is_written_is_refused() -> None:
    fsspec.register_implementation("elsewhere", ListedElsewhere, clobber=True)
    odd = RemoteStore("elsewhere://lab/mine")
    with pytest.raises(UserError, match=r"lab/mine: cannot be written .*not in its listing"):
        odd.lock().__enter__()


def test_a_claim_that_the_storage_failed_to_list_stands_in_nobodys_way(
    remote: RemoteFolder, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_self: RemoteFolder, _under: str = "") -> Any:
        raise OSError("no answer")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="no answer"):
        patched.setattr(RemoteFolder, "files", fails)
        Lease(remote).take()
    assert claims(there) == []
    held = Lease(remote)
    assert held.take() is None
    held.release()


def test_a_claim_of_a_process_that_has_ended_here_ends_at_once(
    remote: RemoteFolder, there: Path
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = Lease(remote)
    assert dead.take() is None
    [claim] = claims(there)
    content = {**json.loads(claim.read_text()), "pid": ended.pid}
    claim.write_text(json.dumps({**content, "machine": "another"}))
    assert Lease(remote).take() is not None, "on another machine it may be alive"
    claim.write_text(json.dumps(content))
    assert find_claim(remote) is None
    heir = Lease(remote)
    assert heir.take() is None
    assert claim not in claims(there)
    heir.release()
    dead.release()


def test_a_damaged_claim_counts_until_it_is_old(remote: RemoteFolder, there: Path) -> None:
    (there / CLAIMS).mkdir(parents=True)
    damaged = there / CLAIMS / "x.json"
    damaged.write_text("[")
    claim = Lease(remote).take()
    assert claim is not None and (claim.host, claim.pid) == (None, None)
    age(damaged, lease.LEASE_SECONDS + 5)
    free = Lease(remote)
    assert free.take() is None
    free.release()


def test_a_claim_that_is_being_written_is_none_yet(remote: RemoteFolder, there: Path) -> None:
    (there / CLAIMS).mkdir(parents=True)
    partial = there / CLAIMS / ".x.json.1"
    partial.write_text("{")
    assert find_claim(remote) is None
    free = Lease(remote)
    assert free.take() is None
    free.release()
    assert partial.exists(), "whoever writes it may not be done"
    age(partial, lease.LEASE_SECONDS + 5)
    heir = Lease(remote)
    assert heir.take() is None
    heir.release()
    assert claims(there) == [], "a killed one's is cleared away"


def test_the_lock_of_a_study_at_a_url_is_a_lease(there: Path) -> None:
    store, elsewhere = RemoteStore(there.as_uri()), RemoteStore(there.as_uri())
    with store.lock():
        assert json.loads(claims(there)[0].read_text())["holds"] is True
        holder = elsewhere.holder()
        assert isinstance(holder, Holder) and holder.pid == os.getpid()
        with pytest.raises(UserError, match=f"study there is being run by process {os.getpid()}"):
            elsewhere.lock().__enter__()
    assert elsewhere.holder() is None
    with elsewhere.lock():
        pass


def test_storage_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    blocked = RemoteStore((tmp_path / "file" / "mine").as_uri())
    with pytest.raises(UserError, match=r"^file://.*/file/mine: cannot be written \(.*--storage"):
        blocked.lock().__enter__()
