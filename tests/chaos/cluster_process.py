"""A Ray cluster of several nodes on one machine, in a process of its own that a test talks to.

Run as a script. It prints the cluster's address, then answers each line on standard input with a
line: ``add`` starts a node of one CPU and answers with the process id of its raylet, ``remove PID``
kills the node of that raylet as a power failure would. End of input ends the cluster.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any


class NodeCluster:
    """The test's side: starts the script, and ends the cluster on leaving ``with``.

    Args:
        log: file for what Ray prints.
        environment: the script's environment variables.
    """

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                env=environment,
            )
        self.address, head = self._answer().split()
        self.head = int(head)

    def __enter__(self) -> NodeCluster:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def add(self) -> int:
        """Start a node and return its raylet's process id."""
        return int(self._ask("add"))

    def remove(self, raylet: int) -> None:
        """Kill a node's processes."""
        self._ask(f"remove {raylet}")

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        assert answer, "the cluster's process ended"
        return answer.strip()


def _serve() -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes = {_raylet(cluster.head_node): cluster.head_node}
    print(cluster.address, *nodes, flush=True)
    for line in sys.stdin:
        command, *words = line.split()
        if command == "add":
            node = cluster.add_node(num_cpus=1)
            nodes[_raylet(node)] = node
            print(_raylet(node), flush=True)
        else:
            assert command == "remove"
            cluster.remove_node(nodes.pop(int(words[0])), allow_graceful=False)
            print("removed", flush=True)
    cluster.shutdown()


def _raylet(node: Any) -> int:
    return int(node.all_processes["raylet"][0].process.pid)


if __name__ == "__main__":
    _serve()
