"""Models as files: what is written can be read again, and nothing else."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from search_spaces.errors import UserError
from tune_app import classifier
from tune_app.data.split_data import SplitData
from tune_app.training.model_file import check_format, model_files, read_model
from tune_app.training.model_info import ItemInput, ModelInfo, read_info, recorded_targets
from tune_app.training.saved_model import own_build

ITEM = ItemInput((6, 5, 3), "uint8", (0.1, 0.2, 0.3), (1.0, 2.0, 3.0), channels=3, size=None)
INFO = ModelInfo("mine", True, {"lr": 0.1, "deep": None}, "set", ("a", "é"), ITEM, {"seed": 3})


class Tied(nn.Module):
    """Two layers with one weight, and a state that is no parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(90, 90, bias=False)
        self.second = nn.Linear(90, 90, bias=False)
        self.second.weight = self.first.weight
        self.last = nn.Linear(90, 2)
        self.register_buffer("steps", torch.tensor(7))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        flat = inputs.flatten(1)
        return self.last(torch.relu(self.second(torch.relu(self.first(flat)))))


def write(path: Path, model: nn.Module, info: ModelInfo = INFO) -> Path:
    for file, content in model_files(path, model.state_dict(), info, lambda: model).items():
        file.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["m.safetensors", "m.pt"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    model = Tied()
    state, info = read_model(write(tmp_path / name, model))
    assert info == INFO
    assert state.keys() == model.state_dict().keys()
    assert all(torch.equal(state[key], value) for key, value in model.state_dict().items())
    Tied().load_state_dict(state)


def test_a_function_of_the_user_sees_how_many_targets_there_are() -> None:
    def build(config: Mapping[str, Any], data: SplitData) -> nn.Module:
        return nn.Linear(data.inputs.shape[1], data.labels.shape[1])

    item = ItemInput((4,), "float32", (0.0,), (1.0,))
    info = ModelInfo("net", True, {}, "table", None, item, targets=(3,))
    assert read_info(info.as_json()) == info
    model = own_build(info, classifier(models={"net": build}))
    assert model is not None and model({}).weight.shape == (3, 4)


def test_a_damaged_number_of_targets_is_not_known() -> None:
    entries: list[Any] = [{}, {"targets": 3}, {"targets": ["x"]}, {"targets": [10**9]}]
    assert [recorded_targets(entry) for entry in entries] == [()] * 4


def test_onnx_gives_the_same_numbers(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    model = Tied().eval()
    proto = onnx.load(write(tmp_path / "m.onnx", model))
    inputs = torch.rand(3, 3, 6, 5)
    found = reference.ReferenceEvaluator(proto).run(None, {"input": inputs.numpy()})[0]
    assert torch.allclose(torch.from_numpy(found), model(inputs), atol=1e-5)
    [described] = [prop.value for prop in proto.metadata_props if prop.key == "tune_app"]
    assert read_info(described) == INFO


def test_onnx_cannot_hold_every_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="the study does not say what the model takes"):
        write(tmp_path / "m.onnx", Tied(), replace(INFO, item=None))
    with pytest.raises(UserError, match="torch cannot export this model to ONNX"):
        write(tmp_path / "m.onnx", nn.Linear(4, 2))
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(UserError, match="pip install onnxscript"):
        check_format(tmp_path / "m.onnx")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 2"),
        ({"config": [1]}, "no description"),
        ({"item": {"shape": [0], "dtype": "uint8", "mean": [0], "std": [1]}}, "no model has"),
        ({"item": {"shape": [2], "dtype": "uint8", "mean": [0], "std": [0]}}, "no model has"),
        ({"item": {"shape": [2], "dtype": "uint8", "mean": [0, 1], "std": [1]}}, "different num"),
        ({"item": {"shape": [10**6] * 3, "dtype": "uint8", "mean": [0], "std": [1]}}, "no model"),
    ],
)
def test_a_description_from_somebody_else_is_checked(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = write(tmp_path / "m.pt", Tied())
    described = json.loads(path.with_suffix(".json").read_text()) | change
    path.with_suffix(".json").write_text(json.dumps(described))
    with pytest.raises(UserError, match="no model that `tune-app best STUDY --export`") as raised:
        read_model(path)
    assert message in str(raised.value)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    write(tmp_path / "m.pt", Tied())
    (tmp_path / "m.json").unlink()
    with pytest.raises(UserError, match=r"m\.json: cannot be read \(No such file"):
        read_model(tmp_path / "m.pt")
    for name in ("d.safetensors", "d.pt"):
        (tmp_path / name).write_bytes(b"not a model at all")
        with pytest.raises(UserError, match=r"no model that|no weights of the model d\.pt"):
            read_model(tmp_path / name)
    with pytest.raises(UserError, match=r"x\.h5: allowed: a model that"):
        read_model(tmp_path / "x.h5")
