"""Check that all nodes of a cluster see the same folder, or reach the same URL."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from search_spaces.errors import UserError
from tune_app.engine.cluster.nodes import RunOnNodes, run_on_nodes
from tune_app.planning.resources import Cluster
from tune_app.storage.remote_folder import RemoteFolder
from tune_app.storage.remote_store import RemoteStore
from tune_app.storage.store import StudyStore

SEES_SECONDS = 5.0
"""Longest wait for a new file, which network file systems may show late."""


def check_storage(store: StudyStore, cluster: Cluster, *, shared: bool) -> None:
    """Refuse a place for a study that the nodes of a running cluster do not see.

    Without this check, trials would fail at their first checkpoint, perhaps after hours. A cluster
    of one node is checked too: another user may have started it, or with other credentials.

    Args:
        store: where the study is kept.
        cluster: the cluster.
        shared: whether the user says that every node reaches the place.

    Raises:
        UserError: a node does not see the place, or cannot write there.
    """
    if isinstance(store, RemoteStore):
        check_url(store.remote, run_on_nodes)
        return
    if cluster.num_hosts > 1 and not shared:
        raise UserError(
            f"the cluster has {cluster.num_hosts} machines and {store.root.parent} may be seen by "
            "this one only; name a folder that all of them reach with --storage-path DIR"
        )
    check_shared(store.root.parent, run_on_nodes)


def check_shared(folder: Path, ask_nodes: RunOnNodes) -> None:
    """Write a file that every node must read, and read a file that every node writes.

    The files are removed afterwards, and so is the folder if it did not exist.

    Args:
        folder: the folder, absolute.
        ask_nodes: as :func:`tune_app.engine.cluster.nodes.run_on_nodes`.

    Raises:
        UserError: the folder cannot be written, or a node does not share it. The message names the
            node.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    token = uuid.uuid4().hex
    own = folder / f".shared-{token}"
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            own.write_text(token)
        except OSError as error:
            raise UserError(f"{folder}: cannot be written ({error.strerror})") from None
        for node, answer in ask_nodes(_node_task(str(folder), token)).items():
            problem = answer["problem"]
            if problem is None and not _appears(folder / answer["file"], token):
                problem = "writes there what this machine does not see"
            if problem:
                raise UserError(
                    f"--storage-path {folder}: node {node} {problem}; name a folder that all nodes "
                    "share (NFS, say) and may write"
                )
    finally:
        for path in folder.glob(f".shared-{token}*"):
            with contextlib.suppress(OSError):
                path.unlink()
        for path in missing:  # the innermost first
            with contextlib.suppress(OSError):
                path.rmdir()


def check_url(remote: RemoteFolder, ask_nodes: RunOnNodes) -> None:
    """Write a file at a URL that every node must read, and read a file that every node writes.

    The files are removed afterwards.

    Args:
        remote: the folder at the URL.
        ask_nodes: as :func:`tune_app.engine.cluster.nodes.run_on_nodes`.

    Raises:
        UserError: the URL cannot be written from here or from a node. The message names the node.
    """
    own = f".shared-{uuid.uuid4().hex}"
    written = [own]
    try:
        remote.write(own, own.encode())
        for node, answer in ask_nodes(_url_task(remote, own)).items():
            written.append(str(answer["file"]))
            if answer["problem"]:
                raise UserError(
                    f"--storage-path {remote.url}: node {node} {answer['problem']}; give every "
                    "node what it needs to reach it (credentials in its environment, say)"
                )
            if remote.read(str(answer["file"])) != own.encode():
                raise UserError(f"--storage-path {remote.url}: node {node} reaches another place")
    except OSError as error:
        raise UserError(f"--storage-path {remote.url}: cannot be used ({error})") from None
    finally:
        with contextlib.suppress(OSError):
            remote.remove(written)


def _url_task(remote: RemoteFolder, own: str) -> Callable[[str], dict[str, str | None]]:
    def task(node_id: str) -> dict[str, str | None]:
        answer: dict[str, str | None] = {"problem": None, "file": f"{own}-{node_id}"}
        try:
            remote.write(str(answer["file"]), remote.read(own))
        except FileNotFoundError:
            answer["problem"] = "does not see what this machine writes there"
        except OSError as error:
            answer["problem"] = f"cannot write there ({error})"
        return answer

    return task


def _node_task(folder: str, token: str) -> Callable[[str], dict[str, str | None]]:
    def task(node_id: str) -> dict[str, str | None]:
        place = Path(folder)
        answer: dict[str, str | None] = {"problem": None, "file": f".shared-{token}-{node_id}"}
        if not _appears(place / f".shared-{token}", token):
            return {**answer, "problem": "does not see what this machine writes there"}
        try:
            (place / str(answer["file"])).write_text(token)
        except OSError as error:
            return {**answer, "problem": f"cannot write there ({error.strerror})"}
        return answer

    return task


def _appears(path: Path, content: str) -> bool:
    """Return whether the file appears with this content within :data:`SEES_SECONDS`."""
    deadline = time.monotonic() + SEES_SECONDS
    while True:
        with contextlib.suppress(OSError):
            if path.read_text() == content:
                return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.2)
