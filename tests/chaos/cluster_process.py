"""A Ray cluster of several nodes on one machine, in a process of its own that a test talks to.

Run as a script with what the head node has, as JSON. It prints the cluster's address, then answers
each line on standard input with a line: ``add RESOURCES`` starts a node and answers with the
process id of its raylet, ``remove PID`` kills the node of that raylet as a power failure would. End
of input ends the cluster.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

Resources = dict[str, float]
"""``CPU``, ``GPU`` and names of one's own -> how many a node has; Ray does not look for them."""


class NodeCluster:
    """The test's side: starts the script, and ends the cluster on leaving ``with``.

    Args:
        log: file for what Ray prints.
        environment: the script's environment variables.
        head: what the head node has; one CPU unless given.
    """

    def __init__(
        self, log: Path, environment: dict[str, str], head: Resources | None = None
    ) -> None:
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                [sys.executable, __file__, json.dumps(head or {"CPU": 1})],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                env=environment,
            )
        self.address, raylet = self._answer().split()
        self.head = int(raylet)

    def __enter__(self) -> NodeCluster:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def add(self, resources: Resources | None = None) -> int:
        """Start a node, of one CPU unless said otherwise; return its raylet's process id."""
        return int(self._ask(f"add {json.dumps(resources or {'CPU': 1})}"))

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


def _serve(head: Resources) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=_node_arguments(head))
    nodes = {_raylet(cluster.head_node): cluster.head_node}
    print(cluster.address, *nodes, flush=True)
    for line in sys.stdin:
        command, _, word = line.strip().partition(" ")
        if command == "add":
            node = cluster.add_node(**_node_arguments(json.loads(word)))
            nodes[_raylet(node)] = node
            print(_raylet(node), flush=True)
        else:
            assert command == "remove"
            cluster.remove_node(nodes.pop(int(word)), allow_graceful=False)
            print("removed", flush=True)
    cluster.shutdown()


def _node_arguments(resources: Resources) -> dict[str, Any]:
    own = {name: amount for name, amount in resources.items() if name not in ("CPU", "GPU")}
    named = {"num_cpus": resources.get("CPU", 0), "num_gpus": resources.get("GPU", 0)}
    return {**named, "resources": own}


def _raylet(node: Any) -> int:
    return int(node.all_processes["raylet"][0].process.pid)


if __name__ == "__main__":
    _serve(json.loads(sys.argv[1]))
