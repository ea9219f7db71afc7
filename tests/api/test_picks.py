"""The best configurations, of a part and by another measure, and their models as files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from search_spaces.errors import UserError
from tests.kept_models import MODEL, kept_study, state_of
from tests.own_studies import rmse_study
from tune_app import load_study
from tune_app.api.picks import read_picks
from tune_app.training.model_file import read_model
from tune_app.training.models import build_model


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kept_study(tmp_path_factory.mktemp("picks") / "grid")


def test_the_pick_of_all_rows_of_a_part_and_by_another_measure(study: Path) -> None:
    def ids(*where: str, by: str | None = None) -> list[str]:
        return [str(w.config["config_id"]) for w in read_picks(str(study), where, by).winners]

    assert ids() == ["b", "c"]
    assert ids("dataset=mnist") == ["b"] and ids("dataset=mnist", "lr=0.001") == ["a"]
    assert ids(by="val_loss") == ["a", "c"], "a loss is the better the lower it is"
    assert ids(by="val_loss:max") == ["b", "c"]
    picks = read_picks(str(study), ("dataset=mnist",))
    assert picks.words(picks.winners[0]).startswith(
        "Best on MNIST of 2 configurations, picked on validation: "
    )
    assert "(95 % interval " in picks.words(picks.winners[0])
    assert picks.kept("a") is None and picks.kept("b") is not None


@pytest.mark.parametrize(
    ("where", "by", "message"),
    [
        (("dataset=cifar",), None, "--where dataset=cifar: grid has only MNIST, FashionMNIST"),
        (("optimiser=sgd",), None, "--where optimiser: no such parameter; did you mean 'optimizer"),
        ((), "val_los", "metric 'val_los': rows of grid do not report it; did you mean 'val_loss'"),
        ((), "images_per_second", "mode='min', in a command --by images_per_second:max or images_"),
        ((), "val_loss:up", "mode is 'up'; allowed: max, min"),
    ],
)
def test_what_cannot_be_applied_is_refused(
    study: Path, where: tuple[str, ...], by: str | None, message: str
) -> None:
    with pytest.raises(UserError) as raised:
        read_picks(str(study), where, by)
    assert message in str(raised.value)


def test_another_measure_is_applied_everywhere(study: Path) -> None:
    loaded = load_study(study)
    assert list(loaded.best("dataset", metric="val_loss")["config_id"]) == ["a", "c"]
    assert list(loaded.best("dataset", mode="min")["config_id"]) == ["a", "c"]
    by_loss = load_study(study, metric="val_loss")
    assert list(by_loss.best("dataset")["config_id"]) == ["a", "c"]
    assert repr(by_loss) == "<study grid: 3 finished; by val_loss>"
    for metric, seed in (("val_accuracy", 1), ("val_loss", 2)):
        kept = load_study(study, metric=metric).load_model().state_dict()
        assert torch.equal(kept["conv1.0.weight"], state_of(seed)["conv1.0.weight"]), metric
    with pytest.raises(UserError, match="metric 'score': rows of grid do not report it"):
        load_study(study, metric="score")
    with pytest.raises(UserError, match="mode is 'least'; allowed: max, min"):
        loaded.best(mode="least")


@pytest.mark.parametrize("ending", ["safetensors", "pt"])
def test_an_exported_model_needs_this_package_no_more(
    study: Path, tmp_path: Path, ending: str
) -> None:
    files = read_picks(str(study), ("dataset=mnist",)).export(str(tmp_path / f"m.{ending}"))
    described = ["m.json"] if ending == "pt" else []
    assert [file.name for file in files] == [f"m.{ending}", *described, "m.md"]
    card = files[-1].read_text()
    code = card.split("```python\n")[1].split("```")[0]
    code += (
        "import sys; print(model(torch.ones(1, 1, 28, 28)).sum().item(), 'tune_app' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    printed, imported = done.stdout.split()
    model = build_model(MODEL)
    model.load_state_dict(state_of(1))
    wanted = model.eval()(torch.ones(1, 1, 28, 28)).sum().item()
    assert float(printed) == pytest.approx(wanted, abs=1e-4) and imported == "False"
    state, info = read_model(files[0])
    assert state.keys() == state_of(1).keys(), "all of torchvision's names, no others"
    assert (info.model, info.is_own, info.dataset) == (MODEL, False, "mnist")
    assert info.class_names == tuple("0123456789") and info.item is not None
    assert info.about["metrics"]["test_accuracy"]["value"] == 138 / 140
    assert info.about["metrics"]["test_accuracy"]["low"] == pytest.approx(0.9493, abs=1e-3)


def test_the_card_says_what_is_known(study: Path, tmp_path: Path) -> None:
    [*_, card] = read_picks(str(study), ("dataset=mnist",)).export(str(tmp_path / "m.safetensors"))
    text = card.read_text()
    assert text.startswith(f"# {MODEL}, trained on MNIST\n")
    for part in (
        "| test accuracy (%) | 98.6 | 94.9 to 99.8, 140 items |",
        "val_accuracy selected the model, so its value is optimistic.",
        "Best on MNIST of 2 configurations, picked on validation: ",
        "Only rows with dataset=mnist were compared. Rows: 2 finished.",
        "- MNIST: the 10,000 official test images, as a sample.",
        "- Used: 700 items: 490 training, 70 validation and 140 test items, drawn at random within",
        "- Split seed 0; fingerprint ",
        "- Licence: CC BY-SA 3.0 (",
        "Each pixel becomes (pixel / 255 − 0.1307) / 0.3081.",
        "- python 3.11.7, torch 2.14.1, ray 2.60.0",
        "- Epoch 2, seed 0.",
        "- lr: 0.1",
    ):
        assert part in text, part
    [*_, by_hand] = load_study(study).export(tmp_path / "c.safetensors", "c")
    assert "One configuration has a result on FashionMNIST" in by_hand.read_text()
    assert "- Licence: MIT" in by_hand.read_text()


def test_which_model_is_meant_and_whether_it_is_kept(study: Path, tmp_path: Path) -> None:
    def refusal(*where: str, file: str = "m.pt") -> str:
        with pytest.raises(UserError) as raised:
            read_picks(str(study), where).export(str(tmp_path / file))
        return str(raised.value)

    assert "a best configuration of each of 2 data sets; name one: --where dataset=mn" in refusal()
    assert refusal("lr=0.001", "dataset=mnist").startswith("--export: no weights of a are kept, ")
    assert "allowed: a name in .safetensors, .pt, .onnx" in refusal("lr=0.1", file="m.h5")
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refusal("lr=0.1", file="file/m.pt")
    rmse_study(tmp_path / "rmse")
    with pytest.raises(UserError, match="rmse keeps no weights; those of the shipped loop"):
        read_picks(str(tmp_path / "rmse")).export(str(tmp_path / "m.pt"))
