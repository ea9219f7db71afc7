"""Machines with addresses of their own, on this one: network namespaces at a common bridge."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

RAY = str(Path(sys.executable).with_name("ray"))
PORT = 6379


class PrivateNetwork:
    """Namespaces 0, 1, ... that reach each other and nothing else; gone on leaving ``with``.

    Args:
        num_hosts: how many.
        folder: where Ray's output goes.
        environment: variables of the nodes.
    """

    def __init__(self, num_hosts: int, folder: Path, environment: Mapping[str, str]) -> None:
        self._prefix = f"ta{os.getpid()}"
        self._num_hosts = num_hosts
        self._folder = folder
        self._environment = dict(environment)
        self._nodes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> PrivateNetwork:
        try:
            _ip("link", "add", self._prefix, "type", "bridge")
            _ip("link", "set", self._prefix, "up")
            for host in range(self._num_hosts):
                self._add_host(host)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in reversed(self._nodes):
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(node.pid)
                for victim in (*process.children(recursive=True), process):
                    victim.kill()
            node.wait()
        self._remove()

    def address(self, host: int) -> str:
        """Return a host's address."""
        return f"10.93.0.{host + 1}"

    def inside(self, host: int) -> tuple[str, ...]:
        """Return the words before a command that is to run on a host."""
        return ("ip", "netns", "exec", self._name(host))

    def cut_off(self, host: int) -> None:
        """Pull a host's cable."""
        _ip("link", "set", self._cable(host), "down")

    def start_node(self, host: int, num_cpus: int = 1) -> None:
        """Start a Ray node on a host, the head on host 0, and wait until it is up."""
        role = ["--head", "--port", str(PORT)]
        if host > 0:
            role = ["--address", f"{self.address(0)}:{PORT}"]
        options = ["--node-ip-address", self.address(host), "--num-cpus", str(num_cpus), "--block"]
        log = self._folder / f"node{host}.log"
        with log.open("wb") as stream:
            node = subprocess.Popen(
                [*self.inside(host), RAY, "start", *role, *options],
                stdout=stream,
                stderr=stream,
                env=self._environment,
            )
        self._nodes.append(node)
        deadline = time.monotonic() + 60
        while "Ray runtime started" not in log.read_text():
            assert node.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)

    def _add_host(self, host: int) -> None:
        name, cable = self._name(host), self._cable(host)
        _ip("netns", "add", name)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", cable, "master", self._prefix, "up")
        _ip("-n", name, "addr", "add", f"{self.address(host)}/24", "dev", "eth0")
        for interface in ("lo", "eth0"):
            _ip("-n", name, "link", "set", interface, "up")
        # Programs find their own address by the way they would take to the world outside.
        _ip("-n", name, "route", "add", "default", "dev", "eth0")

    def _remove(self) -> None:
        for host in range(self._num_hosts):
            _try_ip("netns", "del", self._name(host))
        _try_ip("link", "del", self._prefix)

    def _name(self, host: int) -> str:
        return f"{self._prefix}-{host}"

    def _cable(self, host: int) -> str:
        return f"{self._prefix}h{host}"


def may_make_networks() -> bool:
    """Return whether this user may make network namespaces."""
    name = f"ta{os.getpid()}-try"
    return _try_ip("netns", "add", name) and _try_ip("netns", "del", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _try_ip(*words: str) -> bool:
    try:
        return subprocess.run(["ip", *words], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
