"""What a model card says of inputs that are no images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tune_app.api.model_card import ModelCard
from tune_app.training.model_info import ItemInput, ModelInfo


def says(item: ItemInput) -> str:
    """Return what the card of a user's model says of its input and output."""
    nothing: Any = None
    info = ModelInfo("net", is_own=True, config={}, dataset="table", item=item)
    return "\n".join(ModelCard(nothing, nothing, info, {}, "")._interface())


def test_bytes_of_a_table_are_scaled_and_other_numbers_are_not() -> None:
    item = ItemInput(shape=(5,), dtype="uint8", mean=(0.5,), std=(0.25,))
    text = says(item)
    assert "(items, 5).\n" in text and "as in the data" not in text
    assert "Each number becomes (number / 255 − 0.5) / 0.25." in text
    text = says(replace(item, dtype="float64", mean=(0.0,), std=(1.0,)))
    assert "(items, 5), as in the data.\n" in text and "Each number" not in text


def test_how_images_are_resized() -> None:
    item = ItemInput(shape=(28, 28), dtype="uint8", mean=(0.5,), std=(0.25,), size=64)
    assert "- Then resized to 64×64 by bilinear interpolation.\n" in says(item)
    assert "- Then resized to 8×8 by bilinear interpolation, with anti" in says(
        replace(item, size=8)
    )
