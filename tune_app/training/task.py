"""What a model's outputs mean: classes, or the numbers of a regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.nn import functional

from search_spaces.errors import UserError
from tune_app.data.split_data import SplitData
from tune_app.training.metrics import classification_metrics, rmse
from tune_app.training.model_family import Function


@dataclass(frozen=True)
class Task:
    """The loss and the metrics of a data set.

    Args:
        data: the data set: with class names a classification, otherwise a regression.
        own_loss: a user's loss, or None for cross entropy or the mean squared error.
        label_smoothing: the share of each label that is spread over all classes in training
            (Szegedy et al. 2016). ``train_loss`` is that of the smoothed labels, and the losses on
            the validation and test items are those of the labels themselves.

    Raises:
        UserError: labels that are no classes are to be smoothed.
    """

    data: SplitData
    own_loss: Function | None = None
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        if self.label_smoothing and not self.has_classes:
            raise UserError(
                f"label_smoothing {self.label_smoothing:g}: {self.data.name} has no classes; leave "
                "the parameter out"
            )

    @property
    def has_classes(self) -> bool:
        """Whether the labels are classes."""
        return self.data.class_names is not None

    @property
    def num_outputs(self) -> int:
        """The number of outputs of a model: the classes, or the targets of a regression."""
        return self.data.num_classes if self.has_classes else self.data.labels[0].size

    def outputs(self, returned: Any, labels: Tensor) -> Tensor:
        """Return what a model returned, after checking that it fits the labels.

        Raises:
            UserError: it does not.
        """
        wanted = (len(labels), self.num_outputs) if self.has_classes else tuple(labels.shape)
        if isinstance(returned, Tensor):
            if tuple(returned.shape) == wanted:
                return returned
            # (B, 1) for (B,), or the reverse: a loss would broadcast them to (B, B).
            if not self.has_classes and returned.numel() == labels.numel():
                return returned.reshape(wanted)
            found = f"a tensor of shape {tuple(returned.shape)}"
        else:
            found = f"a {type(returned).__name__}"
        what = "one number for each class" if self.has_classes else "the targets"
        raise UserError(
            f"the model returns {found} for {len(labels)} items of {self.data.name}; it must "
            f"return one tensor of shape {wanted}: {what}"
        )

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the mean loss of a batch of training items.

        Raises:
            UserError: the user's loss is not a scalar tensor.
        """
        if self.own_loss is not None:
            loss = self.own_loss(outputs, labels)
            if not isinstance(loss, Tensor) or loss.numel() != 1:
                found = tuple(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
                raise UserError(f"loss returns {found}; it must return a tensor of one number")
            return loss.reshape(())
        if self.has_classes:
            smoothing = self.label_smoothing
            return functional.cross_entropy(outputs, labels, label_smoothing=smoothing)
        return functional.mse_loss(outputs, labels)

    def summed_loss(self, outputs: Tensor, labels: Tensor) -> float:
        """Return the loss of a batch times the number of its items."""
        if self.own_loss is None and self.has_classes:
            return functional.cross_entropy(outputs, labels, reduction="sum").item()
        return self.loss(outputs, labels).item() * len(labels)

    def predicted(self, outputs: Tensor) -> npt.NDArray[Any]:
        """Return the predicted classes, (B,), or the outputs of a regression."""
        found = outputs.argmax(1) if self.has_classes else outputs
        return np.asarray(found.cpu().numpy())

    def val_metrics(self, predictions: npt.NDArray[Any]) -> dict[str, Any]:
        """Return the metrics of predictions for the validation split."""
        labels = self.data.labels[self.data.val]
        if self.has_classes:
            return {"val_accuracy": float(np.mean(predictions == labels))}
        return {"val_rmse": rmse(labels, predictions)}

    def test_metrics(self, predictions: npt.NDArray[Any]) -> dict[str, Any]:
        """Return the metrics of predictions for the test split."""
        labels = self.data.labels[self.data.test]
        if self.has_classes:
            return classification_metrics(labels, predictions, self.data.num_classes)
        return {"test_rmse": rmse(labels, predictions), "num_test": len(labels)}
