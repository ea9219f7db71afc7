"""The processes that train one model together, each on its part of every batch.

Together they train what one process trains: gradients are averaged by ``DistributedDataParallel``,
with weights where parts have different sizes, and BatchNorm takes its statistics from the whole
batch. What differs is the order in which numbers are added. An evaluation is split by batches, so
its numbers are those of one process to the last bit if the weights are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psutil
import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from tune_app.training.synced_batch_norm import synced

Batch = TypeVar("Batch")
_INTERFACE_VARIABLES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")
_LOOPBACK = "127.0.0.1"


class ProcessGroup:
    """The place of this process among those that train one model.

    Attributes:
        rank: its number, from 0.
        size: how many there are; with one, nothing is exchanged.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank = rank
        self.size = size

    def synced(self, model: nn.Module, device: torch.device) -> nn.Module:
        """Return a model whose BatchNorm layers see the whole batch."""
        return model if self.size == 1 else synced(model, device)

    def parallel(self, model: nn.Module, *, trains_all: bool) -> nn.Module:
        """Return what is called in training: it averages the gradients in ``backward``.

        Args:
            model: the model.
            trains_all: whether every parameter is known to get a gradient.
        """
        if self.size == 1:
            return model
        return DistributedDataParallel(model, find_unused_parameters=not trains_all)

    def part(self, batch: Any) -> Any:
        """Return this process's part of a batch: of an array or a tensor, by its first axis.

        Parts differ by one item at most, and none is empty if there are as many items as processes.
        """
        num = len(batch)
        return batch[num * self.rank // self.size : num * (self.rank + 1) // self.size]

    def weight(self, num: int, num_in_batch: int) -> float:
        """Return by what to multiply the mean loss of a part of ``num`` items.

        The average over the processes is then the mean over the batch. It is 1 if all parts have
        the same size.
        """
        return self.size * num / num_in_batch

    def summed(self, total: Tensor) -> Tensor:
        """Return the sum of a tensor over the processes."""
        if self.size > 1:
            dist.all_reduce(total)
        return total

    def share_buffers(self, model: nn.Module) -> None:
        """Give every process the buffers of the first, such as its running statistics.

        A layer that keeps some of its own, and sees only this process's part of a batch, has others
        in each process. Then the processes would not evaluate the same model.
        """
        if self.size > 1:
            for buffer in filter(Tensor.numel, model.buffers()):
                dist.broadcast(buffer, src=0)

    def turns(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        """Return the batches that this process evaluates."""
        return batches[self.rank :: self.size]

    def joined(self, found: list[Batch]) -> list[Batch]:
        """Return what all processes found for their :meth:`turns`, in the order of the batches."""
        if self.size == 1:
            return found
        by_rank: list[list[Batch]] = [[] for _ in range(self.size)]
        dist.all_gather_object(by_rank, found)
        rounds = range(len(by_rank[0]))
        return [part[i] for i in rounds for part in by_rank if i < len(part)]


ALONE = ProcessGroup()


def join(rank: int, size: int, folder: Path, device: torch.device) -> ProcessGroup:
    """Meet the other processes, which run on the same machine, and return the group.

    They find each other by a file and talk over the loopback interface, so nothing can be reached
    from another machine, whatever interface the environment names.

    Args:
        rank: the number of this process, from 0.
        size: how many there are.
        folder: an empty folder, which only they use.
        device: where the model is trained. A process sees only the GPU that is its own.
    """
    for name in _INTERFACE_VARIABLES:
        os.environ[name] = _loopback(psutil.net_if_addrs().items())
    if device.type == "cuda":
        torch.cuda.set_device(0)
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo",
        init_method=f"file://{folder / 'met'}",
        rank=rank,
        world_size=size,
    )
    return ProcessGroup(rank, size)


def _loopback(interfaces: Iterable[tuple[str, Any]]) -> str:
    """Return the name of the loopback interface, which is ``lo`` on Linux."""
    found = (name for name, addresses in interfaces if _LOOPBACK in {a.address for a in addresses})
    return next(found, "lo")
