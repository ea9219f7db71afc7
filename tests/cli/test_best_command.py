"""What ``tune-app best`` prints and refuses; picks and files are tested with the api."""

from __future__ import annotations

import contextlib
import json
import shlex
from pathlib import Path

import pytest

from tests.kept_models import MODEL, kept_study
from tests.own_studies import own_study, report
from tests.studies import line, resnet_config, study_json, write_study, write_trial
from tune_app.cli.best_command import main


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kept_study(tmp_path_factory.mktemp("best") / "grid")


def test_the_pick_is_printed_with_its_settings(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(study)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(
        f"Best on MNIST of 2 configurations, picked on validation: model {MODEL}, batch "
    )
    assert "(95 % interval 94.9 to 99.8, 140 test images)" in lines[0]
    pairs = dict(line.split(maxsplit=1) for line in lines if line.startswith("  "))
    assert (pairs["id"], pairs["model"], pairs["pin_memory"]) == ("c", MODEL, "False")
    weights = [line.split()[1] for line in lines if line.startswith("  weights")]
    assert [Path(path).name for path in weights] == [
        f"mnist-{MODEL}.epoch_2.pt",
        f"fashion_mnist-{MODEL}.epoch_2.pt",
    ]
    assert lines[-1].endswith(" --where dataset=mnist --export model.safetensors")
    assert main([str(study), "--by", "val_loss", "--where", "dataset=mnist"]) == 0
    printed = capsys.readouterr().out
    assert "  id          a\n" in printed and "  weights     not kept\n" in printed
    assert "--export" not in printed


def test_rows_without_a_result_are_said_beside_the_pick(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configs = {str(lr): resnet_config(lr=lr) for lr in (0.1, 0.2)}
    path = write_study(tmp_path / "half", study_json(configs))
    write_trial(path, "k", configs["0.1"], {2: ["0.1"]}, [line(2, milestone=True)])
    assert main([str(path)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("Unfinished: 1 of 2 rows of study grid has no result: 1 not begun.")


def export_command(*words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the words of the printed command that exports a model."""
    assert main([*words]) == 0
    printed = capsys.readouterr().out.splitlines()[-1]
    assert printed.startswith("export: ")
    return shlex.split(printed)[printed.split().index(words[0]) :]


@pytest.mark.parametrize(
    ("chosen", "config_id"),
    [
        (["--where", "dataset=mnist"], "b"),
        (["--where", "dataset=fashion_mnist", "--by", "val_loss"], "c"),
        (["--by", "val_accuracy:min", "--where", "lr=0.1"], "b"),
        (["--by", "val_loss"], "c"),  # a, the best on MNIST by this, has no weights
    ],
)
def test_the_printed_command_exports_the_model_that_was_shown(
    study: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    chosen: list[str],
    config_id: str,
) -> None:
    command = export_command(str(study), *chosen, capsys=capsys)
    with contextlib.chdir(tmp_path):
        assert main([*command, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [pick["config_id"] for pick in printed["best"]] == [config_id]
    assert printed["files"] == ["model.safetensors", "model.md"]


def test_several_objectives_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    meta = json.loads((kept_study(tmp_path / "two") / "study.json").read_text())
    meta["space"]["objectives"] = {"val_accuracy": "max", "val_loss": "min"}
    (tmp_path / "two" / "study.json").write_text(json.dumps(meta))
    assert main([str(tmp_path / "two")]) == 0
    said = "judged by the first of 2 objectives: val_accuracy (max), val_loss (min); --by chooses\n"
    printed = capsys.readouterr().out
    assert said in printed and "  id          b\n" in printed
    assert main([str(tmp_path / "two"), "--by", "val_loss"]) == 0
    printed = capsys.readouterr().out
    assert "judged by" not in printed and "  id          a\n" in printed


def test_for_programs(
    study: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [str(study), "--where", "lr=0.1", "--export", "m.safetensors", "--json"]
    assert main(words) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["files"] == ["m.safetensors", "m.md"] and printed["study"] == "grid"
    [pick] = printed["best"]
    assert (pick["dataset"], pick["config_id"], pick["config"]["lr"]) == ("mnist", "b", 0.1)
    assert (pick["metric"], pick["value"], pick["shown_metric"]) == (
        *("val_accuracy", 0.95, "test_accuracy"),
    )
    assert pick["low"] < pick["shown"] == 138 / 140 < pick["high"]
    counts = [pick[f"num_{of}"] for of in ("seeds", "candidates", "at_fewer_seeds", "tied")]
    assert (pick["mode"], counts) == ("max", [1, 1, 0, 1])
    assert pick["selected"].startswith("One configuration has a result on MNIST: ")
    assert Path(pick["weights"]).name == f"mnist-{MODEL}.epoch_2.pt"
    assert main([str(study), "--where", "lr=0.1", "--export", "m.safetensors"]) == 0
    assert "written: m.safetensors\n" in (said := capsys.readouterr().out)
    assert "\nexport: " not in said, "that has just been done"
    assert (tmp_path / "m.safetensors").is_file() and (tmp_path / "m.md").is_file()


def test_a_row_by_its_id(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "c.safetensors")
    assert main([str(study), "--row", "c", "--export", file]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"written: {file}"
    assert main([str(study), "--row", "x", "--export", file]) == 2
    assert "error: no weights of x are kept; allowed: c, b" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--row", "c"], "--row c: names what is exported; add --export FILE"),
        (["--row", "c", "--by", "x", "--export", "m.pt"], "leave --where and --by out"),
        (["--row", "c", "--where", "lr=1", "--export", "m.pt"], "leave --where and --by out"),
        (["--where", "lr"], "--where lr: allowed: NAME=VALUE"),
        (["--space", "x.py"], "--space: only an export to .onnx needs it"),
        (["--space", "x.py", "--export", "m.pt"], "--space: only an export to .onnx needs it"),
        (["--export", "m.h5"], "name one: --where dataset=mnist, --where dataset=fashion_mnist"),
    ],
)
def test_a_mistake_is_one_line(
    study: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main([str(study), *words]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and err.count("\n") == 1 and message in err


def test_a_parameter_that_the_pick_lacks_is_not_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor has JSON a number for what is unknown: the interval at one seed of a score."""
    configs = [{"lr": 0.1}, {"lr": 0.2, "drop": 0.5}]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max")
    for config in configs:
        report(ledger, config, [{"score": 1 - config["lr"]}])
    assert main([str(ledger.root)]) == 0
    printed = capsys.readouterr().out
    assert "  lr       0.1\n" in printed and "drop" not in printed
    assert main([str(ledger.root), "--json"]) == 0
    [pick] = json.loads(capsys.readouterr().out)["best"]
    assert (pick["value"], pick["low"], pick["high"]) == (0.9, None, None)
    assert pick["config"] == {"lr": 0.1, "drop": None} and pick["dataset"] is None


def test_nothing_can_be_picked_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_study(tmp_path / "new", study_json({}, name="new"))
    assert main([str(tmp_path / "new")]) == 1
    assert capsys.readouterr().out == "No row can be picked yet.\n"
