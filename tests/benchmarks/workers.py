"""Processes that build something once and then measure it whenever they are told to."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

Job = Callable[..., Any]


class Workers:
    """Some processes of one kind, each with a number of threads of its own.

    Args:
        make: called in each process, returns what :meth:`seconds` calls there; importable.
        arguments: what ``make`` is called with.
        num_processes: how many run at once.
        num_threads: torch's threads in each.
    """

    def __init__(
        self, make: Job, arguments: Sequence[Any], num_processes: int, num_threads: int
    ) -> None:
        self.name = make.__name__
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(num_processes):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_serve, args=(theirs, make, tuple(arguments), num_threads), daemon=True
            )
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:
            assert pipe.recv() == "ready"

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
            process.join()

    def call(self, *arguments: Any) -> list[Any]:
        """Let all processes do the same at once; return what each returned."""
        for pipe in self._pipes:
            pipe.send(arguments)
        return [pipe.recv() for pipe in self._pipes]

    def seconds(self, *arguments: Any) -> float:
        """Let all processes do the same at once; return the seconds until the last is done."""
        started = time.perf_counter()
        self.call(*arguments)
        return time.perf_counter() - started


def _serve(pipe: Connection, make: Job, arguments: tuple[Any, ...], num_threads: int) -> None:
    import torch

    torch.set_num_threads(num_threads)
    job = make(*arguments)
    pipe.send("ready")
    while True:
        pipe.send(job(*pipe.recv()))
