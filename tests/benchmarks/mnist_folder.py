"""The shipped sample of MNIST as a folder that torchvision takes for the whole data set."""

from __future__ import annotations

import gzip
from pathlib import Path

from tune_app.data.sources import SAMPLE_FOLDER


def write_mnist_folder(root: Path) -> None:
    """Write ``MNIST/raw`` with the 10,000 sample images as both parts."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for kind in ("images-idx3", "labels-idx1"):
        content = gzip.decompress((SAMPLE_FOLDER / "mnist" / f"t10k-{kind}-ubyte.gz").read_bytes())
        for part in ("train", "t10k"):
            (raw / f"{part}-{kind}-ubyte").write_bytes(content)
