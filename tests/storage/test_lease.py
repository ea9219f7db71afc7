"""Who holds a study in shared storage: one driver, named to all others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from search_spaces.errors import UserError
from tests.storage.claims import age, claims
from tune_app.storage import lease
from tune_app.storage.lease import CLAIMS, Lease, find_claim
from tune_app.storage.lock import Holder
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.storage.remote_store import RemoteStore


class ListedElsewhere(MemoryFileSystem):  # type: ignore[misc]
    """Lists what is written to ``lab/mine`` as ``/lab/mine``."""

    protocol = "elsewhere"


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


def test_a_driver_that_only_asks_for_a_study_does_not_run_it(
    remote: RemoteFolder, there: Path
) -> None:
    held = Lease(remote)
    assert held.take() is None
    [claim] = claims(there)
    content = json.loads(claim.read_text())
    claim.write_text(json.dumps(content | {"holds": False}))
    assert find_claim(remote) is None
    claim.write_text(json.dumps(content))
    assert find_claim(remote) is not None
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
    with pytest.raises(
        UserError, match=r"^file://.*/file/mine: cannot be written \(.*another place$"
    ):
        blocked.lock().__enter__()
