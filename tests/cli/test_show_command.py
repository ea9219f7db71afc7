"""The command `show`: a list of rows, and everything that is kept of one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.status_studies import make_study, record
from tests.own_studies import own_study, report, rmse_study
from tests.study.test_kept_weights import percent_study
from tune_app.cli.row_text import size_text, some_of, sparkline
from tune_app.cli.show_command import main
from tune_app.study.ledger import Ledger


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0
    return capsys.readouterr().out


@pytest.fixture
def rmse(tmp_path: Path) -> Ledger:
    return rmse_study(tmp_path / "rmse")


def test_without_a_row_all_rows_are_listed(
    rmse: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *rows, empty, hint = shown(capsys, str(rmse.root)).splitlines()
    assert header.split() == ["row", "id", "seed", "lr", "width", "status", "val_rmse", "test_rmse"]
    assert [row.split()[0] for row in rows] == [str(number) for number in range(1, 13)]
    assert rows[0].split()[1:] == ["32b632da76", "0", "0.1", "8", "finished", "4", "mm", "5", "mm"]
    assert rows[10].split()[2:] == ["1", "0.5", "32", "failed", "-", "-"]
    assert rows[11].split()[5] == "interrupted"
    assert empty == "" and hint.endswith(f"show {rmse.root} 32b632da76")


@pytest.mark.parametrize("word", ["11", "trial", "prefix"])
def test_a_failed_row_with_its_error_and_output(
    rmse: Ledger, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    config_id = rmse.configurations()[3].config_id
    trial = rmse.read_trials().outcomes(rmse.study)[config_id, 1].trial
    assert trial is not None and trial.newest.path is not None
    (trial.newest.path / "output.txt").write_text("".join(f"step {i}\n" for i in range(30)))
    words = {"11": ["11"], "trial": [trial.newest.name], "prefix": [config_id[:6], "--seed", "1"]}
    text = shown(capsys, str(rmse.root), *words[word], "--lines", "2")
    assert text.startswith(f"row 11 of 12: {config_id}, seed 1: failed\nreason: ValueError: no\n")
    assert "\nconfiguration\n  lr     0.5\n  width  32\n  seed   1\n" in text
    assert "\n  error\n    ValueError: no\n" in text
    assert "\n  output, the last 2 lines\n    step 28\n    step 29\n" in text
    assert f"\ndirectory: {trial.newest.path}\n" in text


def test_a_finished_row_with_its_result_and_curve(
    rmse: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, str(rmse.root), "32b632da76", "--seed", "0")
    assert "\nresult, epoch 3\n  val_rmse   4 mm\n  test_rmse  5 mm\n  loss       16\n" in text
    assert "\ncurve, 3 epochs\n  val_rmse █▃▁\n" in text
    assert "\n  epoch  val_rmse  test_rmse  loss\n      1     24 mm      25 mm   576\n" in text


@pytest.mark.parametrize("ended", [False, True])
def test_the_only_epoch_of_a_row_without_a_result_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ended: bool
) -> None:
    """The search stopped it there, or it was interrupted. A result has these values already."""
    ledger = own_study(tmp_path / "own", [{"lr": 1}], metric="val_rmse", mode="min")
    report(ledger, {"lr": 1}, [{"val_rmse": 24.0}], ended=ended)
    text = shown(capsys, str(tmp_path / "own"), "1")
    assert ("\ncurve, 1 epoch\n  epoch  val_rmse\n      1        24\n" in text) != ended


def test_an_id_with_several_seeds_lists_them(
    rmse: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(capsys, str(rmse.root), "32b6").splitlines()
    assert [line.split()[:3] for line in lines[1:4]] == [
        [str(seed + 1), "32b632da76", str(seed)] for seed in range(3)
    ]
    assert lines[-1].endswith("32b632da76 --seed 0")


def test_a_row_of_a_running_study_is_running(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = make_study(tmp_path)
    record(ledger, 0, 1)
    with ledger.store.lock():
        running = shown(capsys, str(ledger.root), "1")
    assert ": running\nreason: 1 of " in running
    assert ": interrupted\n" in shown(capsys, str(ledger.root), "1")
    assert ": not begun\n" in shown(capsys, str(ledger.root), "4")


def test_the_best_weights_and_how_to_load_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = make_study(tmp_path, lrs=(0.1,))
    folder = record(ledger, 0, 1, 2, 3, 4)
    (folder / "weights").mkdir()
    (folder / "weights" / "mnist-resnet18.epoch_4.pt").touch()
    name = (folder / "weights" / "mnist-resnet18.epoch_4.pt").relative_to(ledger.root)
    entry = {"metric": "val_accuracy", "score": 0.9, "file": str(name)}
    (ledger.root / "weights").mkdir()
    (ledger.root / "weights" / "mnist-resnet18.json").write_text(json.dumps(entry))
    monkeypatch.chdir(tmp_path)
    told = f"best weights of mnist-resnet18, val_accuracy 90.00 %:\n  grid/{name}\nload them:\n"
    assert told in shown(capsys, "grid") and told in shown(capsys, "grid", "1")
    assert f"torch.load('{ledger.root / name}', weights_only=True)" in shown(capsys, "grid", "1")


def test_an_error_below_one_per_cent_is_no_share_beside_larger_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = percent_study(tmp_path / "own")
    told = "best weights of mnist-resnet18, val_error 0.8 %:"
    assert told in shown(capsys, str(ledger.root))
    said = shown(capsys, str(ledger.root), "1")
    assert told in said
    assert re.search(r"^ +1 +0\.9 %?$", said, re.MULTILINE) and "80.00" not in said, said


def test_every_objective_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    space = {"metric": "val_error", "mode": "min", "factors": ["lr"]}
    space["objectives"] = {"val_error": "min", "latency": "min"}
    ledger = own_study(tmp_path / "own", [{"lr": 0.1}], **space)
    report(ledger, {"lr": 0.1}, [{"val_error": 0.5, "latency": 7.0, "test_error": 0.6}])
    header, row, *_ = shown(capsys, str(ledger.root)).splitlines()
    assert header.split()[-4:] == ["status", "val_error", "latency", "test_error"]
    assert row.split()[-4:] == ["finished", "0.5", "7", "0.6"]


def test_a_parameter_that_varies_is_listed_though_it_is_no_factor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configs = [{"fold": fold, "lr": lr} for lr in (1, 2) for fold in (1, 2)]
    ledger = own_study(tmp_path / "own", configs, metric="score", mode="max", factors=["lr"])
    for config in configs:
        report(ledger, config, [{"score": config["lr"] + config["fold"] / 10}])
    header = shown(capsys, str(ledger.root)).splitlines()[0]
    assert header.split() == ["row", "id", "lr", "fold", "status", "score"]


def test_a_parameter_that_a_row_lacks_is_apart_from_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configs = [{"kind": "forest", "depth": None}, {"kind": "forest", "depth": 4}, {"kind": "svr"}]
    ledger = own_study(tmp_path / "own", configs, metric="score", factors=["kind", "depth"])
    for config in configs:
        report(ledger, config, [{"score": 1.0}])
    rows = [row.split() for row in shown(capsys, str(ledger.root)).splitlines()[1:4]]
    assert [row[2:4] for row in rows] == [["forest", "None"], ["forest", "4"], ["svr", "-"]]


def test_text_of_a_user_moves_no_cursor(rmse: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    trial = rmse.read_trials().outcomes(rmse.study)[rmse.configurations()[3].config_id, 1].trial
    assert trial is not None and trial.newest.path is not None
    (trial.newest.path / "error.txt").write_text("a\x1b[2Jb\x07\nValueError: \x1b[31mred\n")
    (trial.newest.path / "evil\x1b[2J").touch()
    text = shown(capsys, str(rmse.root), "11")
    assert text.replace("\n", "").isprintable()
    assert "    ab\\x07\n    ValueError: red\n" in text


def test_a_mistake_is_one_line(rmse: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(rmse.root)
    for words, part in (
        ([str(rmse.root.parent)], "no study there"),
        ([root, "zzz"], "zzz: no such row; allowed: a number from 1 to 12, "),
        ([root, "13"], "13: no such row"),
        ([root, "32b6", "--seed", "7"], "--seed 7: no row at this seed; allowed: 0, 1, 2"),
        ([root, ""], "is empty"),
        ([root, "1", "--lines", "0"], "0 is not a whole number from 1 to 10000"),
    ):
        assert main(words) == 2
        out, err = capsys.readouterr()
        assert out == "" and part in err and err.count("\n") == 1, err


def test_a_beginning_of_several_ids_names_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = make_study(tmp_path, lrs=tuple(0.001 * n for n in range(1, 20)))
    first = {c.config_id[0] for c in ledger.configurations()}
    ids = [c.config_id for c in ledger.configurations()]
    letter = next(one for one in sorted(first) if sum(i[0] == one for i in ids) > 1 and one > "9")
    assert main([str(ledger.root), letter]) == 2
    assert f"{letter}: {sum(i[0] == letter for i in ids)} rows begin so: {letter}" in (
        capsys.readouterr().err
    )


def test_it_needs_neither_torch_nor_ray(tmp_path: Path) -> None:
    root = make_study(tmp_path).root
    code = (
        "import sys; from tune_app.cli.show_command import main; "
        "status = main([sys.argv[1], '1']); "
        "print({'ray', 'torch', 'numpy', 'pandas'} & sys.modules.keys()); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("set()\n")


def test_bars_and_sizes() -> None:
    assert sparkline([0.0, None, 1.0]) == "▁ █"
    assert sparkline([1.0, 1.0]) == "▁▁" and sparkline([1.0]) == ""
    assert some_of(range(100), 3) == [0, 50, 99]
    assert [size_text(n) for n in (5, 3_400, 44_800_000)] == ["5 B", "3.4 kB", "44.8 MB"]
