"""Predict with a model that was exported, with the preprocessing of its training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from search_spaces.errors import UserError
from tune_app.data.datasets import DATASETS
from tune_app.data.image_files import ReadImage, read_image
from tune_app.data.input_pipeline import as_input, normalise
from tune_app.training.model_info import ItemInput, ModelInfo

_BATCH = 250


@dataclass(frozen=True)
class Prediction:
    """What a model says of an image.

    Attributes:
        image: the image.
        outputs: the probability of each class, which sum to 1; for a regression the outputs.
    """

    image: ReadImage
    outputs: tuple[float, ...]


class Predictor:
    """A model with what it takes.

    Args:
        model: the model with its weights, in evaluation mode.
        info: what it is.

    Raises:
        UserError: the model takes no images, or it is not known how they become its input.
    """

    def __init__(self, model: nn.Module, info: ModelInfo) -> None:
        self._model = model
        self.info = info
        self.item = _image_input(info)

    def expects(self) -> str:
        """Return in words what images the model takes."""
        height, width, *rest = self.item.shape
        colours = "RGB" if rest == [3] else "grey"
        spec = DATASETS.get(self.info.dataset)
        looks = f"{spec.looks}, as in {spec.title}" if spec else f"as in {self.info.dataset}"
        return f"{colours} images of {height}×{width} pixels, {looks}"

    def looks_inverted(self, image: ReadImage) -> bool:
        """Return whether an image has a bright border, which those of its data set never have."""
        return self.info.dataset in DATASETS and image.has_bright_border

    def read(
        self, paths: Iterable[Path], *, invert: bool
    ) -> tuple[list[ReadImage], list[UserError]]:
        """Return the images, and why others cannot be read."""
        images, problems = [], []
        for path in paths:
            try:
                images.append(read_image(path, self.item.shape, invert=invert))
            except UserError as problem:
                problems.append(problem)
        return images, problems

    def predict(self, images: list[ReadImage]) -> Iterator[Prediction]:
        """Yield the prediction of each image, in their order.

        Raises:
            UserError: the model does not return one number for each class.
        """
        for start in range(0, len(images), _BATCH):
            batch = images[start : start + _BATCH]
            outputs = self._outputs(batch)
            yield from (
                Prediction(image, tuple(map(float, row)))
                for image, row in zip(batch, outputs, strict=True)
            )

    def _outputs(self, batch: list[ReadImage]) -> list[list[float]]:
        stacked = torch.from_numpy(np.stack([image.item for image in batch]))
        inputs = stacked.unsqueeze(1) if stacked.ndim == 3 else stacked.permute(0, 3, 1, 2)
        channels, *_ = self.item.of_model
        values = as_input(
            normalise(inputs, self.item.mean, self.item.std), channels, self.item.size
        )
        with torch.inference_mode():
            outputs = self._model(values.contiguous())
        names = self.info.class_names
        if names is None:
            return list(outputs.reshape(len(batch), -1).tolist())
        if tuple(outputs.shape) != (len(batch), len(names)):
            raise UserError(
                f"the model returns {tuple(outputs.shape)} for {len(batch)} images, and not one "
                f"number for each of its {len(names)} classes"
            )
        return list(outputs.softmax(dim=1).tolist())


def _image_input(info: ModelInfo) -> ItemInput:
    item = info.item
    if item is None:
        raise UserError(
            f"the model {info.model} was exported from a study that does not say how an image "
            f"becomes its input (data set {info.dataset or 'unknown'}); run the study's command "
            "again, which records it, and export the model again"
        )
    if not item.is_image:
        shape = "×".join(map(str, item.shape)) or "one number"
        raise UserError(
            f"the model {info.model} takes items of shape {shape} and type {item.dtype}, as in "
            f"{info.dataset}, and no image files; load it in Python instead, as model.md says"
        )
    return item
