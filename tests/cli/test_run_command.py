"""The command line: every mistake is one line and exit status 2, and writes nothing."""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

import pytest

from search_spaces import SHIPPED
from tune_app.cli import run_command as run
from tune_app.cli.run_command import main
from tune_app.planning import estimate, study_estimate
from tune_app.planning.request import StudyRequest
from tune_app.planning.space_file import load_space
from tune_app.training.probe import EpochTimes, Probe

SPACE = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(
    name="mine", question="?", trainable="resnet", factors=("lr",),
    param_space={
        "dataset": "mnist", "model": "resnet18", "batch_size": 16, "optimizer": "sgd",
        "lr": tune.grid_search([0.1, 0.01]), "epochs": 1, "OTHER": 1,
    },
)
"""


def refuse(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1
    assert "Traceback" not in captured.err + captured.out
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((), "--space is missing; allowed: q1a"),
        (("--space", "nope"), "no such search space; allowed: q1a"),
        (("--space", "q1q"), "did you mean 'q1"),
        (("--space", "q1a", "--sedes", "1"), "unrecognized arguments: --sedes"),
        (("--space", "q1a", "--seeds", "x"), "--seeds x: not seeds; allowed: 0, 0-5 or 0,2,7"),
        (("--space", "q1a", "--images", "7", "--data", "sample"), "--images 7: allowed 100 to 10"),
        (("--space", "q1a", "--images", "10001", "--data", "sample"), "--images 10001: allowed"),
        (("--space", "q1a", "--images", "many"), "many is not a whole number"),
        (("--space", "q1a", "--seeds", "0", "--seeds=1"), "--seeds is given twice; give it once"),
        (("--space", "q1a", "--data", "./nowhere"), "./nowhere: no such folder"),
        (("--space", "q1a", "--budget", "soon"), "--budget soon: not a duration"),
        (("--space", "q1a", "--budget", "1m", "--images", "500"), "both choose the subset"),
        (("--space", "q1a", "--wait-for-nodes", "15m"), "only a running cluster gets nodes; add"),
        (
            ("--space", "q1a", "--wait-for-nodes", "15", "--address", "auto"),
            "--wait-for-nodes 15: not a duration; allowed: 90s, 10m",
        ),
        (("--space", "q1a", "--study", "../x"), "--study"),
        (("--space", "q1a", "--device", "tpu"), "invalid choice: 'tpu'"),
        (("--space", "q1a", "--trials-per-gpu", "0"), "--trials-per-gpu 0: allowed: 1 to 10,000"),
        (("--space", "q2", "--trials-per-gpu", "2"), "each has a GPU to itself"),
        (("--space", "q1a", "--storage-path", "nothing://x/y"), "nothing://x/y: cannot be opened"),
        (("--space", "q1a", "--storage-path", "ftp://lab/x"), "ftp://lab/x: cannot be opened"),
        (
            ("--space", "q1a", "--storage-path", "github://lab/x"),
            "github://lab/x: cannot be opened",
        ),
        (("--space", "q1a", "--storage-path", "zip://lab/x"), "zip://lab/x: cannot be opened"),
        (("--space", "q1a", "--storage-path", "file://results"), "File URI cannot be relative"),
        (("--space", "q1a", "--storage-path", "http://127.0.0.1:9/x"), "use s3://BUCKET/FOLDER"),
        (("--space", "q1a", "--storage-path", "memory://lab"), "lost when the process ends"),
        (("--space", "q1a", "--storage-path", "data://lab/x"), "data://lab/x/q1a: cannot be read"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    part: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert part in refuse(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder_of_studies_and_a_space_beside_is_meant_with_its_path(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(SPACE)
    for place in ("mine.py", "mine.py/inside"):
        said = refuse(capsys, "--space", "q1a", "--plan", "--results-dir", place)
        assert said == f"error: {place}: not a folder (Not a directory)\n"
    assert "no such search space; did you mean ./mine.py?" in refuse(capsys, "--space", "mine")
    without_option = refuse(capsys, "mine.py", "--plan")
    assert "mine.py; a search space is named by --space mine.py; see " in without_option


def test_a_misspelt_key_in_a_users_space_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "my_space.py"
    path.write_text(SPACE.replace("OTHER", "weight_decai"))
    assert "no parameter 'weight_decai'" in refuse(capsys, "--space", str(path))
    path.write_text(SPACE.replace("factors", "factrs"))
    assert "no field 'factrs'; did you mean 'factors'?" in refuse(capsys, "--space", str(path))
    assert list(tmp_path.iterdir()) == [path]


def test_a_truncated_image_file_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tune_app

    monkeypatch.chdir(tmp_path)
    sample = Path(tune_app.__file__).parent / "data" / "sample" / "mnist"
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for source in sample.glob("*.gz"):
        content = gzip.decompress(source.read_bytes())
        if "images" in source.name:
            content = content[:-1000]
        (folder / source.name).write_bytes(gzip.compress(content, 1))
    message = refuse(capsys, "--space", "q1a", "--data", str(tmp_path / "data"))
    assert "t10k-images-idx3-ubyte" in message
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_spaces_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    out = capsys.readouterr().out
    assert "q1a  128 configurations" in out and "svm_scaling  20 configurations" in out
    assert "factors: device, optimizer, model" in out
    assert "search_spaces.examples.tune_function" in out
    # What is no terminal has lines of any length.
    assert all(load_space(name).question in out for name in SHIPPED)


def test_spaces_are_listed_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    spaces = {space["name"]: space for space in listed["spaces"]}
    assert tuple(spaces) == tuple(SHIPPED)
    assert spaces["svm_scaling"] == {
        "name": "svm_scaling",
        "question": load_space("svm_scaling").question,
        "num_configurations": 20,
        "factors": list(load_space("svm_scaling").factors),
    }
    assert "search_spaces.examples.tune_function" in listed["examples"]


def test_a_plan_is_printed_and_nothing_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its eight kinds of trials are not measured here; the test of a budget measures one."""
    speed = Probe(EpochTimes(per_train=0.01, per_eval=0.001))
    monkeypatch.setattr(
        study_estimate,
        "probe_trials",
        lambda trials, trainable, *_: {estimate._kind(trainable, t): speed for t in trials},
    )
    arguments = ["--space", "q1a", "--data", "sample", "--images", "100", "--plan"]
    assert main([*arguments, "--device", "cpu", "--results-dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "128 rows, 0 finished; 32 trials to run, 160 epochs instead of 448" in out
    assert "time: about " in out and "disk: at most " in out
    assert list(tmp_path.iterdir()) == []


def test_a_budget_that_nothing_fits_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    space = tmp_path / "my_space.py"
    space.write_text(SPACE.replace(', "OTHER": 1', ""))
    arguments = ["--space", str(space), "--data", "sample", "--budget", "5s", "--plan"]
    message = refuse(capsys, *arguments, "--results-dir", str(tmp_path))
    assert "100 images per data set, the fewest possible, already take about" in message


@pytest.fixture
def launched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the folders of the studies that were launched; none of them is."""
    roots: list[Path] = []

    def launch(request: StudyRequest, args: argparse.Namespace, *_: object) -> int:
        assert not args.plan
        roots.append(request.store.root)
        return 0

    monkeypatch.setattr(run, "_run_or_plan", launch)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return roots


@pytest.mark.parametrize("flag", ["--storage-path", "--results-dir"])
def test_a_tilde_is_the_home_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, launched: list[Path], flag: str
) -> None:
    for folder in ("~/studies", "./~"):
        assert main(["--space", "q1a", f"{flag}={folder}"]) == 0
    assert launched == [tmp_path / "home" / "studies" / "q1a", tmp_path / "~" / "q1a"]
    message = refuse(capsys, "--space", "q1a", f"{flag}=~nobody-at-all/studies")
    assert "~nobody-at-all/studies: home folder unknown" in message


def test_a_submitted_job_keeps_nothing_in_rays_copy_of_the_code(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    launched: list[Path],
) -> None:
    working_dir = tmp_path / "runtime_resources" / "working_dir_files" / "_ray_pkg_1"
    working_dir.mkdir(parents=True)
    monkeypatch.chdir(working_dir)
    assert main(["--space", "q1a"]) == 0, "no job"
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}")
    for words in ((), ("--storage-path", "studies"), ("--results-dir", "studies")):
        message = refuse(capsys, "--space", "q1a", *words)
        assert "give an absolute path or a URL with --storage-path" in message
    assert main(["--space", "q1a", "--storage-path", str(tmp_path / "studies")]) == 0
    monkeypatch.chdir(tmp_path)
    assert main(["--space", "q1a"]) == 0, "a job that was submitted without its code"
    assert launched[1:] == [tmp_path / "studies" / "q1a", tmp_path / "results" / "q1a"]
