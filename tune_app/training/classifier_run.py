"""The training of one model: what is trained, in which order, and its exact continuation."""

from __future__ import annotations

import functools
import math
import operator
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tune_app.cropped_conv.crop import full_state_dict
from tune_app.data.epoch_order import epoch_order
from tune_app.data.input_pipeline import BatchLoader
from tune_app.data.split_data import SplitData
from tune_app.training.augmentation import Augmentation
from tune_app.training.gpu_arithmetic import precision, repeat_exactly
from tune_app.training.graphed_step import CudaRecorder, GraphedStep
from tune_app.training.memory import peak_memory_mb
from tune_app.training.model_family import SHIPPED, ModelFamily
from tune_app.training.network import build_network
from tune_app.training.optimizers import build_optimizer, load_optimizer, rate_factor
from tune_app.training.process_group import ALONE, ProcessGroup
from tune_app.training.randomness import seed_epoch, seed_weights
from tune_app.training.task import Task

EVAL_BATCH_SIZE = 250
_FEW = 2
"""The number of inputs with which a model is tried before the training."""


class ClassifierRun:
    """The training of one model: model, optimizer, data, and the times so far.

    Args:
        config: the trial's complete configuration, with ``seed`` and the resolved ``device``.
        data: the data set; one without class names is a regression.
        last_epoch: the last epoch, which a schedule may depend on.
        family: a user's models, loss, optimizers, schedules and augmentation.
        group: the processes that train the model, each on its part of every batch.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        data: SplitData,
        last_epoch: int,
        family: ModelFamily = SHIPPED,
        group: ProcessGroup = ALONE,
    ) -> None:
        self.config = config
        self.data = data
        self.family = family
        self.group = group
        self.task = Task(data, family.loss, float(config.get("label_smoothing", 0.0)))
        self.device = torch.device(config["device"])
        self.amp = bool(config["mixed_precision"]) and self.device.type == "cuda"
        self._graphed = bool(config.get("cuda_graphs")) and self.device.type == "cuda"
        self.last_epoch = last_epoch
        self.train_seconds = 0.0
        self.cpu_seconds = 0.0
        shape = {"channels": config["in_channels"], "size": config["image_size"]}
        self.loader = BatchLoader(
            data,
            self.device,
            **shape,
            pinned=bool(config["pin_memory"]) and self.device.type == "cuda",
            resident=bool(config["resident_images"]) and self.device.type == "cuda",
        )
        few = BatchLoader(data, torch.device("cpu"), **shape)
        repeat_exactly()
        seed_weights(config["seed"])
        network = build_network(
            config, self.task, family, few.input_shape, lambda: next(few([data.train[:_FEW]]))[0]
        )
        self.cost, self._trains_all = network.cost, network.trains_all
        self.model = group.synced(network.model.to(self.device), self.device)
        if self.device.type == "cuda" and len(few.input_shape) == 3:
            # Not model.to(memory_format=...), which refuses models with five-dimensional weights.
            for weight in filter(lambda p: p.ndim == 4, self.model.parameters()):
                weight.data = weight.data.to(memory_format=torch.channels_last)
        self._parallel = group.parallel(self.model, trains_all=self._trains_all)
        self.optimizer = build_optimizer(config, self.model, family)
        self._rates = [options["lr"] for options in self.optimizer.param_groups]
        self.augmentation = Augmentation(config, data, self.device, family.augment)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.amp)

    def train_epoch(self, epoch: int) -> dict[str, Any]:
        """Train on every training item once, and evaluate on the validation split.

        Returns:
            The metrics of the epoch. ``status`` is ``"diverged"`` if a loss is not finite.
        """
        started, cpu_started = time.perf_counter(), time.process_time()
        self._set_learning_rate(epoch)
        seed_epoch(self.config["seed"], epoch, self.group.rank)
        self.model.train()
        train_loss, train_accuracy, num_images = self.train_steps(self.epoch_batches(epoch), epoch)
        trained = time.perf_counter()
        self.train_seconds += trained - started
        self.cpu_seconds += time.process_time() - cpu_started
        val_loss, predictions = self.evaluate(self.data.val)
        val_metrics = self.task.val_metrics(predictions)
        evaluated = time.perf_counter()
        finite = math.isfinite(train_loss) and math.isfinite(val_loss)
        return {
            "epoch": epoch,
            "status": "ok" if finite else "diverged",
            "train_loss": train_loss,
            **({"train_accuracy": train_accuracy} if self.task.has_classes else {}),
            "val_loss": val_loss,
            **val_metrics,
            "train_seconds": self.train_seconds,
            "epoch_seconds": evaluated - started,
            "eval_seconds": evaluated - trained,
            "cpu_seconds": self.cpu_seconds,
            "images_per_second": num_images / (trained - started),
            "peak_memory_mb": peak_memory_mb(),
            "device": self.device.type,
            "precision": precision(self.device, mixed=self.amp),
        }

    def train_steps(
        self, batches: list[np.ndarray[Any, Any]], epoch: int = 1
    ) -> tuple[float, float, int]:
        """Take one optimizer step for each batch.

        The model is in training mode.

        Args:
            batches: positions of items, one array for each batch.
            epoch: the epoch, on which an augmentation depends.

        Returns:
            (mean loss, accuracy, number of items), measured during training, over all processes;
            for a regression the accuracy is 0.
        """
        loss_sum = torch.zeros((), dtype=torch.float64, device=self.device)
        num_correct = torch.zeros((), dtype=torch.int64, device=self.device)
        num_items = sum(map(len, batches))
        step = self.new_step()
        for batch, (inputs, labels) in zip(batches, self._parts(batches, epoch), strict=True):
            weight = self.group.weight(len(labels), len(batch))
            is_whole = weight == 1
            loss, outputs = step(inputs, labels) if is_whole else self.step(inputs, labels, weight)
            loss_sum += loss.detach() * len(labels)
            if self.task.has_classes:
                num_correct += (outputs.detach().argmax(1) == labels).sum()
        self.group.share_buffers(self.model)
        loss_sum, num_correct = self.group.summed(loss_sum), self.group.summed(num_correct)
        # Reading the sums waits until a GPU has finished, so the caller measures the whole time.
        return loss_sum.item() / num_items, num_correct.item() / num_items, num_items

    def new_step(self) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Return what takes the steps of an epoch on whole batches: :meth:`step`, or its graph."""
        return GraphedStep(self.step, CudaRecorder()) if self._graphed else self.step

    def _parts(
        self, batches: list[np.ndarray[Any, Any]], epoch: int
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield this process's part of each batch, augmented as the whole batch would be."""
        part, augmentation = self.group.part, self.augmentation
        if augmentation.is_none:
            yield from self.loader(map(part, batches))
            return
        for number, (inputs, labels) in enumerate(self.loader(batches)):
            yield part(augmentation(inputs, epoch, number)), part(labels)

    def step(self, inputs: Tensor, labels: Tensor, weight: float = 1.0) -> tuple[Tensor, Tensor]:
        """Take one optimizer step, with the gradient of the loss times a weight.

        Returns:
            (loss, outputs).
        """
        with torch.autocast(self.device.type, torch.float16, enabled=self.amp):
            outputs = self.task.outputs(self._parallel(inputs), labels)
            loss = self.task.loss(outputs, labels)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss if weight == 1 else loss * weight).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss, outputs

    def evaluate(self, indices: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        """Return (mean loss, predictions in the order of ``indices``)."""
        self.model.eval()
        found: list[tuple[float, np.ndarray[Any, Any]]] = []
        batches = [
            indices[i : i + EVAL_BATCH_SIZE] for i in range(0, len(indices), EVAL_BATCH_SIZE)
        ]
        with torch.inference_mode():
            for inputs, labels in self.loader(self.group.turns(batches)):
                with torch.autocast(self.device.type, torch.float16, enabled=self.amp):
                    outputs = self.task.outputs(self.model(inputs), labels).float()
                found.append((self.task.summed_loss(outputs, labels), self.task.predicted(outputs)))
        losses, predictions = zip(*self.group.joined(found), strict=True)
        loss_sum = functools.reduce(operator.add, losses, 0.0)  # sum() adds in another way
        return loss_sum / len(indices), np.concatenate(predictions)

    def test(self) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
        """Return (test metrics, predictions) on the test split."""
        test_loss, predictions = self.evaluate(self.data.test)
        return {"test_loss": test_loss, **self.task.test_metrics(predictions)}, predictions

    def weights(self) -> dict[str, torch.Tensor]:
        """Return the weights as the plain model takes them."""
        return full_state_dict(self.model)

    def state(self) -> dict[str, Any]:
        """Return everything that a resumed trial needs besides its configuration and seed.

        States of generators are not among it: each epoch sets them (``seed_epoch``).
        """
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "train_seconds": self.train_seconds,
            "cpu_seconds": self.cpu_seconds,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`state` returned.

        Raises:
            Exception: it is not the state of such a model. This object cannot be used afterwards.
        """
        self.model.load_state_dict(state["model"])
        load_optimizer(self.optimizer, state["optimizer"], trains_all=self._trains_all)
        self.scaler.load_state_dict(state["scaler"])
        self.train_seconds = float(state["train_seconds"])
        self.cpu_seconds = float(state["cpu_seconds"])

    def epoch_batches(self, epoch: int) -> list[np.ndarray[Any, Any]]:
        """Return the epoch's batches of image indices, which depend only on (seed, epoch).

        The last batch is left out if it is smaller than a quarter of the batch size. On the 1×1
        maps of a 28-pixel image, BatchNorm would compute its variance over a few values: a batch of
        two makes a ResNet-50 diverge within an epoch, and a single image has no variance. With the
        full data and a batch size of 16 or 32 the last batch has 8 images and is kept.
        """
        train = self.data.train
        order = train[epoch_order(self.config["seed"], epoch, len(train))]
        size = self.config["batch_size"]
        batches = [order[i : i + size] for i in range(0, len(order), size)]
        too_small = len(batches) > 1 and len(batches[-1]) < max(2, size / 4)
        return batches[:-1] if too_small else batches

    def _set_learning_rate(self, epoch: int) -> None:
        factor = rate_factor(self.config, epoch, self.last_epoch, self.family)
        for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
