"""BatchNorm whose statistics are those of the whole batch, when processes share the batch.

``torch.nn.SyncBatchNorm`` does this on GPUs only, so a CPU has a layer of its own here.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.modules.batchnorm import _BatchNorm


def synced(model: nn.Module, device: torch.device) -> nn.Module:
    """Return a model whose BatchNorm layers take their statistics from all processes.

    The new layers share parameters, buffers and names with the old ones. A layer with a ``forward``
    of its own stays as it is: it may do more than BatchNorm does.

    Args:
        model: the model; its layers are replaced.
        device: where it is trained.
    """
    make: Any = SyncedBatchNorm
    if device.type != "cpu":
        make = nn.SyncBatchNorm.convert_sync_batchnorm
    new: dict[nn.Module, nn.Module] = {}
    for name, layer in list(model.named_modules(remove_duplicate=False)):
        if type(layer).forward is not _BatchNorm.forward:
            continue
        if layer not in new:
            new[layer] = make(layer)
        if not name:
            return new[layer]
        model.set_submodule(name, new[layer])
    return model


class SyncedBatchNorm(_BatchNorm):
    """BatchNorm of a batch that all processes of the default group hold together.

    In evaluation each process normalises by the running statistics, as usual.

    Args:
        layer: the layer whose place it takes.
    """

    def __init__(self, layer: _BatchNorm) -> None:
        super().__init__(
            layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats
        )
        self._parameters.update(layer._parameters)
        self._buffers.update(layer._buffers)
        self.train(layer.training)

    def _check_input_dim(self, inputs: Tensor) -> None:
        """Take any input: the layer before has checked them where there was one to check."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the normalised part of the batch, (B, C, ...)."""
        if not self.training:
            return super().forward(inputs)
        axes = [axis for axis in range(inputs.ndim) if axis != 1]
        shape = [-1 if axis == 1 else 1 for axis in range(inputs.ndim)]
        count = inputs.new_tensor([inputs.numel() / inputs.shape[1]])
        sums = _Summed.apply(torch.cat([inputs.sum(axes), count]))
        total = sums[-1].detach()
        mean = sums[:-1] / total
        centred = inputs - mean.view(shape)
        variance = _Summed.apply(centred.square().sum(axes)) / total
        if self.track_running_stats:
            self._follow(mean.detach(), variance.detach() * total / (total - 1))
        scaled: Tensor = centred * (variance + self.eps).rsqrt().view(shape)
        if self.affine:
            scaled = scaled * self.weight.view(shape)
        bias = self._parameters["bias"]
        if bias is not None:
            scaled = scaled + bias.view(shape)
        return scaled

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        """Bring the running statistics up to date."""
        assert self.num_batches_tracked is not None
        assert self.running_mean is not None and self.running_var is not None
        self.num_batches_tracked.add_(1)
        share = 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


class _Summed(torch.autograd.Function):
    """The sum of a tensor over the processes.

    Each of them uses the sum, so the gradient is the sum of theirs.
    """

    @staticmethod
    def forward(_context: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_context: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total
