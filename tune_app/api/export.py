"""Export a trained model of a study, with a model card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_app.api.model_card import ModelCard, selection_words
from tune_app.api.row_weights import RowWeights, model_info, weights_content
from tune_app.api.shown_metrics import shown_metrics
from tune_app.storage.user_path import user_path
from tune_app.storage.whole_file import write_named
from tune_app.training.model_file import check_format, model_files
from tune_app.training.saved_model import Build, fits_torchvision, load_model, read_state

if TYPE_CHECKING:
    from analysis.frames.load import Study


def export_model(
    study: Study,
    chosen: RowWeights,
    path: str | Path,
    build: Build | None = None,
    *,
    among: str = "",
) -> list[Path]:
    """Write a model and its card.

    Args:
        study: the study, with the rows that the model was picked from.
        chosen: the weights.
        path: the file of the model.
        build: builds a model of the user's; only ONNX needs it.
        among: in words, which rows of the whole study these are; empty if they are all of them.

    Returns:
        The files written, the model first and the card last.

    Raises:
        UserError: the format cannot hold the model, or a file cannot be written.
    """
    path = user_path(path)
    check_format(path)
    info = model_info(study, chosen)
    state = read_state(weights_content(study, chosen), info.model)
    if not info.is_own and not fits_torchvision(info, state):
        info = replace(info, is_own=True)  # a model of the user's that has a name of torchvision
    selected = selection_words(study, chosen, among)
    info = replace(info, about=_about(study, chosen, selected))
    files = model_files(path, state, info, lambda: load_model(info, state, build))
    card = ModelCard(study, chosen, info, state, selected)
    files[path.with_suffix(".md")] = card.text(path, files[path]).encode()
    return [write_named(file, content) for file, content in files.items()]


def _about(study: Study, chosen: RowWeights, selected: str) -> dict[str, Any]:
    return {
        "study": study.name,
        "config_ids": list(chosen.config_ids),
        "seed": chosen.directory.seed,
        "epoch": chosen.weights.epoch,
        "data_fingerprint": chosen.directory.plan.get("data"),
        "selected": selected,
        "metrics": {
            metric.name: {"value": metric.value, "low": metric.low, "high": metric.high}
            for metric in shown_metrics(study, chosen)
        },
    }
