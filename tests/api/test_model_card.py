"""What a model card says of inputs, of the split, and of how a model was selected."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.frames.load import load_study
from tests.kept_models import CONFIGS, kept_study
from tests.studies import line, write_trial
from tune_app.api.model_card import ModelCard, selection_words
from tune_app.api.row_weights import model_info, row_weights
from tune_app.api.shown_metrics import shown_metrics
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


def test_a_grey_image_is_repeated_for_a_model_of_colours() -> None:
    item = ItemInput(shape=(28, 28), dtype="uint8", mean=(0.5,), std=(0.25,), channels=3)
    assert "- Then the grey channel is repeated 3 times.\n" in says(item)
    assert "repeated" not in says(replace(item, shape=(28, 28, 3)))
    assert "repeated" not in says(replace(item, channels=None))


def test_a_model_by_its_id_and_one_of_several_seeds(tmp_path: Path) -> None:
    root = kept_study(tmp_path / "grid")
    study = load_study(root)
    of_b = next(kept for kept in row_weights(study) if kept.config_ids == ("b",))
    assert selection_words(study, replace(of_b, config_ids=("a",)), "lr=0.1") == (
        "Chosen by its id, and not as the best of the study by val_accuracy (max). Only rows with "
        "lr=0.1 were compared. Rows: 3 finished."
    )
    assert "The weights are" not in selection_words(study, of_b, "")
    meta = json.loads((root / "study.json").read_text()) | {"seeds": [0, 1]}
    (root / "study.json").write_text(json.dumps(meta))
    write_trial(root, "b1", CONFIGS["b"], {2: ["b"]}, [line(2, milestone=True)], seed=1)
    assert selection_words(load_study(root), of_b, "").endswith(" The weights are those of seed 0.")


def test_the_split_is_that_of_the_study_or_of_the_seed(tmp_path: Path) -> None:
    study = load_study(kept_study(tmp_path / "grid"))
    kept = row_weights(study)[0]
    card = ModelCard(study, kept, model_info(study, kept), {}, "")
    study.meta["data"]["split_seed"] = 7
    assert "- Split seed 7; " in "\n".join(card._data())
    study.meta["data"]["vary_split"] = True
    assert "- Split seed 0; " in "\n".join(card._data())


def test_shares_of_counted_items_alone_have_an_interval(tmp_path: Path) -> None:
    study = load_study(kept_study(tmp_path / "grid"))
    shown = {metric.name: metric.cells for metric in shown_metrics(study, row_weights(study)[0])}
    assert {name for name, (_, interval) in shown.items() if interval} == {
        *("train_accuracy", "val_accuracy", "test_accuracy"),
    }
    assert "train_seconds" not in shown and shown["test_f1"] == ("98.6", "")
