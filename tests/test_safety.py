"""Someone else's study directory runs no code; nothing outside of it is read or removed."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import os
import pickle
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.load import load_study
from analysis.markdown import escape
from analysis.report import main as report
from search_spaces.errors import UserError
from tests.refusals import outcome
from tests.studies import (
    QUICK,
    line,
    resnet_config,
    shared_study,
    study_json,
    write_study,
    write_trial,
)
from tests.test_damaged_studies import COMMAND, root
from tune_app import driver
from tune_app.checkpoint import INDEX_FILE, STATE_FILE, load_newest, write_checkpoint
from tune_app.history import resumable_checkpoints
from tune_app.housekeeping import tidy
from tune_app.ledger import Ledger, open_ledger
from tune_app.lock import StudyLock
from tune_app.provenance import collect_provenance, command_line
from tune_app.request import StudyRequest
from tune_app.study import PreparedStudy

__all__ = ["root"]  # the fixture

PACKAGES = [Path(__file__).resolve().parent.parent / p for p in ("tune_app", "analysis")]
PACKAGES.append(PACKAGES[0].parent / "search_spaces")


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def ledger_of(study: Path) -> Ledger:
    ledger = open_ledger(study)
    assert ledger is not None
    return ledger


def checkpoint(directory: Path, epoch: int, content: bytes | None = None, key: str = "k2") -> Path:
    """Write a checkpoint, whole or with a forged state under a matching digest."""
    path = directory / f"checkpoint_{epoch:06d}"
    path.mkdir(parents=True)
    write_checkpoint(path, key, epoch, {"x": 1})
    if content is not None:
        (path / STATE_FILE).write_bytes(content)
        index = {"trial_key": key, "epoch": epoch, "sha256": hashlib.sha256(content).hexdigest()}
        (path / INDEX_FILE).write_text(json.dumps(index))
    return path


def test_nothing_is_unpickled(root: Path, tmp_path: Path, capsys: Any) -> None:
    sprung = tmp_path / "sprung"
    trap = pickle.dumps(Trap(sprung))
    places = [root, root / "tune", root / "tune" / "001", root / "tune" / "001" / "trial-k1"]
    places += [root / "tune" / "001" / "trial-k2", root / "report", root / "weights"]
    names = ["params.pkl", "tuner.pkl", "trainable.pkl", "experiment_state-2026.json", "x.npz"]
    names += ["search_gen_state.pkl", "mnist-resnet18.epoch_1.pt", "mnist.json", ".validate"]
    for place in places:
        place.mkdir(exist_ok=True)
        for name in names:
            (place / name).write_bytes(trap)
    for key in ("trial-k1", "trial-k2"):
        for folder in ("predictions", "weights"):
            (root / "tune" / "001" / key / folder).mkdir()
            (root / "tune" / "001" / key / folder / "epoch_1.npz").write_bytes(trap)
            (root / "tune" / "001" / key / folder / "m.epoch_1.pt").write_bytes(trap)
    forged = checkpoint(root / "tune" / "001" / "trial-k2", 1, trap)
    study = load_study(root)
    ids = list(study.rows["config_id"])
    assert study.predictions_path(ids[0], 0) is not None
    assert report([str(root), *QUICK]) == outcome(COMMAND)[0] == 0
    ledger = ledger_of(root)
    history = ledger.histories()["k2"]
    assert resumable_checkpoints(history, "k2", 2) == [forged]
    loaded = load_newest([forged], "k2")
    assert loaded.state is None and "state.pt holds no state" in loaded.note
    tidy(ledger)
    assert not sprung.exists()
    pickle.loads(trap)
    assert sprung.exists(), "the trap itself must work"


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    tree = ast.parse(path.read_text())
    return [(ast.unparse(n.func), n) for n in ast.walk(tree) if isinstance(n, ast.Call)]


def test_our_code_unpickles_and_evaluates_nothing() -> None:
    files = [path for package in PACKAGES for path in package.rglob("*.py")]
    assert len(files) > 30
    allowed = {"spec.loader.exec_module"}  # the user's own search space, named by --space
    seen = set()
    for path in files:
        for module in ("pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal", "yaml"):
            assert f"import {module}" not in path.read_text(), f"{path} imports {module}"
        for name, call in calls(path):
            options = {k.arg: ast.unparse(k.value) for k in call.keywords}
            last = name.split(".")[-1]
            if name == "torch.load":
                assert options["weights_only"] == "True", path
                seen.add(name)
            if name in ("np.load", "numpy.load", "read_pickle", "pd.read_pickle"):
                assert name == "np.load" and options.get("allow_pickle") == "False", path
            if last in ("eval", "exec", "exec_module", "system", "popen") or "shell" in options:
                of_a_model = last == "eval" and "." in name and not (call.args or options)
                harmless = name in allowed or of_a_model
                assert harmless, f"{path}:{call.lineno}: {name}"
                seen.add(name)
    assert {"torch.load", *allowed} <= seen, "the test looks where it should"


def outside(tmp_path: Path) -> Path:
    """Return a folder of somebody's, with everything that housekeeping looks for."""
    folder = tmp_path / "precious"
    (folder / "weights").mkdir(parents=True)
    (folder / "weights" / "mnist-resnet18.epoch_1.pt").write_text("precious")
    (folder / "weights" / "group.json").write_text("{}")
    (folder / ".study.json.123").write_text("precious")
    (folder / "weights" / ".x.123").write_text("precious")
    checkpoint(folder, 1, key="k1")
    return folder


def content(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


@pytest.mark.parametrize("level", ["trial", "launch", "checkpoint", "weights"])
def test_links_out_of_a_study_are_neither_read_nor_cleared(
    root: Path, tmp_path: Path, level: str
) -> None:
    precious = outside(tmp_path)
    real = root / "tune" / "001" / "trial-k1"
    for name in ("params.json", "result.json"):
        shutil.copy(real / name, precious / name)
    launch = tmp_path / "launch"
    launch.mkdir()
    shutil.copytree(precious, launch / "t")
    before = content(precious) + content(launch)
    finished = ledger_of(root).finished()
    if level == "trial":
        (root / "tune" / "001" / "linked").symlink_to(precious)
    elif level == "launch":
        (root / "tune" / "002").symlink_to(launch)
    elif level == "checkpoint":
        (real / "checkpoint_000001").symlink_to(precious / "checkpoint_000001")
    else:
        (real / "weights").symlink_to(precious / "weights")
    ledger = ledger_of(root)
    paths = [path for h in ledger.histories().values() for path in h.directories]
    assert all(path.resolve().is_relative_to(root) for path in paths) and len(paths) == 2
    linked = real / "checkpoint_000001"
    if level == "checkpoint":
        assert load_newest([linked], "k1").state is None
    tidy(ledger)
    assert content(precious) + content(launch) == before
    assert ledger.finished() == finished


@pytest.mark.parametrize("name", ["tune", "weights"])
def test_a_linked_part_of_a_study_is_refused(root: Path, tmp_path: Path, name: str) -> None:
    precious = outside(tmp_path)
    before = content(precious)
    shutil.rmtree(root / name, ignore_errors=True)
    (root / name).symlink_to(precious)
    assert "a symbolic link, which is not followed" in outcome(COMMAND)[1]
    assert content(precious) == before
    study = load_study(root)
    assert study.trials.empty or name == "weights"


def test_the_lock_and_the_report_write_through_no_link(root: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("precious")
    (root / ".lock").symlink_to(precious / "file")
    with pytest.raises(UserError, match="cannot be written"), StudyLock(root):
        pass
    (root / "report").symlink_to(precious)
    assert "a symbolic link" in outcome([str(root)], report)[1]
    (root / "report").unlink()
    (root / "report").mkdir()
    (root / "report" / "report.md").symlink_to(precious / "file")
    (root / "report" / f".report.md.{os.getpid()}").symlink_to(precious / "file")
    assert outcome([str(root), *QUICK], report)[0] == 0
    assert not (root / "report" / "report.md").is_symlink()
    assert [p.name for p in precious.iterdir()] == ["file"]
    assert (precious / "file").read_text() == "precious"


@pytest.mark.parametrize("escape_to", ["../../../precious", "/", "../x", "tune/001/../../.."])
def test_paths_inside_of_files_lead_nowhere(root: Path, tmp_path: Path, escape_to: str) -> None:
    """A plan's paths are the planner's own: what a study's files say of them is not used."""
    precious = outside(tmp_path)
    before = content(precious)
    file = root / "tune" / "001" / "trial-k2" / "params.json"
    config = json.loads(file.read_text())
    config["plan"] |= {"directory": escape_to, "resume_from": [escape_to], "name": escape_to}
    file.write_text(json.dumps(config))
    (root / "weights").mkdir()
    (root / "weights" / "mnist-resnet18.json").write_text(json.dumps({"file": escape_to}))
    ledger = ledger_of(root)
    request = StudyRequest(space=_space(), root=root, source="sample", num_images=100)
    study = PreparedStudy(request)
    study.load_images()
    plan = study.plan(ledger, driver.Cluster(({"CPU": 1.0},)))
    configs = driver._trial_configs(plan.trials, ledger, "002")
    assert configs and all(c["plan"]["resume_from"] == [] for c in configs)
    for each in configs:
        directory = (root / each["plan"]["directory"]).resolve()
        assert directory.parent == root / "tune" / "002"
    tidy(ledger)
    assert content(precious) == before


def _space() -> Any:
    from search_spaces import load_space

    return load_space("./my_space.py")


def test_a_study_name_or_launch_that_leads_out_is_not_used(root: Path) -> None:
    study = json.loads((root / "study.json").read_text())
    for name in ("../x", "/x", "a/b", "", "a\nb"):
        (root / "study.json").write_text(json.dumps({**study, "study": name}))
        with pytest.raises(UserError, match="name is damaged"):
            open_ledger(root)
    launches = [{"name": "../../x", "open": []}]
    (root / "study.json").write_text(json.dumps({**study, "launches": launches[:0]}))
    ledger = ledger_of(root)
    assert ledger.start_launch({}) == "002", "001 is there, although study.json forgot it"
    ledger.study["launches"] = launches
    assert ledger.start_launch({}) == "002"


def test_a_trial_is_named_so_that_it_is_one_directory() -> None:
    from tests.refusals import COUNTING
    from tune_app.plan import _file_name

    for label in ("../../x", "/x", "a/b\n", "é" * 500, "\0"):
        assert "/" not in _file_name(label) and len(_file_name(label).encode()) <= 120
        assert _file_name(label).isprintable()
    assert _file_name(COUNTING.label({"x": 3})) == "x3"


def test_secrets_stay_out_of_study_json(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "RAY_AUTH_TOKEN", "SOME_VARIABLE"):
        monkeypatch.setenv(name, "hunter2-value")
    words = ["--address", "ray://user:hunter2@p@host:10001", "--data", "/mnt/x?token=hunter2&a=1"]
    words += ["--storage-path=https://hunter2@host/x", "--study", "API_KEY=hunter2"]
    recorded = json.dumps(collect_provenance(words))
    assert "hunter2" not in recorded
    assert "ray://***@host:10001" in recorded and "?token=***&a=1" in recorded
    harmless = ["--space", "q1a", "--seeds", "0-5", "--address", "auto", "--data", "/mnt/a@b"]
    assert collect_provenance(harmless)["command"] == command_line(harmless)


def test_the_dashboard_stays_on_this_machine_and_asks_for_a_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import ray

    given: dict[str, Any] = {}

    def init(**options: Any) -> Any:
        given.update(options)
        return SimpleNamespace(dashboard_url="127.0.0.1:8265")

    for name in ("RAY_ADDRESS", "RAY_AUTH_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "nodes", list)
    before = dict(os.environ)
    driver.connect(None)
    changed = {name for name in os.environ if os.environ[name] != before.get(name)}
    for name in changed:
        monkeypatch.delenv(name)
    assert given["address"] == "local" and given["include_dashboard"] is True
    assert given["dashboard_host"] == "127.0.0.1"
    assert not any("AUTH" in name or "TOKEN" in name for name in (*changed, *given))
    assert inspect.signature(ray.init).parameters, "keyword arguments are what was checked"


EVIL = "a|b`c`<script>alert(1)</script>\n# x\n| y |[l](javascript:1)![i](http://e/x.png)\x1b[31m"


def test_markup_in_values_is_escaped() -> None:
    text = escape(EVIL)
    assert "\n" not in text and "<" not in text and "`" not in text and "\x1b" not in text
    assert text.count("|") == text.count("\\|") and text.count("[") == text.count("\\[")


def test_no_value_of_a_study_is_markup_in_the_report(tmp_path: Path) -> None:
    config = resnet_config(dataset=EVIL, model=EVIL, optimizer=EVIL) | {EVIL: EVIL}
    space = {"question": EVIL, "trainable": EVIL, "factors": [EVIL, "dataset"], "metric": EVIL}
    meta = study_json({EVIL: config, "b": config | {"lr": 3}}, name=EVIL, space=space)
    meta["provenance"] = {"python": EVIL, "packages": {"torch": EVIL}, "git_commit": EVIL}
    meta["provenance"] |= {"hardware": {"cpu": EVIL, "gpus": [EVIL]}, "command": EVIL}
    meta |= {"created_at": EVIL}
    meta["data"] = {"source": EVIL, "split_seed": EVIL, "datasets": {EVIL: {"num_images": EVIL}}}
    meta["launches"] = [{"open": [{"config_id": "b", "seed": 0, "reason": EVIL}]}]
    path = write_study(tmp_path / "evil", meta)
    row = line(2, milestone=True, **{EVIL: 0.5, "note": EVIL, "device": EVIL})
    write_trial(path, "k1", config, {2: [EVIL, "b"]}, [row], error=f"ValueError: {EVIL}")
    write_trial(path, EVIL.replace("/", "_"), config, {3: ["b"]}, [], error=f"ValueError: {EVIL}")
    assert report([str(path)]) == 0
    for file in path.glob("report/**/*.md"):
        text = file.read_text().replace("\\|", "")
        assert "<script" not in text and "\x1b" not in text
        assert not re.search(r"(?<!\\)\[", text), "a link or an image"
        assert "\n# x" not in text and "`c`" not in text
        widths = {row.count("|") for row in text.split("\n") if row.startswith("| ")}
        assert widths and ("alert(1)" in text or file.stem.startswith("claims"))


def test_predictions_are_arrays_without_objects(tmp_path: Path) -> None:
    """What is offered to np.load is a path; the default of np.load refuses objects."""
    import numpy as np

    study = shared_study(tmp_path / "grid")
    file = study / "tune" / "001" / "trial_k1" / "predictions" / "epoch_2.npz"
    file.parent.mkdir()
    np.savez(file, predictions=np.array([Trap(tmp_path / "sprung")], dtype=object))
    path = load_study(study).predictions_path("a2", 0)
    assert path == file.resolve()
    with np.load(path) as arrays, pytest.raises(ValueError, match="allow_pickle"):
        arrays["predictions"]
    assert not (tmp_path / "sprung").exists()


def test_readme_says_where_ray_itself_unpickles() -> None:
    readme = " ".join((PACKAGES[0].parent / "README.md").read_text().split())
    assert "ExperimentAnalysis" in readme and "unpickle" in readme
