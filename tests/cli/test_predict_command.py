"""Images are predicted as the training saw them, and what cannot be is named."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from tests.exported import exported_shufflenet
from tune_app.cli.predict_command import main
from tune_app.data.images import load_datasets
from tune_app.planning.space_file import load_space
from tune_app.training.classifier_family import FamilyTraining
from tune_app.training.classifier_run import ClassifierRun
from tune_app.training.model_file import model_files
from tune_app.training.model_info import ItemInput, ModelInfo, recorded_item
from tune_app.training.registry import find_trainable

SPACE = """
from torch import nn
from tune_app import SearchSpace, classifier

def build(config, data):
    height, width = data.inputs.shape[1:]
    after = (height - 4) // 2 * ((width - 4) // 2)
    return nn.Sequential(nn.Conv2d(1, 12, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(12 * after, data.num_classes))

SPACE = SearchSpace(name="small", trainable=classifier({"small": build}), param_space={
    "dataset": "mnist", "model": "small", "batch_size": 25, "optimizer": "adam", "lr": 3e-3,
    "epochs": 4, "device": "cpu"})
"""


class Trained(NamedTuple):
    file: Path
    space: Path
    images: Path
    predicted: list[str]
    true: list[str]


@pytest.fixture(scope="module", params=["mnist", "fashion_mnist"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train a small network on 1,000 images in a few seconds, and write 40 test images."""
    folder, name = tmp_path_factory.mktemp("trained"), request.param
    space = folder / "small_space.py"
    space.write_text(SPACE)
    declared = load_space(str(space))
    trainable = find_trainable(declared)
    config = trainable.complete(declared.expand({})[0].config) | {"seed": 0, "dataset": name}
    data = load_datasets([name], "sample", 1000)[name]
    assert isinstance(trainable.function, FamilyTraining)
    torch.set_num_threads(1)
    run = ClassifierRun(config, data, 4, trainable.function.family)
    for epoch in range(1, 5):
        run.train_epoch(epoch)
    item = recorded_item({}, name, config)
    info = ModelInfo("small", True, config, name, data.class_names, item)
    files = model_files(folder / "model.safetensors", run.weights(), info, lambda: run.model)
    for path, content in files.items():
        path.write_bytes(content)
    positions, images = data.test[:40], folder / "images"
    images.mkdir()
    for place, position in enumerate(positions):
        Image.fromarray(data.inputs[position]).save(images / f"{place:02}.png")
    names = data.class_names
    assert names is not None
    predicted = [names[label] for label in run.evaluate(positions)[1]]
    true = [names[label] for label in data.labels[positions]]
    return Trained(folder / "model.safetensors", space, images, predicted, true)


def test_digits_and_clothing(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(trained.file), str(trained.images), "--space", str(trained.space)]
    assert main([*words, "--csv"]) == 0
    printed = capsys.readouterr()
    lines = list(csv.reader(io.StringIO(printed.out)))
    assert lines[0] == ["image", "class", "probability"] and printed.err == ""
    found = [name for _, name, _ in lines[1:]]
    assert found == trained.predicted, "the training saw the same images otherwise"
    right = sum(a == b for a, b in zip(found, trained.true, strict=True))
    assert right >= 28, f"{right} of 40 are right"
    assert all(0.1 <= float(probability) <= 1 for *_, probability in lines[1:])


def test_every_form_says_the_same(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    image = str(trained.images / "03.png")
    words = [str(trained.file), image, "--space", str(trained.space)]
    assert main([*words, "--json"]) == 0
    [one] = json.loads(capsys.readouterr().out)["predictions"]
    assert one["image"] == image and one["class"] == trained.predicted[3]
    assert one["probability"] == max(one["probabilities"].values())
    assert sum(one["probabilities"].values()) == pytest.approx(1)
    assert main(words) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["image", "class", "probability"]
    assert line.split() == [image, *one["class"].split(), f"{one['probability']:.4f}"]


def test_a_model_of_ones_own_needs_its_space(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(trained.file), str(trained.images)]
    assert main(words) == 2
    assert "small is a model of your own; name the search space that" in capsys.readouterr().err
    other = tmp_path / "other.py"
    other.write_text(SPACE.replace('"small"', '"other"'))
    assert main([*words, "--space", str(other)]) == 2
    assert "it builds no model small" in capsys.readouterr().err


def test_what_is_done_to_an_image_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = exported_shufflenet(tmp_path / "m.safetensors")
    digit = load_datasets(["mnist"], "sample", 100)["mnist"].inputs[0]
    Image.fromarray(digit).resize((56, 84)).convert("RGB").save(tmp_path / "big.png")
    Image.fromarray(255 - digit).save(tmp_path / "ink.png")
    Image.fromarray(digit).save(tmp_path / "digit.png")
    (tmp_path / "bad.png").write_text("no image")
    named = [str(tmp_path / f"{name}.png") for name in ("big", "ink", "bad", "none")]
    assert main([str(model), *named]) == 1
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["image", named[0], named[1]]
    assert err.splitlines() == [
        f"error: {named[2]}: not an image that can be read",
        f"error: {named[3]}: No such file or directory",
        f"note: {named[0]} (56×84 pixels): resized to 28×28",
        f"note: colours turned into grey: {named[0]}",
        f"note: bright border: {named[1]}; the model expects grey images of 28×28 pixels, one "
        "bright digit in the middle of a black background, as in MNIST; add --invert for dark on "
        "bright",
    ]
    assert main([str(model), str(tmp_path / "digit.png"), "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)["predictions"][0]["probabilities"]
    assert main([str(model), named[1], "--json", "--invert"]) == 0
    inverted = capsys.readouterr()
    assert json.loads(inverted.out)["predictions"][0]["probabilities"] == plain
    assert inverted.err == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.pt", "x.png"], "none.pt: cannot be read (No such file or directory)"),
        (["m.onnx", "x.png"], "and no .onnx, which an ONNX runtime reads"),
        (["m.safetensors", "empty"], "empty: no images in this folder; allowed: .bmp, "),
        (["m.safetensors"], "the following arguments are required: IMAGE"),
        (["m.safetensors", "x.png", "--json", "--csv"], "not allowed with argument --json"),
        (["x.safetensors", "x.png"], "x.safetensors: no model that `tune-app best STUDY --expor"),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    exported_shufflenet(tmp_path / "m.safetensors")
    (tmp_path / "x.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    (tmp_path / "empty").mkdir()
    assert main(words) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and err.count("\n") == 1 and message in err


def small_file(folder: Path, item: ItemInput | None, names: tuple[str, ...] | None) -> list[str]:
    """Write a linear model of a user's own, and return the words that predict an image by it."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    nn.init.ones_(model[1].weight)  # type: ignore[arg-type]
    nn.init.zeros_(model[1].bias)  # type: ignore[arg-type]
    info = ModelInfo("sum", True, {}, "mine", names, item)
    files = model_files(folder / "sum.pt", model.state_dict(), info, lambda: model)
    for path, content in files.items():
        path.write_bytes(content)
    (folder / "sums.py").write_text(
        "from torch import nn\nfrom tune_app import ArrayData, SearchSpace, classifier\n"
        "def build(config, data):\n    return nn.Sequential(nn.Flatten(), nn.Linear(12, 2))\n"
        'SPACE = SearchSpace(name="sums", trainable=classifier({"sum": build}),'
        ' datasets={"mine": ArrayData}, metric="val_rmse", mode="min", param_space={'
        '"batch_size": 2, "optimizer": "sgd", "lr": 1, "epochs": 1})\n'
    )
    Image.fromarray(np.full((2, 2, 3), (0, 51, 255), np.uint8)).save(folder / "x.png")
    return [str(folder / "sum.pt"), str(folder / "x.png"), "--space", str(folder / "sums.py")]


def test_own_data_are_read_as_the_study_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four pixels of (0, 0.2, 1), minus (0, 0.1, 0) over (1, 1, 2), sum to 2.4."""
    item = ItemInput((2, 2, 3), "uint8", (0, 0.1, 0), (1, 1, 2))
    assert main([*small_file(tmp_path, item, None), "--json"]) == 0
    [one] = json.loads(capsys.readouterr().out)["predictions"]
    assert one["values"] == pytest.approx([2.4, 2.4])


@pytest.mark.parametrize(
    ("item", "names", "message"),
    [
        (None, None, "exported from a study that does not say how an image becomes its input"),
        (ItemInput((12,), "float64", (0,), (1,)), None, "takes items of shape 12 and type float64"),
        (
            ItemInput((2, 2, 3), "uint8", (0, 0, 0), (1, 1, 1)),
            ("a", "b", "c"),
            "the model returns (1, 2) for 1 images, and not one number for each of its 3 classes",
        ),
        (ItemInput((2, 2, 4), "uint8", (0,) * 4, (1,) * 4), None, ""),
    ],
)
def test_what_is_no_image_or_no_class(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    item: ItemInput | None,
    names: Any,
    message: str,
) -> None:
    torch.manual_seed(0)
    status = main(small_file(tmp_path, item, names))
    err = capsys.readouterr().err
    assert (status, err.count("\n")) == (2 if message else 1, 1) and message in err
    assert message or "the model takes images of 4 channels, not of 1 or 3" in err
