"""Where data are looked for, and which files are refused: folders, caches, failed downloads."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import shutil
import struct
from pathlib import Path

import pytest
import torchvision.datasets

from tests.refused import refused
from tune_app.data import sources
from tune_app.data.datasets import DATASETS
from tune_app.data.sources import SAMPLE_FOLDER, cache_folder, num_pooled, read_pooled

MNIST, FASHION_MNIST = DATASETS["mnist"], DATASETS["fashion_mnist"]
IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


@pytest.fixture(autouse=True)
def no_data_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNE_APP_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(sources, "SYSTEM_FOLDER", tmp_path / "system")
    for name in ("MNIST", "FashionMNIST"):
        monkeypatch.setattr(torchvision.datasets, name, no_network)


def no_network(**_: object) -> None:
    raise RuntimeError("Error downloading train-images-idx3-ubyte.gz:\nTried a mirror\n")


def sample_copy(folder: Path, name: str = "mnist") -> Path:
    shutil.copytree(SAMPLE_FOLDER / name, folder)
    return folder


def write_gz(path: Path, content: bytes | bytearray) -> None:
    path.write_bytes(gzip.compress(content, compresslevel=1))


def fake_full(folder: Path) -> Path:
    """Lay out all four file names of a data set, each empty: enough for the search to choose it."""
    folder.mkdir(parents=True)
    for stem in MNIST.sha256:
        (folder / stem).touch()
    return folder


@pytest.mark.parametrize("layout", ["mnist", "MNIST/raw", "MNIST", "."])
def test_layouts_of_a_folder(tmp_path: Path, layout: str) -> None:
    sample_copy(tmp_path / "data" / layout)
    assert len(read_pooled(MNIST, str(tmp_path / "data")).labels) == 10_000
    assert num_pooled(MNIST, str(tmp_path / "data")) == 10_000


def test_parts_are_pooled_train_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data set of 2 + 1 images, the pixels of each its own number."""
    monkeypatch.setattr(sources, "PART_SIZES", {"train": 2, "t10k": 1})
    sha256 = {}
    for part, numbers in (("train", (4, 5)), ("t10k", (6,))):
        pixels = b"".join(bytes([number] * 28 * 28) for number in numbers)
        for stem, header, content in (
            (f"{part}-images-idx3-ubyte", (0x803, len(numbers), 28, 28), pixels),
            (f"{part}-labels-idx1-ubyte", (0x801, len(numbers)), bytes(numbers)),
        ):
            raw = struct.pack(f">{len(header)}I", *header) + content
            sha256[stem] = hashlib.sha256(raw).hexdigest()
            (tmp_path / stem).write_bytes(raw)
    spec = dataclasses.replace(MNIST, sha256=sha256)
    pooled = read_pooled(spec, str(tmp_path))
    assert num_pooled(spec, str(tmp_path)) == 3
    assert pooled.labels.tolist() == [4, 5, 6]
    assert pooled.images[:, 9, 9].tolist() == [4, 5, 6]
    assert pooled.images.shape == (3, 28, 28)
    assert pooled.sha256 == sha256
    assert not pooled.images.flags.writeable


def test_plain_files_need_no_compression(tmp_path: Path) -> None:
    folder = sample_copy(tmp_path / "mnist")
    for packed in list(folder.iterdir()):
        (folder / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    assert len(read_pooled(MNIST, str(tmp_path)).labels) == 10_000


def test_wrong_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    message = refused(lambda: read_pooled(MNIST, "./nowhere"))
    assert message.startswith("--data ./nowhere: no such folder")
    message = refused(lambda: num_pooled(MNIST, "."))
    assert message.startswith("--data .: no files of MNIST in it or in its mnist, MNIST/raw, MNIST")
    assert "train-images-idx3-ubyte[.gz]" in message
    assert "--data sample" in message
    assert "home folder unknown" in refused(lambda: read_pooled(MNIST, "~nobody-here/data"))


def test_images_without_their_labels(tmp_path: Path) -> None:
    folder = sample_copy(tmp_path / "mnist")
    (folder / f"{LABELS}.gz").unlink()
    message = refused(lambda: read_pooled(MNIST, str(tmp_path)))
    assert f"{folder} has {IMAGES} without {LABELS}" in message


def test_one_changed_pixel_is_noticed(tmp_path: Path) -> None:
    path = sample_copy(tmp_path / "mnist") / f"{IMAGES}.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[5_000_000] ^= 1
    write_gz(path, content)
    message = refused(lambda: read_pooled(MNIST, str(tmp_path)))
    assert message.startswith(f"{path}: damaged, or not MNIST's {IMAGES} (SHA-256")
    assert "expected 0fa7898d5092" in message


def test_labels_out_of_range_are_named_before_the_checksum(tmp_path: Path) -> None:
    path = sample_copy(tmp_path / "mnist") / f"{LABELS}.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-1] = 10
    write_gz(path, content)
    message = refused(lambda: read_pooled(MNIST, str(tmp_path)))
    assert message == f"{path}: holds the label 10, allowed 0 to 9"


def test_the_other_data_set_is_recognised(tmp_path: Path) -> None:
    sample_copy(tmp_path / "fashion-mnist", "mnist")
    message = refused(lambda: read_pooled(FASHION_MNIST, str(tmp_path)))
    assert "this is a file of MNIST, not FashionMNIST" in message


def test_full_looks_in_the_cache_then_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The empty files are refused when they are read: the message shows which were chosen."""

    def chosen() -> str:
        return refused(lambda: read_pooled(MNIST, "full")).split("/train-images")[0]

    monkeypatch.setenv("TUNE_APP_DATA", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    system = fake_full(tmp_path / "system" / "mnist")
    assert chosen() == str(system)
    in_cache = fake_full(tmp_path / "xdg" / "tune_app" / "MNIST" / "raw")
    assert chosen() == str(in_cache)
    (in_cache / LABELS).unlink()
    assert chosen() == str(system)
    named = fake_full(tmp_path / "named" / "mnist")
    monkeypatch.setenv("TUNE_APP_DATA", str(tmp_path / "named"))
    assert chosen() == str(named)


def test_cache_folder_of_a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TUNE_APP_DATA")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "tune_app"


def test_a_failed_download_tells_what_was_tried(tmp_path: Path) -> None:
    sample_copy(tmp_path / "cache" / "mnist")
    message = refused(lambda: read_pooled(MNIST, "full"))
    assert message.startswith(
        f"--data full: MNIST not found in {tmp_path}/cache/mnist (incomplete)"
    )
    for place in ("cache/MNIST/raw", "cache/MNIST", "system/mnist"):
        assert str(tmp_path / place) in message
    assert "download failed (RuntimeError: Error downloading train-images-idx3-ubyte.gz:" in message
    assert "--data sample, which works offline" in message


def test_a_download_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*, root: Path, train: bool, download: bool) -> None:
        assert download
        assert not train
        fake_full(root / "MNIST" / "raw")

    monkeypatch.setattr(torchvision.datasets, "MNIST", download)
    message = refused(lambda: read_pooled(MNIST, "full"))
    assert message.startswith(f"{tmp_path / 'cache' / 'MNIST' / 'raw'}/train-images-idx3-ubyte: ")
