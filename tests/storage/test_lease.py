from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from search_spaces.errors import UserError
from tests.full_disk import no_file_larger_than
from tune_app.storage import lease, mirror
from tune_app.storage.lease import CLAIMS, Lease, find_claim
from tune_app.storage.lock import Holder, StudyLock, find_holder
from tune_app.storage.mirror import Mirror
from tune_app.storage.storage_errors import StorageError, check_not_deleted, study_storage


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "there"


@pytest.fixture
def copy(tmp_path: Path, there: Path) -> Mirror:
    return mirror.attach(there.as_uri(), tmp_path / "copy")


def another(there: Path, tmp_path: Path) -> Mirror:
    return mirror.attach(there.as_uri(), tmp_path / f"copy-{len(list(tmp_path.iterdir()))}")


def claims(there: Path) -> list[Path]:
    return sorted((there / CLAIMS).glob("*"))


class ListedElsewhere(MemoryFileSystem):  # type: ignore[misc]
    """Lists what is written to ``lab/mine`` as ``/lab/mine``."""

    protocol = "elsewhere"


def wait_for_problem(copy: Mirror) -> None:
    deadline = time.monotonic() + 20
    while copy.problem is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_who_holds_it_is_named_and_nobody_else_gets_it(copy: Mirror, there: Path) -> None:
    first, second = Lease(copy), Lease(copy)
    assert first.take() is None
    claim = second.take()
    assert claim is not None and (claim.pid, claim.holds) == (os.getpid(), True)
    assert len(claims(there)) == 1, "the second one's claim is withdrawn"
    found = find_claim(copy)
    assert found is not None and found.pid == os.getpid()
    first.release()
    assert claims(there) == [] and find_claim(copy) is None
    assert second.take() is None
    second.release()


def test_of_many_at_once_one_gets_it(copy: Mirror) -> None:
    for _ in range(5):
        leases = [Lease(copy) for _ in range(4)]
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


def test_a_claim_that_is_not_renewed_ends(copy: Mirror, there: Path) -> None:
    dead = Lease(copy)
    assert dead.take() is None
    [claim] = claims(there)
    age(claim, lease.LEASE_SECONDS - 5)
    assert Lease(copy).take() is not None
    age(claim, lease.LEASE_SECONDS + 5)
    assert find_claim(copy) is None
    heir = Lease(copy)
    assert heir.take() is None
    assert claim not in claims(there), "and is cleared away"
    heir.release()
    dead.release()


def test_a_claim_is_renewed(copy: Mirror, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.05)
    held = Lease(copy)
    assert held.take() is None
    [claim] = claims(there)
    age(claim, 30)
    deadline = time.monotonic() + 20
    while time.time() - claim.stat().st_mtime > 20:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    held.release()
    assert copy.problem is None


def test_a_driver_whose_claim_was_cleared_away_writes_no_more(
    copy: Mirror, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.05)
    copy.folder.mkdir()
    (copy.folder / "study.json").write_text("{}")
    held = Lease(copy)
    assert held.take() is None
    check_not_deleted(copy.folder)
    claims(there)[0].unlink()
    wait_for_problem(copy)
    with (
        pytest.raises(StorageError, match="claim to the study is gone, so another driver may have"),
        study_storage(copy.folder),
    ):
        check_not_deleted(copy.folder)
    held.release()
    assert claims(there) == [], "it is not laid there again"


def test_a_driver_that_cannot_renew_its_claim_writes_no_more(
    copy: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.05)
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0.5)
    held = Lease(copy)
    assert held.take() is None
    with no_file_larger_than(10):
        wait_for_problem(copy)
    assert copy.problem is not None and "could not be renewed" in copy.problem
    held.release()


def test_storage_that_does_not_list_what_is_written_is_refused(tmp_path: Path) -> None:
    fsspec.register_implementation("elsewhere", ListedElsewhere, clobber=True)
    odd = mirror.attach("elsewhere://lab/mine", tmp_path / "copy")
    with pytest.raises(UserError, match=r"lab/mine: cannot be written .*not in its listing"):
        StudyLock(odd.folder).__enter__()


def test_a_claim_of_a_process_that_has_ended_here_ends_at_once(copy: Mirror, there: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = Lease(copy)
    assert dead.take() is None
    [claim] = claims(there)
    content = {**json.loads(claim.read_text()), "pid": ended.pid}
    claim.write_text(json.dumps({**content, "machine": "another"}))
    assert Lease(copy).take() is not None, "on another machine it may be alive"
    claim.write_text(json.dumps(content))
    assert find_claim(copy) is None
    heir = Lease(copy)
    assert heir.take() is None
    assert claim not in claims(there)
    heir.release()
    dead.release()


def test_a_damaged_claim_counts_until_it_is_old(copy: Mirror, there: Path) -> None:
    (there / CLAIMS).mkdir(parents=True)
    damaged = there / CLAIMS / "x.json"
    damaged.write_text("[")
    claim = Lease(copy).take()
    assert claim is not None and (claim.host, claim.pid) == (None, None)
    age(damaged, lease.LEASE_SECONDS + 5)
    free = Lease(copy)
    assert free.take() is None
    free.release()


def test_a_claim_that_is_being_written_is_none_yet(copy: Mirror, there: Path) -> None:
    (there / CLAIMS).mkdir(parents=True)
    partial = there / CLAIMS / ".x.json.1"
    partial.write_text("{")
    assert find_claim(copy) is None
    free = Lease(copy)
    assert free.take() is None
    free.release()
    assert partial.exists(), "whoever writes it may not be done"
    age(partial, lease.LEASE_SECONDS + 5)
    heir = Lease(copy)
    assert heir.take() is None
    heir.release()
    assert claims(there) == [], "a killed one's is cleared away"


def test_the_lock_of_a_study_at_a_url_is_a_lease(copy: Mirror, there: Path, tmp_path: Path) -> None:
    elsewhere = another(there, tmp_path)
    with StudyLock(copy.folder):
        assert json.loads(claims(there)[0].read_text())["holds"] is True
        holder = find_holder(elsewhere.folder)
        assert isinstance(holder, Holder) and holder.pid == os.getpid()
        with pytest.raises(UserError, match=f"study copy-. is being run by process {os.getpid()}"):
            StudyLock(elsewhere.folder).__enter__()
    assert find_holder(elsewhere.folder) is None
    with StudyLock(elsewhere.folder):
        pass


def test_storage_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    blocked = mirror.attach((tmp_path / "file" / "mine").as_uri(), tmp_path / "copy")
    with pytest.raises(UserError, match=r"^file://.*/file/mine: cannot be written \(.*--storage"):
        StudyLock(blocked.folder).__enter__()
