"""Small studies of every kind that tables, figures and sections are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.frames.load import Study, load_study
from tests.studies import (
    line,
    resnet_config,
    study_json,
    svm_config,
    write_study,
    write_trial,
)

ACCURACIES = {
    ("resnet18", 0.1): 0.90,
    ("resnet18", 0.2): 0.80,
    ("resnet50", 0.1): 0.70,
    ("resnet50", 0.2): 0.50,
}


def grid_study(path: Path, accuracies: dict[tuple[str, float], float] | None = None) -> Study:
    """Return a study of two models × two learning rates with given test accuracies.

    Training takes 10 s with resnet18 and 30 s with resnet50; a configuration without an accuracy
    has not finished.
    """
    known = ACCURACIES if accuracies is None else accuracies
    configurations = {
        f"{model}-{lr}": resnet_config(model=model, lr=lr) for model, lr in ACCURACIES
    }
    write_study(path, study_json(configurations))
    for (model, lr), accuracy in known.items():
        name = f"{model}-{lr}"
        seconds = 10.0 if model == "resnet18" else 30.0
        result = line(2, milestone=True, test_accuracy=accuracy, train_seconds=seconds)
        write_trial(path, f"k-{name}", configurations[name], {2: [name]}, [line(1), result])
    return load_study(path)


def svm_study(path: Path) -> Study:
    poly: dict[str, Any] = {
        "dataset": "mnist",
        "kernel": "poly",
        "C": 0.1,
        "degree": 3,
        "gamma": "scale",
    }
    configurations = {"rbf": svm_config(), "poly": poly, "late": poly | {"degree": 4}}
    space = {"trainable": "svm", "factors": ["dataset", "kernel", "C", "degree", "gamma"]}
    study = write_study(path / "svm", study_json(configurations, name="svm", space=space))
    kernel: dict[str, Any] = {
        "fit_seconds": 1.5,
        "predict_seconds": 0.25,
        "num_support_vectors": 321,
    }
    kernel |= {"converged": True, "solver": "scikit-learn", "num_train_images": 490}
    write_trial(study, "k1", svm_config(), {1: ["rbf"]}, [line(1, milestone=True, **kernel)])
    stopped = kernel | {"converged": False, "status": "unconverged"}
    write_trial(study, "k2", poly, {1: ["poly"]}, [line(1, milestone=True, **stopped)])
    return load_study(study)


def device_study(path: Path) -> Study:
    arms: dict[str, Any] = {
        f"{device}_{optimizer}": resnet_config(
            dataset="fashion_mnist", device=device, optimizer=optimizer
        )
        for device in ("cpu", "cuda")
        for optimizer in ("sgd", "adam")
    }
    space = {"factors": ["device", "optimizer", "model"]}
    study = write_study(path / "q2", study_json(arms, name="q2", space=space))
    costs = {"macs": 33_184_000, "flops": 66_107_904, "num_parameters": 11_180_000}
    seconds = {"cpu_sgd": 60.0, "cuda_sgd": 2.5, "cuda_adam": 3.0}
    for config_id, taken in seconds.items():
        device = arms[config_id]["device"]
        result = line(2, milestone=True, train_seconds=taken, device=device, **costs)
        write_trial(study, f"k_{config_id}", arms[config_id], {2: [config_id]}, [result])
    return load_study(study)


SIZES = (1000, 2000, 4000, 8000)


def scaling_study(path: Path, sizes: tuple[int, ...] = SIZES) -> Study:
    """Return a study whose fits take 2e-6 n² seconds; the largest one did not converge."""
    configurations = {f"n{size}": svm_config(num_train_images=size) for size in SIZES}
    space = {"trainable": "svm", "factors": ["dataset", "kernel", "num_train_images"]}
    study = write_study(path, study_json(configurations, name="scaling", space=space))
    for size in sizes:
        kernel = {"fit_seconds": 2e-6 * size**2, "predict_seconds": 1e-3 * size}
        kernel |= {"num_support_vectors": 100, "num_train_images": size}
        if size == max(SIZES):
            kernel |= {"status": "unconverged", "fit_seconds": 1.0}
        result = line(1, milestone=True, **kernel)
        write_trial(study, f"k{size}", configurations[f"n{size}"], {1: [f"n{size}"]}, [result])
    return load_study(study)


def models_study(path: Path, seeds: tuple[int, ...], **accuracies: tuple[float, float]) -> Study:
    """Return a study of models with given validation and test accuracies at every seed."""
    configurations = {model: resnet_config(model=model) for model in accuracies}
    write_study(path, study_json(configurations, seeds=seeds))
    for model, (val, test) in accuracies.items():
        for seed in seeds:
            result: dict[str, Any] = {"val_accuracy": val, "test_accuracy": test}
            lines = [line(2, milestone=True, **result)]
            write_trial(
                path, f"{model}{seed}", configurations[model], {2: [model]}, lines, seed=seed
            )
    return load_study(path)
