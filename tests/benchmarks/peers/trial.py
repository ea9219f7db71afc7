"""The trial of every peer: the plain script's training of one configuration, or of none.

``python -m tests.benchmarks.peers.trial --model resnet18 ...`` runs one. Each trial notes its end,
so that all peers are measured alike.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from tests.benchmarks import plain_script
from tests.benchmarks.peers.work import ENDED, FOLDER, NUM_IMAGES, note


def rows(config: dict[str, Any]) -> Iterator[dict[str, float]]:
    """Train a configuration and yield a row after each epoch; without epochs, yield one row."""
    seconds = []
    if not config["epochs"]:
        yield {"epoch": 0, "val_accuracy": 0.0}
    else:
        for row in plain_script.epochs(os.environ[FOLDER], NUM_IMAGES, config):
            seconds.append(row["epoch_seconds"])
            yield row
    note(ENDED, config=config, epoch_seconds=seconds, num_threads=torch.get_num_threads())


def main(argv: Sequence[str]) -> None:
    """Run one trial."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--model")
    parser.add_argument("--optimizer")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--number", type=int, help="tells trials without epochs apart")
    for row in rows(vars(parser.parse_args(argv))):
        print(row)


if __name__ == "__main__":
    main(sys.argv[1:])
