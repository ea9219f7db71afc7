"""Write a trained model as a file that plain PyTorch or an ONNX runtime reads, and read it again.

A file has the complete weights under the names of the plain model. What else has to be known of the
model stands in the metadata of a ``.safetensors`` or ``.onnx`` file, and beside a ``.pt`` file in a
``.json`` file of the same name.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from search_spaces.errors import UserError, choices, one_line
from tune_app.training.model_info import ModelInfo, read_info
from tune_app.training.saved_model import State, read_state

FORMATS = (".safetensors", ".pt", ".onnx")
_READ = (".safetensors", ".pt")
_KEY = "tune_app"
"""Of the entry of the metadata that describes the model."""


def check_format(path: Path) -> None:
    """Check that a model can be written under this name.

    Raises:
        UserError: the ending is not allowed, or the package that the format needs is missing.
    """
    if path.suffix not in FORMATS:
        raise UserError(f"{path}: no format of models; allowed: a name in {choices(FORMATS)}")
    if path.suffix == ".onnx":
        try:
            import onnxscript  # noqa: F401
        except ImportError:
            raise UserError(
                f"{path}: ONNX needs the package onnxscript; install it: "
                "pip install onnxscript, or export to .safetensors"
            ) from None


def model_files(
    path: Path, state: State, info: ModelInfo, model: Callable[[], nn.Module]
) -> dict[Path, bytes]:
    """Return the files of a model: path -> content.

    Args:
        path: the file of the model; its ending says in which format.
        state: the weights.
        info: what the model is.
        model: returns the model with its weights, for formats that hold the model itself.

    Raises:
        UserError: the format cannot hold this model.
    """
    if path.suffix == ".pt":
        content = io.BytesIO()
        torch.save(dict(state), content)
        described = (info.as_json() + "\n").encode()
        return {path: content.getvalue(), path.with_suffix(".json"): described}
    if path.suffix == ".onnx":
        return {path: _onnx(path, model(), info)}
    return {path: _safetensors(path, state, info)}


def read_model(path: Path) -> tuple[dict[str, Tensor], ModelInfo]:
    """Return the weights and the description of a model that was exported.

    Nothing but numbers and text is read, so a file from somebody else can be read.

    Raises:
        UserError: the file is not there, damaged, or not one that was exported.
    """
    if path.suffix not in _READ:
        also = ", and no .onnx, which an ONNX runtime reads" if path.suffix == ".onnx" else ""
        raise UserError(
            f"{path}: allowed: a model that `tune-app best STUDY --export` wrote, "
            f"{choices(_READ)}{also}"
        )
    try:
        if path.suffix == ".pt":
            state = read_state(path.read_bytes(), path.name)
            text = path.with_suffix(".json").read_text(encoding="utf-8")
        else:
            state, text = _read_safetensors(path)
        return state, read_info(text)
    except OSError as error:
        missing = error.filename or path
        raise UserError(f"{missing}: cannot be read ({error.strerror or error})") from None
    except ValueError as error:
        raise UserError(
            f"{path}: no model that `tune-app best STUDY --export` wrote: {error}"
        ) from None


def _safetensors(path: Path, state: State, info: ModelInfo) -> bytes:
    from safetensors.torch import save

    other = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if other:
        raise UserError(
            f"{path}: the model's state has {other[0]}, which is no tensor; export to .pt"
        )
    # Tied weights share memory, which the format refuses.
    apart = {name: value.detach().clone().contiguous() for name, value in state.items()}
    return bytes(save(apart, metadata={"format": "pt", _KEY: info.as_json()}))


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"damaged ({error})") from None
    if _KEY not in metadata:
        raise ValueError("its metadata do not describe a model")
    return state, metadata[_KEY]


def _onnx(path: Path, model: nn.Module, info: ModelInfo) -> bytes:
    if info.item is None:
        raise UserError(
            f"{path}: the study does not say what the model takes; export to .safetensors"
        )
    example = torch.zeros(2, *info.item.of_model)
    file = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                model,
                (example,),
                dynamo=True,
                verbose=False,
                input_names=["input"],
                output_names=["output"],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
            )
            assert program is not None
            program.model.metadata_props[_KEY] = info.as_json()
            file.write(program.model_proto.SerializeToString())
    except Exception as error:  # of any kind: what a user's model does, the exporter may not know
        raise UserError(
            f"{path}: torch cannot export this model to ONNX ({one_line(str(error))[:300]}); "
            "export to .safetensors"
        ) from None
    return file.getvalue()
