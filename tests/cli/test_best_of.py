"""``tune-app run --best-of``: which study is meant, and which options follow from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tests.own_studies import own_study, report
from tune_app.cli.best_of import repeat_of
from tune_app.cli.run_command import main
from tune_app.cli.run_parser import build_parser
from tune_app.planning.space_file import load_space

SPACE = """
from search_spaces import SearchSpace

def fit(config):
    raise AssertionError("nothing runs here")

SPACE = SearchSpace(name="mine", trainable=fit, metric="score", param_space={"depth": 1})
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder: a space, and a study of it in ``results/mine``."""
    configs = [{"depth": depth} for depth in (1, 2)]
    ledger = own_study(tmp_path / "results" / "mine", configs, metric="score", mode="max")
    for config in configs:
        report(ledger, config, [{"score": 90.0 + config["depth"]}])
    (tmp_path / "space.py").write_text(SPACE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


OPTIONS = ("--space", "./space.py", "--accept-code-change")


def test_the_plan_of_a_repeat(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--best-of", "mine", *OPTIONS, "--seeds", "0-3", "--plan"]) == 0
    said = capsys.readouterr().out
    assert "mine_best: How good is what mine picked, at seeds that it has not used?" in said
    assert "3 rows, 0 finished; 3 trials to run" in said
    assert "note: seeds of mine are left out, as they are not new: 0" in said


@pytest.mark.parametrize("named", ["mine", "results/mine", "./results/mine/"])
def test_a_study_is_named_or_lies_somewhere(folder: Path, named: str) -> None:
    args = build_parser().parse_args(["--best-of", named, *OPTIONS])
    repeat = repeat_of(args, load_space("./space.py"), {})
    assert repeat.best_of.study == "mine" and repeat.best_of.picks[0].value == 92.0
    assert (args.study, args.data, args.images) == ("mine_best", "sample", None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--search", "tpe"), "--search: --best-of repeats what a study has picked, without a"),
        (("--continue", "3fa", "--epochs", "3"), "--continue: --best-of repeats"),
        (("--budget", "10m"), "--budget: --best-of repeats"),
        (("--count", "0"), "--count 0: allowed: 1 to 100"),
        (("--images", "300"), "--images 300: mine was made with all images, and its results can"),
    ],
)
def test_options_that_contradict_it_are_refused(
    folder: Path, words: tuple[str, ...], message: str
) -> None:
    args = build_parser().parse_args(["--best-of", "mine", *OPTIONS, *words])
    with pytest.raises(UserError) as refusal:
        repeat_of(args, load_space("./space.py"), {})
    assert str(refusal.value).startswith(message)


def test_count_needs_best_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*OPTIONS, "--count", "2", "--plan"]) == 2
    assert "--count: needs --best-of STUDY" in capsys.readouterr().err
