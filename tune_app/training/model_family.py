"""The functions that a user brings for the shipped training loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Function = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class ModelFamily:
    """What a user adds to the shipped models, losses, optimizers and schedules.

    Attributes:
        models: name -> ``build(config, data)``, which returns an ``nn.Module``.
        loss: ``loss(outputs, labels)``, which returns a scalar tensor, the mean over the batch;
            None for cross entropy, or for the mean squared error of a regression.
        optimizers: name -> ``make(parameters, config)``, which returns a torch optimizer.
        schedules: name -> ``factor(epoch, last_epoch, config)``, the factor of the learning rate.
        augment: ``augment(inputs, generator)``, which changes a training batch on the device; None
            leaves batches as they are.
    """

    models: Mapping[str, Function] = field(default_factory=dict)
    loss: Function | None = None
    optimizers: Mapping[str, Function] = field(default_factory=dict)
    schedules: Mapping[str, Function] = field(default_factory=dict)
    augment: Function | None = None

    def functions(self) -> list[Function]:
        """Return the user's functions."""
        named = (*self.models.values(), *self.optimizers.values(), *self.schedules.values())
        return [*named, *(f for f in (self.loss, self.augment) if f is not None)]


SHIPPED = ModelFamily()
"""Nothing of a user's."""
