"""Someone else's study directory runs no code: nothing is unpickled, nothing evaluated."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path
from typing import Any

import pytest

from analysis.frames.load import load_study
from analysis.report import main as report
from tests.refusals import outcome
from tests.small_study import COMMAND
from tests.studies import (
    QUICK,
    shared_study,
)
from tests.study.hostile import Trap, checkpoint, ledger_of
from tune_app.engine.housekeeping import tidy
from tune_app.training.checkpoint import load_newest, resumable_checkpoints

_REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = [_REPOSITORY / name for name in ("tune_app", "analysis", "search_spaces")]


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
    trial = ledger.read_trials().trials["k2"]
    assert resumable_checkpoints(trial, 2) == [forged]
    loaded = load_newest(ledger.store, [forged], "k2")
    assert loaded.state is None and "state.pt holds no state" in loaded.note
    tidy(ledger, ledger.read_trials())
    assert not sprung.exists()
    pickle.loads(trap)
    assert sprung.exists(), "the trap itself must work"


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    tree = ast.parse(path.read_text())
    return [(ast.unparse(n.func), n) for n in ast.walk(tree) if isinstance(n, ast.Call)]


def test_our_code_unpickles_and_evaluates_nothing() -> None:
    # Examples are written as users' files: they load what they have saved themselves.
    examples = _REPOSITORY / "search_spaces" / "examples"
    found = (path for package in PACKAGES for path in package.rglob("*.py"))
    files = [path for path in found if path.parent != examples]
    assert len(files) > 30
    allowed = {"spec.loader.exec_module"}  # the user's own search space, named by --space
    # Sends the function of --space to workers, as Ray does with all that it sends; no file is read.
    sender = _REPOSITORY / "tune_app" / "engine" / "user_code.py"
    # Asks joblib how many CPUs there are; what joblib reads from files is pickled.
    counter = _REPOSITORY / "tune_app" / "study" / "provenance.py"
    exempt = {sender: {"cloudpickle"}, counter: {"joblib"}}
    seen = set()
    for path in files:
        banned = {"pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal", "yaml"}
        for module in banned - exempt.get(path, set()):
            assert f"import {module}" not in path.read_text(), f"{path} imports {module}"
        for name, call in calls(path):
            options = {k.arg: ast.unparse(k.value) for k in call.keywords}
            last = name.split(".")[-1]
            assert not name.startswith("joblib.") or name == "joblib.cpu_count", path
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


def test_the_documentation_says_where_ray_itself_unpickles() -> None:
    text = " ".join((_REPOSITORY / "docs" / "internals.md").read_text().split())
    assert "ExperimentAnalysis" in text and "unpickle" in text
