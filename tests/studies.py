"""Hand-made study directories for tests: they hold what a launch would have left on disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from analysis.frames.load import Study
from tune_app.study.fingerprint import data_fingerprint

Json = dict[str, Any]

QUICK = ("--formats", "md", "--no-figures", "--no-labs")
"""Arguments for a report in a fraction of a second, for tests that write many."""

RESNET_FACTORS = ("dataset", "model", "batch_size", "optimizer", "lr", "pin_memory", "epochs")


def resnet_config(**changes: Any) -> Json:
    """Return one configuration of a ResNet study."""
    config: Json = {
        "dataset": "mnist",
        "model": "resnet18",
        "batch_size": 16,
        "optimizer": "sgd",
        "lr": 0.001,
        "pin_memory": False,
        "epochs": 2,
        "device": "auto",
    }
    return config | changes


def svm_config(**changes: Any) -> Json:
    """Return one configuration of an SVM study."""
    config: Json = {"dataset": "mnist", "kernel": "rbf", "C": 1, "gamma": "scale"}
    return config | {"max_iter": 1000, "num_train_images": None} | changes


def study_json(
    configurations: Mapping[str, Json],
    *,
    name: str = "grid",
    space: Json | None = None,
    seeds: Iterable[int] = (0,),
    open_rows: Iterable[Json] = (),
    **changes: Any,
) -> Json:
    """Return a study.json for configurations given as config_id -> config."""
    sample = {"num_images": 700, "num_train": 490, "num_val": 70, "num_test": 140, "sha256": {}}
    return {
        "schema_version": 2,
        "study": name,
        "created_at": "2026-01-01T12:00:00+00:00",
        "space": {
            "name": name,
            "question": "Which configuration is the most accurate?",
            "trainable": "resnet",
            "factors": list(RESNET_FACTORS),
            "metric": "val_accuracy",
            "mode": "max",
            "resources": {"cpu": 1.0},
            "param_space": {},
        }
        | (space or {}),
        "seeds": list(seeds),
        "sharing": True,
        "device": "cpu",
        "configurations": [{"config_id": k, "config": v} for k, v in configurations.items()],
        "data": {
            "source": "sample",
            "num_images": 700,
            "split_seed": 0,
            "datasets": {"mnist": sample, "fashion_mnist": sample},
        },
        "launches": [launch_json(open=list(open_rows))],
    } | changes


def launch_json(name: str = "001", **changes: Any) -> Json:
    """Return what a launch records of itself."""
    return {
        "name": name,
        "started_at": "2026-01-01T12:00:00+00:00",
        "git_commit": "0123abc",
        "git_dirty": False,
        "python": "3.11.7",
        "packages": {"torch": "2.14.1", "ray": "2.60.0"},
        "hardware": {"cpu": "A CPU", "num_cpus": 2, "memory_gb": 24.0, "gpus": []},
        "command": "python -m tune_app.run --space grid",
        "host": "a-host",
        "open": [],
    } | changes


def write_study(path: Path, meta: Json) -> Path:
    """Write study.json and the launches of a study into a new directory; return the directory."""
    (path / "launches").mkdir(parents=True)
    content = {key: value for key, value in meta.items() if key != "launches"}
    (path / "study.json").write_text(json.dumps(content))
    for launch in meta["launches"]:
        (path / "launches" / f"{launch['name']}.json").write_text(json.dumps(launch))
    return path


def line(epoch: int, *, milestone: bool = False, **changes: Any) -> Json:
    """Return one result of a trial alone; a milestone has 140 test images, 138 of them right."""
    record: Json = {
        "epoch": epoch,
        "train_loss": 0.5 / epoch,
        "train_accuracy": 0.9,
        "val_loss": 0.4 / epoch,
        "val_accuracy": 0.9,
        "train_seconds": 10.0 * epoch,
        "epoch_seconds": 11.0,
        "images_per_second": 49.0,
        "status": "ok",
        "device": "cpu",
        "precision": "float32",
        "num_concurrent_trials": 1,
        "num_threads": 1,
        "warm_up": epoch == 1,
        "trial_id": "ab12c_00000",
        "training_iteration": epoch,
        "timestamp": 1767268800 + epoch,
        "hostname": "a-host",
        "pid": 4711,
    }
    if milestone:
        confusion = [[0] * 10 for _ in range(10)]
        for label in range(10):
            confusion[label][label] = 14
        confusion[3][3], confusion[3][5] = 12, 2
        record |= {"milestone": epoch, "test_accuracy": 138 / 140, "test_loss": 0.05}
        record |= {"test_precision": 0.9875, "test_recall": 0.985, "test_f1": 0.986}
        record |= {"num_test": 140, "confusion_matrix": confusion}
        record |= {"predictions_file": f"predictions/epoch_{epoch}.npz"}
    return record | changes


def plan(trial_key: str, serves: Mapping[int, Iterable[str]]) -> Json:
    """Return the plan of a trial: milestone -> the config_ids of the rows it serves."""
    named = {str(milestone): list(config_ids) for milestone, config_ids in serves.items()}
    return {
        "trial_key": trial_key,
        "milestones": sorted(serves),
        "serves": named,
        "resume_from": None,
    }


def write_trial(
    study: Path,
    trial_key: str,
    config: Json,
    serves: Mapping[int, Iterable[str]],
    lines: Iterable[Json],
    *,
    launch: str = "001",
    seed: int = 0,
    error: str | None = None,
    torn: str = "",
    data: Json | None = None,
) -> Path:
    """Write one trial directory and return it.

    Args:
        study: the study's directory.
        trial_key, config, serves, lines: what is written.
        launch, seed, error: the launch, the seed and the traceback of the trial.
        torn: ends result.json, without a newline.
        data: the data of the study, where it is known; else it is read from study.json.
    """
    path = study / "tune" / launch / f"trial_{trial_key}"
    path.mkdir(parents=True)
    device = "cpu" if config.get("device", "auto") == "auto" else config["device"]
    if data is None:
        data = json.loads((study / "study.json").read_text())["data"]
    fingerprint = {"data": data_fingerprint(data, config.get("dataset"))}
    params = config | {"seed": seed, "device": device}
    params["plan"] = plan(trial_key, serves) | fingerprint
    (path / "params.json").write_text(json.dumps(params))
    text = "".join(json.dumps(record | {"config": params}) + "\n" for record in lines)
    (path / "result.json").write_text(text + torn)
    if error is not None:
        (path / "error.txt").write_text(error)
    return path


def shared_study(path: Path) -> Path:
    """Write a finished study: one trial serves two epochs × pin_memory off and on.

    Rows: a2, b2 (2 epochs) and a5, b5 (5 epochs); b is a with pin_memory. a5 is the row the trial
    stands for; a2 is a prefix of it; b2 and b5 are the same results as a2 and a5.
    """
    configurations = {
        f"{pin}{epochs}": resnet_config(pin_memory=pin == "b", epochs=epochs)
        for pin in "ab"
        for epochs in (2, 5)
    }
    study = write_study(path, study_json(configurations))
    lines = [line(1), line(2, milestone=True), line(3), line(4)]
    lines.append(line(5, milestone=True, val_accuracy=0.95, test_accuracy=139 / 140))
    serves = {2: ["a2", "b2"], 5: ["a5", "b5"]}
    write_trial(study, "k1", configurations["a5"], serves, lines)
    return study


def troubled_study(path: Path) -> Path:
    """Write a study with a row of every status but unconverged."""
    configurations = {
        "good": resnet_config(lr=0.1),
        "lucky": resnet_config(lr=0.2),
        "nan": resnet_config(lr=0.3),
        "crash": resnet_config(lr=0.4),
        "slow": resnet_config(lr=0.5),
        "gpu": resnet_config(lr=0.6, device="cuda"),
        "never": resnet_config(lr=0.7),
    }
    no_gpu = {"config_id": "gpu", "seed": 0, "reason": "no GPU in the cluster"}
    study = write_study(path / "grid", study_json(configurations, open_rows=[no_gpu]))
    results = {
        "good": [line(1), line(2, milestone=True, val_accuracy=0.95, test_accuracy=133 / 140)],
        "lucky": [line(1), line(2, milestone=True, val_accuracy=0.90, test_accuracy=140 / 140)],
        "nan": [line(1, train_loss=float("nan"), status="diverged")],
        "crash": [line(1)],
        "slow": [line(1)],
    }
    for config_id, lines in results.items():
        error = "ValueError: a | b\n" if config_id == "crash" else None
        config = configurations[config_id]
        write_trial(study, f"k_{config_id}", config, {2: [config_id]}, lines, error=error)
    return study


A2, A5 = resnet_config(epochs=2), resnet_config(epochs=5)
PREFIX = {2: ["a2"], 5: ["a5"]}
"""What one trial of A5 serves in a study of the configurations A2 and A5."""


def prefix_study(path: Path, **changes: Any) -> Path:
    """Write study.json of a study of A2 and A5 into ``path / "grid"``, without any trial."""
    return write_study(path / "grid", study_json({"a2": A2, "a5": A5}, **changes))


def row(study: Study, config_id: str, seed: int = 0) -> Json:
    """Return the one row of a configuration and seed."""
    rows = study.rows
    match = rows[(rows["config_id"] == config_id) & (rows["seed"] == seed)]
    assert len(match) == 1
    return {str(key): value for key, value in match.iloc[0].items()}
