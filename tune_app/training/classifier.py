"""Train an image classifier (a ResNet) from scratch, reporting every epoch.

A trial's result depends only on its configuration and seed: the seed determines the initial
weights, (seed, epoch) determines the order of the images, and the number of threads does not depend
on other trials. Therefore a resumed trial gives the same numbers as an uninterrupted one, and so
does a trial that serves several milestones.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from tune_app.cropped_conv.crop import crop_to_live_taps, full_state_dict
from tune_app.data.epoch_order import epoch_order
from tune_app.data.input_pipeline import ImageLoader
from tune_app.data.split_data import SplitData
from tune_app.training.memory import peak_memory_mb
from tune_app.training.metrics import classification_metrics
from tune_app.training.models import build_model, count_cost
from tune_app.training.optimizers import build_optimizer, load_optimizer
from tune_app.training.trial_context import LaunchSettings, TrialContext

EVAL_BATCH_SIZE = 250


def train_classifier(
    config: dict[str, Any], *, data: Mapping[str, SplitData], settings: LaunchSettings
) -> None:
    """Run one trial: train up to its last milestone, and report every epoch to Ray Tune."""
    trial = TrialContext(config, settings)
    if trial.is_recorded():
        return
    torch.set_num_threads(trial.num_threads())
    images = data[config["dataset"]].at_seed(config["seed"])

    def begin(state: dict[str, Any] | None) -> ClassifierRun:
        run = ClassifierRun(config, images, trial.last_epoch)
        if state is not None:
            run.load_state(state)
        return run

    last, run = trial.restore(begin)
    for epoch in range(last + 1, trial.last_epoch + 1):
        metrics = run.train_epoch(epoch)
        if epoch in trial.milestones and metrics["status"] == "ok":
            test, predictions = run.test()
            metrics |= test | run.cost
            labels = run.data.labels[run.data.test]
            metrics |= {
                "milestone": epoch,
                "predictions_file": trial.save_predictions(epoch, predictions, labels),
            }
            group = f"{config['dataset']}-{config['model']}"
            trial.save_best_weights(group, epoch, metrics, run.weights)
        due = trial.checkpoint_due(epoch)
        trial.report(metrics, run.state() if due else None)
        if metrics["status"] == "diverged":
            return


class ClassifierRun:
    """The training of one model: model, optimizer, data, and the times so far.

    Args:
        config: the trial's complete configuration, with ``seed`` and the resolved ``device``.
        data: the images.
        last_epoch: the last epoch, which a cosine schedule depends on.
    """

    def __init__(self, config: Mapping[str, Any], data: SplitData, last_epoch: int) -> None:
        self.config = config
        self.data = data
        self.device = torch.device(config["device"])
        self.amp = bool(config["mixed_precision"]) and self.device.type == "cuda"
        self.last_epoch = last_epoch
        self.train_seconds = 0.0
        self.cpu_seconds = 0.0
        torch.manual_seed(config["seed"])
        shape = (config["in_channels"], config["image_size"], config["image_size"])
        nominal = build_model(config["model"], config["in_channels"], data.num_classes)
        cropped = crop_to_live_taps(nominal, shape)
        self.cost = _cost_metrics(nominal, cropped, shape)
        # Cropping was measured to be faster on a CPU. A GPU uses cuDNN's own kernels.
        self.model = cropped if self.device.type == "cpu" else nominal
        self.model.to(self.device)
        if self.device.type == "cuda":
            self.model.to(memory_format=torch.channels_last)
        self.loader = ImageLoader(
            data,
            self.device,
            channels=config["in_channels"],
            size=config["image_size"],
            pinned=bool(config["pin_memory"]) and self.device.type == "cuda",
            resident=bool(config["resident_images"]) and self.device.type == "cuda",
        )
        self.optimizer = build_optimizer(config, self.model)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.amp)

    def train_epoch(self, epoch: int) -> dict[str, Any]:
        """Train on every training image once, and evaluate on the validation split.

        Returns:
            The metrics of the epoch. ``status`` is ``"diverged"`` if a loss is not finite.
        """
        started, cpu_started = time.perf_counter(), time.process_time()
        self._set_learning_rate(epoch)
        self.model.train()
        train_loss, train_accuracy, num_images = self.train_steps(self.epoch_batches(epoch))
        trained = time.perf_counter()
        self.train_seconds += trained - started
        self.cpu_seconds += time.process_time() - cpu_started
        val_loss, predictions = self.evaluate(self.data.val)
        val_accuracy = float(np.mean(predictions == self.data.labels[self.data.val]))
        evaluated = time.perf_counter()
        finite = math.isfinite(train_loss) and math.isfinite(val_loss)
        return {
            "epoch": epoch,
            "status": "ok" if finite else "diverged",
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
            "val_loss": val_loss,
            "val_accuracy": val_accuracy,
            "train_seconds": self.train_seconds,
            "epoch_seconds": evaluated - started,
            "eval_seconds": evaluated - trained,
            "cpu_seconds": self.cpu_seconds,
            "images_per_second": num_images / (trained - started),
            "peak_memory_mb": peak_memory_mb(),
            "device": self.device.type,
            "precision": "float16" if self.amp else "float32",
        }

    def train_steps(self, batches: list[np.ndarray[Any, Any]]) -> tuple[float, float, int]:
        """Take one optimizer step for each batch.

        The model is in training mode.

        Args:
            batches: indices of images, one array for each batch.

        Returns:
            (mean loss, accuracy, number of images), measured during training.
        """
        loss_sum = torch.zeros((), dtype=torch.float64, device=self.device)
        num_correct = torch.zeros((), dtype=torch.int64, device=self.device)
        num_images = 0
        for images, labels in self.loader(batches):
            with torch.autocast(self.device.type, torch.float16, enabled=self.amp):
                logits = self.model(images)
                loss = nn.functional.cross_entropy(logits, labels)
            self.optimizer.zero_grad(set_to_none=True)
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimizer)
            self.scaler.update()
            loss_sum += loss.detach() * len(labels)
            num_correct += (logits.detach().argmax(1) == labels).sum()
            num_images += len(labels)
        # Reading the sums waits until a GPU has finished, so the caller measures the whole time.
        return loss_sum.item() / num_images, num_correct.item() / num_images, num_images

    def evaluate(self, indices: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        """Return (mean loss, predicted classes in the order of ``indices``)."""
        self.model.eval()
        loss_sum, predictions = 0.0, []
        batches = [
            indices[i : i + EVAL_BATCH_SIZE] for i in range(0, len(indices), EVAL_BATCH_SIZE)
        ]
        with torch.inference_mode():
            for images, labels in self.loader(batches):
                with torch.autocast(self.device.type, torch.float16, enabled=self.amp):
                    logits = self.model(images)
                loss = nn.functional.cross_entropy(logits.float(), labels, reduction="sum")
                loss_sum += loss.item()
                predictions.append(logits.argmax(1).cpu().numpy())
        return loss_sum / len(indices), np.concatenate(predictions)

    def test(self) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
        """Return (test metrics, predicted classes) on the test split."""
        test_loss, predictions = self.evaluate(self.data.test)
        labels = self.data.labels[self.data.test]
        metrics = classification_metrics(labels, predictions, self.data.num_classes)
        return {"test_loss": test_loss, **metrics}, predictions

    def weights(self) -> dict[str, torch.Tensor]:
        """Return the weights as torchvision's own model takes them."""
        return full_state_dict(self.model)

    def state(self) -> dict[str, Any]:
        """Return everything that a resumed trial needs besides its configuration and seed."""
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
        load_optimizer(self.optimizer, state["optimizer"])
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
        """Set the epoch's rate: constant, or cosine annealing to 0 (Loshchilov & Hutter 2017)."""
        factor = 1.0
        if self.config["lr_schedule"] == "cosine":
            factor = 0.5 * (1 + math.cos(math.pi * (epoch - 1) / self.last_epoch))
        for group in self.optimizer.param_groups:
            group["lr"] = self.config["lr"] * factor


def _cost_metrics(
    nominal: nn.Module, cropped: nn.Module, shape: tuple[int, int, int]
) -> dict[str, int]:
    cost, cropped_cost = count_cost(nominal, shape), count_cost(cropped, shape)
    return {
        "num_parameters": cost.num_parameters,
        "macs": cost.macs,
        "flops": cost.flops,
        "live_flops": cropped_cost.flops,
    }
