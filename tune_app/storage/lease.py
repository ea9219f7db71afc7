"""One driver per study where there is no ``flock``: a claim that has to be renewed.

A URL's storage offers neither locks nor, everywhere, writing only if nobody else did. What S3 and
its like do promise is that a listing shows every write that was acknowledged before. So whoever
wants the study writes a claim of its own and then lists all claims: of two, at least the later
writer sees the other's. Seeing another one, it withdraws and tries again after a random pause,
which is safe always and ends soon (the scheme of Ethernet, Metcalfe & Boggs 1976). A driver that
has the study renews its claim; one that died stops doing so, and after a minute its claim no longer
counts, for drivers on its own machine not even that long. Ages are differences of the storage's own
times, so no clocks have to agree.
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
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import psutil

from tune_app.storage.remote_folder import RemoteFolder
from tune_app.storage.whole_file import is_partial

CLAIMS = ".lock"
LEASE_SECONDS, RENEWAL_SECONDS = 60.0, 15.0
_ATTEMPTS, _LONGEST_PAUSE_SECONDS = 6, 1.0


@dataclass(frozen=True)
class Claim:
    """What a claim says.

    Attributes:
        host: the machine of its driver, or None if it does not say.
        pid: the process there, or None.
        holds: whether it has the study, rather than asks for it.
        since: when it was last renewed, in seconds since 1970 by the storage's clock.
        machine: identity of the process table that ``pid`` is of.
    """

    host: str | None
    pid: int | None
    holds: bool
    since: float
    machine: str = ""

    def is_dead(self) -> bool:
        """Return whether its driver is known to have ended: only its own machine can tell."""
        if self.pid is None or self.machine != _machine():
            return False
        return not psutil.pid_exists(self.pid)


class Lease:
    """This process's claim to a study at a URL.

    Args:
        remote: the study's folder at the URL.

    Attributes:
        problem: why the study may no longer be written, None while it may.
    """

    def __init__(self, remote: RemoteFolder) -> None:
        self.problem: str | None = None
        self._remote = remote
        self._name = f"{CLAIMS}/{uuid.uuid4().hex}.json"
        self._ended = threading.Event()
        self._renewal = threading.Thread(target=self._renew, daemon=True)

    def take(self) -> Claim | None:
        """Take the study; return None, or the claim of who has it.

        Raises:
            OSError: the storage does not answer or may not be written.
        """
        rival = None
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))
            self._write(holds=False)
            rival = next(iter(self._others()), None)
            if rival is None:
                self._write(holds=True)
                self._renewal.start()
                return None
            self._remote.remove([self._name])
            if rival.holds:
                break
        return rival

    def release(self) -> None:
        """Give the study back; no error if that cannot be said, the claim ends by itself."""
        self._ended.set()
        self._renewal.join()
        with contextlib.suppress(OSError):
            self._remote.remove([self._name])

    def _others(self) -> list[Claim]:
        """Return the claims that count beside the own one, those that hold first.

        Raises:
            OSError: the storage does not answer, or does not list the own claim.
        """
        files = self._remote.files(CLAIMS)
        if self._name not in files:
            raise OSError("a file that was just written there is not in its listing")
        now = files[self._name][1] / 1e9
        dead, live = [], []
        for name in files.keys() - {self._name}:
            since = files[name][1] / 1e9
            claim = _read(self._remote, name, since)
            if now - since > LEASE_SECONDS or (claim is not None and claim.is_dead()):
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
        }
        claim["machine"] = _machine()
        self._remote.write(self._name, json.dumps(claim).encode())

    def _renew(self) -> None:
        renewed = time.monotonic()
        while not self._ended.wait(RENEWAL_SECONDS):
            with contextlib.suppress(OSError):  # tried again; what fails for long is lost
                if self._name not in self._remote.files(CLAIMS):
                    # As after a suspend, which the clock does not count: it came to its end there.
                    self.problem = _lost("is gone")
                    return
                self._write(holds=True)
                renewed = time.monotonic()
            if time.monotonic() - renewed > LEASE_SECONDS - RENEWAL_SECONDS:
                self.problem = _lost("could not be renewed")
                return


def find_claim(remote: RemoteFolder) -> Claim | None:
    """Return the claim of who runs a study, None if nobody does.

    Nothing is written, so a claim's age is measured by this machine's clock.

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
    return f"the claim to the study {reason}, so another driver may have taken it over"


def _read(remote: RemoteFolder, name: str, since: float) -> Claim | None:
    """Return what a claim says; None if it is not complete yet or was withdrawn since."""
    if is_partial(PurePosixPath(name).name):
        return None
    try:
        content = json.loads(remote.read(name))
        machine = str(content.get("machine"))
        holds = content["holds"] is True
        return Claim(str(content["host"]), int(content["pid"]), holds, since, machine)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Claim(None, None, True, since)


@functools.cache
def _machine() -> str:
    """Return what tells this machine's (or container's) processes from any other's."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"unknown {uuid.uuid4().hex}"
