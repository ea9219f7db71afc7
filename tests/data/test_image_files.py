"""Image files as items of a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search_spaces.errors import UserError
from tune_app.data.image_files import find_images, read_image


def save(path: Path, pixels: object) -> Path:
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)
    return path


def test_an_image_of_the_right_form_is_left_alone(tmp_path: Path) -> None:
    pixels = np.arange(6).reshape(2, 3) * 40
    read = read_image(save(tmp_path / "x.png", pixels), (2, 3))
    assert read.item.tolist() == pixels.tolist() and read.found == (2, 3)
    assert not (read.was_resized or read.was_coloured or read.has_bright_border)
    inverted = read_image(tmp_path / "x.png", (2, 3, 1), invert=True)
    assert inverted.item[..., 0].tolist() == (255 - pixels).tolist()
    assert inverted.has_bright_border


def test_another_size_and_other_colours(tmp_path: Path) -> None:
    red = np.full((4, 8, 3), (255, 0, 0))
    read = read_image(save(tmp_path / "red.png", red), (2, 2))
    assert read.item.tolist() == [[76, 76], [76, 76]], "0.299 of red, as ITU-R 601 has it"
    assert read.was_resized and read.was_coloured and read.found == (4, 8)
    grey = read_image(save(tmp_path / "grey.png", np.full((2, 2), 9)), (2, 2, 3))
    assert grey.item.tolist() == [[[9, 9, 9]] * 2] * 2 and not grey.was_coloured


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((2, 2), np.uint16)).save(tmp_path / "wide.png")
    with pytest.raises(UserError, match=r"wide\.png: more than 8 bits a pixel"):
        read_image(tmp_path / "wide.png", (2, 2))
    (tmp_path / "text.png").write_text("text")
    with pytest.raises(UserError, match=r"text\.png: not an image that can be read"):
        read_image(tmp_path / "text.png", (2, 2))
    half = save(tmp_path / "half.png", np.random.default_rng(0).integers(0, 255, (64, 64)))
    half.write_bytes(half.read_bytes()[:2000])
    with pytest.raises(UserError, match=r"half\.png: "):
        read_image(half, (64, 64))


def test_a_folder_stands_for_its_images(tmp_path: Path) -> None:
    save(tmp_path / "b.png", [[0]])
    (tmp_path / "a").mkdir()
    save(tmp_path / "a" / "c.JPG", [[0]])
    (tmp_path / "notes.txt").write_text("")
    named = [str(tmp_path), str(tmp_path / "b.png")]
    assert [p.name for p in find_images(named)] == ["c.JPG", "b.png", "b.png"]
