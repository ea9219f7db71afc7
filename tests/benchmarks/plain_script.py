"""What a user would write instead: torchvision's data set and transforms, a DataLoader, a loop.

One trial with all cores of the machine, the loss read back at every step as such scripts do to
print it. ``--data`` is a folder in torchvision's layout (``MNIST/raw``).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset
from torchvision import transforms


def build(model: str, optimizer: str, lr: float) -> tuple[nn.Module, torch.optim.Optimizer]:
    """Return torchvision's ResNet for grey images and ten classes with its optimizer."""
    torch.manual_seed(0)
    net = getattr(torchvision.models, model)(num_classes=10)
    net.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    if optimizer == "sgd":
        return net, torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
    return net, torch.optim.Adam(net.parameters(), lr=lr)


def load(folder: str) -> Dataset[tuple[torch.Tensor, int]]:
    """Return the training part, each image as a normalised tensor."""
    transform = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    )
    images: Dataset[tuple[torch.Tensor, int]] = torchvision.datasets.MNIST(
        folder, train=True, transform=transform
    )
    return images


def train(
    net: nn.Module, optimizer: torch.optim.Optimizer, images: Dataset[object], batch_size: int
) -> float:
    """Train for one epoch and return the mean loss."""
    net.train()
    losses = []
    for pixels, labels in DataLoader(images, batch_size=batch_size, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(pixels), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def evaluate(net: nn.Module, images: Dataset[object], batch_size: int) -> float:
    """Return the accuracy."""
    net.eval()
    num_correct = num_images = 0
    with torch.no_grad():
        for pixels, labels in DataLoader(images, batch_size=batch_size):
            num_correct += int((net(pixels).argmax(1) == labels).sum())
            num_images += len(labels)
    return num_correct / num_images


def epochs(folder: str, num_images: int, config: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """Train one configuration with a 70/10/20 split; yield a row after each epoch."""
    net, optimizer = build(config["model"], config["optimizer"], 1e-3)
    batch_size, num_epochs = config["batch_size"], config["epochs"]
    images = load(folder)
    first, second = num_images * 7 // 10, num_images * 8 // 10
    parts = [Subset(images, range(*ends)) for ends in ((first,), (first, second))]
    for epoch in range(1, num_epochs + 1):
        started = time.perf_counter()
        loss = train(net, optimizer, parts[0], batch_size)
        row = {"epoch": epoch, "loss": loss, "val_accuracy": evaluate(net, parts[1], batch_size)}
        row["epoch_seconds"] = time.perf_counter() - started
        if epoch == num_epochs:
            rest = Subset(images, range(second, num_images))
            row["test_accuracy"] = evaluate(net, rest, batch_size)
        yield row


def engine(model: str, optimizer: str, batch_size: int, folder: str) -> Callable[[int, int], float]:
    """Return (training images, evaluated images) -> seconds for them."""
    net, optimizer_ = build(model, optimizer, 1e-3)
    images = load(folder)

    def seconds(num_train: int, num_evaluated: int) -> float:
        started = time.perf_counter()
        train(net, optimizer_, Subset(images, range(num_train)), batch_size)
        evaluate(net, Subset(images, range(num_evaluated)), batch_size)
        return time.perf_counter() - started

    return seconds


def main() -> None:
    """Train one configuration with a 70/10/20 split and print the test accuracy."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--optimizer", required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--images", type=int, required=True)
    args = parser.parse_args()
    rows = list(epochs(args.data, args.images, vars(args)))
    epoch_seconds = [row["epoch_seconds"] for row in rows]
    result = {"test_accuracy": rows[-1]["test_accuracy"], "epoch_seconds": epoch_seconds}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
