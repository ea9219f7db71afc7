"""One driver per study at a URL, where there is no ``flock``: a claim that is renewed.

Storage behind a URL offers no locks, and not everywhere conditional writes. S3 and similar services
do promise that a listing shows every write that was acknowledged before. A driver that wants the
study therefore writes a claim of its own and then lists all claims. Of two drivers, at least the
later writer sees the other's claim. A driver that sees another claim withdraws its own and tries
again after a random pause. This is always safe and ends soon (the scheme of Ethernet, Metcalfe &
Boggs 1976).

The driver that has the study renews its claim. A driver that died no longer does: after a minute
its claim does not count any more. Drivers on the same machine see at once that it died. Ages are
differences between times of the storage, so the clocks of the machines need not agree.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import socket
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import psutil

from tune_app.storage.remote_folder import RemoteFolder
from tune_app.storage.whole_file import is_partial

CLAIMS = ".lock"
LEASE_SECONDS, RENEWAL_SECONDS = 60.0, 15.0
_ATTEMPTS, _LONGEST_PAUSE_SECONDS = 6, 1.0
_MOST_CLAIM_BYTES = 10_000


@dataclass(frozen=True)
class Claim:
    """The content of a claim.

    Attributes:
        host: the machine of its driver, or None if unknown.
        pid: the driver's process id there, or None if unknown.
        holds: True if the driver has the study, False if it only asks for it.
        since: when the driver took the study, in seconds since 1970 by the storage's clock; if the
            claim does not say, when it was last renewed.
        machine: identity of the machine or container whose process ids ``pid`` is one of.
    """

    host: str | None
    pid: int | None
    holds: bool
    since: float
    machine: str = ""

    def is_dead(self) -> bool:
        """Return whether the driver is known to have ended. Only its own machine can tell."""
        if self.pid is None or self.machine != _machine():
            return False
        return not psutil.pid_exists(self.pid)


class Lease:
    """This process's claim to a study at a URL.

    Args:
        remote: the study's folder at the URL.

    Attributes:
        problem: why the study may no longer be written, or None while it may.
    """

    def __init__(self, remote: RemoteFolder) -> None:
        self.problem: str | None = None
        self._remote = remote
        self._name = f"{CLAIMS}/{uuid.uuid4().hex}.json"
        self._since: float | None = None
        self._ended = threading.Event()
        self._renewal = threading.Thread(target=self._renew, daemon=True)

    def take(self) -> Claim | None:
        """Take the study; return None, or the claim of the driver that has it.

        Raises:
            OSError: the storage does not answer, or it cannot be written.
        """
        rival = None
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))
            rival = self._ask()
            if rival is None:
                self._renewal.start()
                return None
            if rival.holds:
                break
        return rival

    def _ask(self) -> Claim | None:
        """Write a claim; return None if it is the only one, else withdraw it and return another.

        If the storage fails, the claim is withdrawn, as far as that is possible. While this process
        lives, it would stand in the way of everyone who asks next, itself included.
        """
        try:
            self._write(holds=False)
            rival = next(iter(self._others()), None)
            if rival is None:
                self._write(holds=True)
                return None
        except OSError:
            with contextlib.suppress(OSError):
                self._withdraw()
            raise
        self._withdraw()
        return rival

    def release(self) -> None:
        """Withdraw the claim. If the storage does not answer, the claim expires by itself."""
        self._ended.set()
        self._renewal.join()
        with contextlib.suppress(OSError):
            self._withdraw()

    def _withdraw(self) -> None:
        """Delete the claim. A refused command leaves no empty folders behind."""
        self._remote.remove([self._name])
        self._remote.remove_if_empty(CLAIMS)
        self._remote.remove_if_empty()

    def _others(self) -> list[Claim]:
        """Return the other claims that count; one whose driver has the study comes first.

        The time by the storage's clock is kept as the time at which this driver takes the study.

        Raises:
            OSError: the storage does not answer, or it does not list this lease's own claim.
        """
        files = self._remote.files(CLAIMS)
        if self._name not in files:
            raise OSError("a file that was just written there is not in its listing")
        self._since = files[self._name][1] / 1e9
        return self._live(files, self._since)

    def _live(self, files: Mapping[str, tuple[int, int]], now: float) -> list[Claim]:
        """Return the other claims that count, and delete those that no longer do."""
        dead, live = [], []
        for name in files.keys() - {self._name}:
            renewed = files[name][1] / 1e9
            claim = _read(self._remote, name, renewed)
            if now - renewed > LEASE_SECONDS or (claim is not None and claim.is_dead()):
                dead.append(name)
            elif claim is not None:
                live.append(claim)
        self._remote.remove(dead)
        return sorted(live, key=lambda claim: not claim.holds)

    def _write(self, *, holds: bool) -> None:
        claim: dict[str, object] = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "holds": holds,
            "since": self._since,
            "machine": _machine(),
        }
        for attempt in range(_ATTEMPTS):
            try:
                self._remote.write(self._name, json.dumps(claim).encode())
                return
            except FileNotFoundError:  # another driver removed the empty folder at this moment
                if attempt == _ATTEMPTS - 1:
                    raise

    def _renew(self) -> None:
        renewed = time.monotonic()
        while not self._ended.wait(RENEWAL_SECONDS):
            with contextlib.suppress(OSError):  # it is tried again until the claim is lost
                if self._name not in self._remote.files(CLAIMS):
                    # The claim expired, for example while this machine was suspended. The clock
                    # used below does not count that time.
                    self.problem = _lost("is gone")
                    return
                self._write(holds=True)
                renewed = time.monotonic()
                if self._is_superseded():
                    self.problem = _lost("had expired")
                    return
            if time.monotonic() - renewed > LEASE_SECONDS - RENEWAL_SECONDS:
                self.problem = _lost("could not be renewed")
                return

    def _is_superseded(self) -> bool:
        """Return whether another driver took the study after this one; if so, withdraw the claim.

        It did if this machine was suspended for so long that the claim expired, and woke up between
        listing the claim and writing it. The other one took the study later, and keeps it.
        """
        files = self._remote.files(CLAIMS)
        if self._name not in files:
            return False
        others = self._live(files, files[self._name][1] / 1e9)
        if not any(claim.holds and claim.since > (self._since or 0.0) for claim in others):
            return False
        self._remote.remove([self._name])
        return True


def find_claim(remote: RemoteFolder) -> Claim | None:
    """Return the claim of the driver that runs a study, or None if none does.

    Nothing is written, so the age of a claim is measured with this machine's clock.

    Raises:
        OSError: the storage does not answer.
    """
    for name, (_, mtime) in remote.files(CLAIMS).items():
        if time.time() - mtime / 1e9 <= LEASE_SECONDS:
            claim = _read(remote, name, mtime / 1e9)
            if claim is not None and claim.holds and not claim.is_dead():
                return claim
    return None


def _lost(reason: str) -> str:
    return f"this driver's claim to the study {reason}; another driver may have taken it over"


def _read(remote: RemoteFolder, name: str, renewed: float) -> Claim | None:
    """Return the content of a claim, or None if it is incomplete or has been withdrawn."""
    if is_partial(PurePosixPath(name).name):
        return None
    try:
        content = json.loads(remote.read(name, _MOST_CLAIM_BYTES))
        machine = str(content.get("machine"))
        holds = content["holds"] is True
        taken = content.get("since")
        since = taken if isinstance(taken, float) and 0 <= taken <= renewed else renewed
        return Claim(str(content["host"]), int(content["pid"]), holds, since, machine)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Claim(None, None, True, renewed)


@functools.cache
def _machine() -> str:
    """Return the identity of this machine's (or container's) process ids."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"unknown {uuid.uuid4().hex}"
