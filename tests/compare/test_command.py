from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from analysis.compare.command import main
from tests.compared import GRID, base, compared, fitted
from tests.saved_predictions import A, B, study_of


def better(config: dict[str, float], seed: int) -> float:
    return base(config, seed) - 1 - seed / 10


def test_the_answer_is_printed_and_the_page_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = fitted(tmp_path / "a"), fitted(tmp_path / "b", better)
    out = tmp_path / "out"
    assert main([str(a), str(b), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"A: {a} · B: {b}\n\nB is better than A: validation rmse −1.25 mm [")
    assert printed.endswith(
        f"compare: {out / 'compare.md'}\ncompare: {out / 'compare.html'}\n"
        f"compare: {out / 'compare.pdf'}\n"
    )
    assert "B is better than A" in (out / "compare.html").read_text()
    assert (out / "compare.pdf").read_bytes().startswith(b"%PDF")
    assert {path.name for path in out.glob("*/b-a-rows.*")} == {
        *("b-a-rows.csv", "b-a-rows.md", "b-a-rows.tex", "b-a-rows.svg", "b-a-rows.png")
    }


def test_a_search_that_has_just_begun_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = fitted(tmp_path / "a"), fitted(tmp_path / "b", better)
    file = b / "study.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "configurations": []}))
    for places in ([a, b], [b, a]):
        assert main(list(map(str, places))) == 2
        printed = capsys.readouterr().err
        assert printed == f"error: {b}: no configurations yet; compare it once it has results\n"


def test_without_out_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = fitted(tmp_path / "a"), fitted(tmp_path / "b", better)
    before = sorted(tmp_path.rglob("*"))
    assert main([str(a), str(b)]) == 0
    assert sorted(tmp_path.rglob("*")) == before
    assert capsys.readouterr().out.endswith("--out DIR\n")


def test_json_is_all_that_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = fitted(tmp_path / "a"), fitted(tmp_path / "b", better)
    assert main([str(a), str(b), "--json", "--measure", "test_rmse"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["measure"]["name"] == "test_rmse"
    assert found["comparisons"][0]["verdict"]["word"] == "better"


def test_where_chooses_a_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = fitted(tmp_path / "a")
    extra = [{**config, "drop": drop} for config in GRID for drop in (0.5, 0.6)]
    b = fitted(tmp_path / "b", better, configs=extra)
    assert main([str(a), str(b)]) == 2
    assert capsys.readouterr().err.endswith(
        " does not have; choose one of them, such as --where drop=0.5\n"
    )
    assert main([str(a), str(b), "--where", "drop=0.6"]) == 0
    printed = capsys.readouterr().out
    assert "4 configurations joined over the common parameters: only B has drop." in printed


def test_the_advised_where_names_a_row_that_has_the_parameter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first row lacks ``drop``: no condition on ``drop`` keeps it."""
    a = fitted(tmp_path / "a", configs=[{"lr": 0.1, "width": 8}])
    b = fitted(tmp_path / "b", better, configs=[{"lr": 0.1}, {"lr": 0.1, "drop": 0.5}])
    assert main([str(a), str(b)]) == 2
    assert capsys.readouterr().err.endswith("choose one of them, such as --where drop=0.5\n")
    assert main([str(a), str(b), "--where", "drop=0.5"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["A"], "one study is nothing to compare; name two or more"),
        (["A", "A"], "named twice; a study always equals itself"),
        (["A", "nowhere"], "nowhere: no such directory"),
        (["A", "B", "--measure", "x"], "--measure x: not reported by all of the studies; allowed:"),
        (["A", "B", "--where", "x"], "'x' is not NAME=VALUE, such as lr=0.1; see"),
        (["A", "B", "--out", "A/study.json"], "cannot be written"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path,
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    fitted(tmp_path / "A", seeds=(0,))
    fitted(tmp_path / "B", seeds=(0,))
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_a_real_study_equals_itself_in_every_measure(real_study: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(real_study, copy)
    [found] = compared(real_study, copy)
    verdict = found.verdict
    assert (verdict.word, verdict.num_equal, verdict.num_rows) == ("equal", 128, 128)
    assert verdict.num_pairs == 32, "two epochs × two values of pin_memory share a training"
    assert (found.measures["num_equal"] == found.measures["num_rows"]).all()
    assert (found.images["p_value"] == 1).all() and found.times["ratio"].eq(1).all()
    assert not found.changes["differs"].any()


def test_a_study_at_a_url(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study_of(tmp_path / "a", True, x=A, y=A)
    study_of(tmp_path / "b", True, x=B, y=A)
    url = (tmp_path / "b").as_uri()
    assert main([str(tmp_path / "a"), url]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"A: {tmp_path / 'a'} · B: {url}\n")
    unwrapped = " ".join(printed.split())  # lines end where the width of the terminal does
    assert "the two models differ in 0 of 2 rows" in unwrapped, "its predictions are fetched, too"
