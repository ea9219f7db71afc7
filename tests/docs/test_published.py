"""The pages say what the published studies found, and nothing of studies that are not there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import costs, findings, front_page, judged
from tests.docs.made import END, bullets, filled
from tests.docs.pages import text_of
from tests.docs.prepared import Q1A
from tests.docs.published import COMMAND, FIGURES, PAGES, PARTS, STATIC, written
from tests.studies import line, resnet_config, study_json, write_study, write_trial
from tune_app.storage import published

MOST_BYTES = 8_000_000
"""All published studies together: they are a part of the wheel."""
CACHED = (findings.published_studies, findings.answer_of, judged.on_our_runs)
ELSEWHERE = re.compile(rb"/(?:home|root|work|tmp|var|mnt)/")


def test_pages_and_figures_are_those_that_the_command_writes() -> None:
    for name, text in written().items():
        assert text_of(name) == text, f"{name}: run {COMMAND}"
    known = {Path(name).name for name in written()}
    assert {path.name for path in STATIC.glob(FIGURES)} <= known, f"run {COMMAND}"


def test_the_front_page_says_how_many_seeds_the_studies_have() -> None:
    text = " ".join(text_of("README.md").split())
    assert "here seed 0 alone where no number of seeds is named" in text
    for name, study in findings.published_studies().items():
        said = text.partition(f"**{name}** (")[2].partition(").")[0]
        seeds = study.meta["seeds"]
        assert f"{len(seeds)} seeds" in said if seeds != [0] else "seed" not in said


def test_every_part_stands_in_a_page() -> None:
    named = re.findall(rf"made by {COMMAND}: (\w+)", "".join(map(text_of, PAGES)))
    assert sorted(named) == sorted(PARTS)


def test_only_what_lies_between_the_marks_is_replaced() -> None:
    page = f"a\n<!-- made by x: one -->\nold\n{END}\nb\n<!-- made by y: one -->\nkept\n{END}\n"
    assert filled(page, "x", {"one": lambda: "new"}) == page.replace("old\n", "\nnew\n\n")
    with pytest.raises(KeyError):
        filled(page, "x", {})
    assert bullets(["word " * 40]).splitlines()[1].startswith("  word")


def test_the_published_studies_are_small_and_name_no_place_of_their_machine() -> None:
    files = [path for path in published.FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    for path in files:
        assert not ELSEWHERE.search(path.read_bytes()) or path.suffix == ".npz", path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let no study be published but those that a test writes into this folder."""
    monkeypatch.setattr(published, "FOLDER", tmp_path)
    for cached in CACHED:
        cached.cache_clear()
    yield tmp_path
    for cached in CACHED:
        cached.cache_clear()


def test_a_study_with_open_rows_says_how_many_are_done(folder: Path) -> None:
    shutil.copytree(Q1A, folder / "q1a")
    for trial in (folder / "q1a" / "tune" / "001").glob("fashion_mnist-*"):
        shutil.rmtree(trial)
    text = " ".join(front_page.answers().split())
    assert "**q1a** (64 of 128 rows so far, 800 images of each data set)." in text
    assert "Best test accuracy: 95.0 % [90.4, 97.8] on MNIST (" in text, "152 of 160: by hand"
    assert "FashionMNIST" not in text
    assert "`q1b` (0 of 30 rows)" in text and "| published:q1a | 64 of 128 rows" in "".join(
        findings.studies_table()
    )
    [found] = [cost for cost in costs.costs() if cost.table == "report_a_q1a"]
    assert (found.num_there, found.num_here) == (64, 64)
    assert "theirs on" not in found.differ and "images were split" in found.differ
    assert "our runs" not in judged.in_short(), "a part of the rows judges no claim"


def test_studies_of_one_space_stand_together_and_name_their_seeds(folder: Path) -> None:
    for name, space, seeds in (("a", "own", (0,)), ("q1b", "q1b", (0,)), ("q1a_b", "q1a", (0, 1))):
        meta = study_json({"c": resnet_config()}, name=name, seeds=seeds, space={"name": space})
        write_study(folder / name, meta)
    shutil.copytree(Q1A, folder / "q1a")
    assert list(findings.published_studies()) == ["q1a", "q1a_b", "q1b", "a"]
    text = " ".join(front_page.answers().split())
    assert "**q1a_b** (0 of 2 rows so far, 2 seeds, 700 images of each data set)." in text
    assert "**q1a** (all 128 rows, 800 images of each data set)." in text


def test_one_arm_of_a_comparison_of_devices_is_no_answer(folder: Path) -> None:
    arms = {device: resnet_config(device=device) for device in ("cpu", "cuda")}
    no_gpu = [{"config_id": "cuda", "seed": 0, "reason": "no GPU in the cluster"}]
    meta = study_json(arms, name="q2", space={"factors": ["device"]}, open_rows=no_gpu)
    path = write_study(folder / "q2", meta)
    write_trial(path, "k", arms["cpu"], {2: ["cpu"]}, [line(2, milestone=True)])
    text = " ".join(front_page.answers().split())
    assert "**q2** (1 of 2 rows so far, 700 images of each data set)." in text
    why = "1 of 1 GPU row has no result (1 open: no GPU in the cluster)."
    assert f"CPU and GPU cannot be compared: {why}" in text
    whole = " ".join(findings.in_full().split())
    assert "the results of 1 of 2 rows (1 open: no GPU in the cluster)." in whole


def test_the_front_page_counts_every_claim_of_the_table() -> None:
    lines = judged.claims_table().splitlines()
    for letter in "AB":
        number = sum(line.startswith(f"| {letter} |") for line in lines)
        assert f"**Report {letter}** makes {number} claims" in judged.in_short()


def test_only_trainings_on_as_many_images_as_the_study_has_are_added_up() -> None:
    studies = {cost.study for cost in costs.costs()}
    assert "q1b" in studies and "svm_scaling" not in studies


@pytest.mark.usefixtures("folder")
def test_without_studies_nothing_is_said() -> None:
    text = " ".join(front_page.answers().split())
    assert text.startswith("- Not published yet, so nothing is said about their questions: `q1a`")
    assert "%" not in text
    assert findings.in_full() == "No study is published yet."
    assert "our runs" not in judged.in_short()
    assert costs.costs_table() == "No published study has rows of a report's settings yet."
