"""Loads the data sets that a search space brings along, and splits them."""

from __future__ import annotations

import hashlib
import inspect
import json
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.errors import UserError
from tune_app.data.array_data import MIN_ITEMS, ArrayData
from tune_app.data.split_data import SplitData, strata
from tune_app.study.splits import Indices, split_positions, stratified_subset

_MOST_NAMED = 3


def load_own(name: str, load: Callable[..., Any], source: str) -> ArrayData:
    """Return what a user's function loads.

    Args:
        name: the data set's name in the search space.
        load: the function. If it has a parameter, it is given ``source``.
        source: the value of ``--data``.

    Raises:
        UserError: the function raises, or returns something else; the message says where.
    """
    where = f"data set {name}"
    arguments = (source,) if _takes_source(where, load) else ()
    try:
        data = load(*arguments)
    except (Exception, SystemExit) as error:
        kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
        raise UserError(f"{where}: {kind}{error}{_place(error, load)}") from None
    if not isinstance(data, ArrayData):
        raise UserError(
            f"{where}: its function returns a {type(data).__name__}; allowed: ArrayData(inputs, "
            "labels), or one of ArrayData.from_torchvision, from_image_folder, from_frame"
        )
    if len(data) < MIN_ITEMS:
        raise UserError(f"{where}: {len(data)} items; allowed: at least {MIN_ITEMS}, to be split")
    return data


def split_own(
    name: str, data: ArrayData, num_images: int | None, split_seed: int, *, vary_split: bool
) -> SplitData:
    """Return a user's data set with its split 70/10/20, stratified if it has classes.

    Args:
        name: its name in the search space.
        data: the data.
        num_images: how many items are used, or None for all.
        split_seed: the seed of the choice and of the split.
        vary_split: whether trials choose and split by their own seeds; all items are kept then.
    """
    inputs, labels, sha256 = data.inputs, data.labels, _checksums(data)
    if num_images is not None and not vary_split:
        chosen = stratified_subset(strata(labels, data.class_names), num_images, split_seed)
        inputs, labels = inputs[chosen], labels[chosen]
    train, val, test = split_positions(strata(labels, data.class_names), num_images, split_seed)
    mean, std = _mean_and_deviation(inputs, train)
    return SplitData(
        name=name,
        inputs=_read_only(inputs),
        labels=_read_only(labels),
        train=train,
        val=val,
        test=test,
        mean=mean,
        std=std,
        class_names=data.class_names,
        feature_names=data.feature_names,
        sha256=sha256,
        vary_split=vary_split,
    )


def split_notes(datasets: Mapping[str, SplitData]) -> list[str]:
    """Return one line for each data set with classes that are not in all parts of the split."""
    notes = []
    for name, data in datasets.items():
        if data.class_names is None:
            continue
        parts = [set(data.labels[p].tolist()) for p in (data.train, data.val, data.test)]
        lacking = [c for i, c in enumerate(data.class_names) if any(i not in p for p in parts)]
        if lacking:
            more = len(lacking) - _MOST_NAMED
            rest = f" and {more} more" if more > 0 else ""
            notes.append(
                f"{name}: too few items of {', '.join(lacking[:_MOST_NAMED])}{rest} for the class "
                "to be in the training, the validation and the test items"
            )
    return notes


def _takes_source(where: str, load: Callable[..., Any]) -> bool:
    """Return whether a function has a parameter that must be given."""
    try:
        parameters = inspect.signature(load).parameters.values()
    except (TypeError, ValueError):
        return False
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in variable]
    if len(needed) > 1:
        raise UserError(
            f"{where}: its function takes {len(needed)} arguments; allowed: none, or one, which is "
            "given the value of --data"
        )
    return len(needed) == 1


def _place(error: BaseException, load: Callable[..., Any]) -> str:
    """Return where an error arose: the last line of the user's file, else the last of all."""
    file = getattr(getattr(inspect.unwrap(load), "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    own = [frame for frame in frames if frame.filename == file] or frames
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""


def _checksums(data: ArrayData) -> dict[str, str]:
    """Return the SHA-256 of the inputs and of the labels, with all that they mean."""
    return {
        "inputs": _checksum(data.inputs, data.feature_names),
        "labels": _checksum(data.labels, data.class_names),
    }


def _checksum(array: NDArray[Any], names: tuple[str, ...] | None) -> str:
    head = json.dumps([array.dtype.str, array.shape, names])
    digest = hashlib.sha256(head.encode(errors="surrogatepass"))
    digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()


def _mean_and_deviation(
    inputs: NDArray[Any], train: Indices
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and deviation of each channel of the training items, in units of 255.

    Only uint8 is taken for pixels. Other inputs are left as they are: mean 0 and deviation 1.
    """
    num_channels = inputs.shape[3] if inputs.ndim == 4 else 1
    if inputs.dtype != np.uint8:
        return (0.0,) * num_channels, (1.0,) * num_channels
    pixels = inputs[train].reshape(-1, num_channels)
    values = np.arange(256) / 255
    means, deviations = [], []
    for channel in range(num_channels):
        counts = np.bincount(pixels[:, channel], minlength=256)
        mean = float(counts @ values / counts.sum())
        variance = float(counts @ (values - mean) ** 2 / counts.sum())
        means.append(mean)
        deviations.append(variance**0.5 or 1.0)  # all pixels are equal
    return tuple(means), tuple(deviations)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
