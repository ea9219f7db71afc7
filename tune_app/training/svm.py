"""Train a support vector machine on raw inputs, with oneDAL's solver if it is installed."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

from search_spaces.errors import UserError
from tune_app.data.split_data import SplitData, subset_train
from tune_app.training.launch_settings import LaunchSettings
from tune_app.training.memory import peak_memory_mb
from tune_app.training.metrics import classification_metrics
from tune_app.training.probe import SUPPORT_POWER, KernelTimes, Probe
from tune_app.training.svm_votes import predict
from tune_app.training.trial_context import TrialContext

KERNEL_CACHE_MB = 2_000
"""Kernel cache of scikit-learn's own solver. With its default of 200 MB it computes the kernel of
tens of thousands of images again and again."""
ONEDAL = "scikit-learn-intelex"
"""The name of oneDAL's solver in recorded rows."""
ONEDAL_MAX_ITER = 10_000
"""oneDAL's limit if ``max_iter`` is -1. For libsvm -1 means no limit, but oneDAL needs one."""
_NUM_PROBES, _NUM_ITEMS = 2, 2_000
"""Of the measurement of a kind of trial: how many fits, and to how many items."""
_MOST_SQUARED = 1_400
"""Training items of each class, up to which oneDAL's fit grows with their square (measured)."""


def train_svm(
    config: dict[str, Any], *, data: Mapping[str, SplitData], settings: LaunchSettings
) -> None:
    """Run one trial: fit, predict validation and test items, and report once."""
    trial = TrialContext(config, settings)
    if trial.is_recorded():
        return
    images = data[config["dataset"]].at_seed(config["seed"])
    if config["num_train_images"] is not None:
        images = subset_train(images, config["num_train_images"], config["seed"])
    metrics, predictions = fit_and_predict(config, images, trial.num_threads())
    labels = images.labels[images.test]
    metrics["predictions_file"] = trial.save_predictions(1, predictions, labels)
    trial.report(metrics)


class _Fitted(NamedTuple):
    """A fitted machine.

    Attributes:
        machine: the ``SVC``.
        solver: the name of its solver.
        gamma: its gamma, a number.
        is_used: (features,): which inputs it has.
        num_iterations: the most iterations of any of its binary machines, or -1 if unknown.
        converged: whether it was fitted to the end.
        seconds: the time of the fit.
        cpu_seconds: the CPU time of the fit.
    """

    machine: Any
    solver: str
    gamma: float
    is_used: npt.NDArray[np.bool_]
    num_iterations: int
    converged: bool
    seconds: float
    cpu_seconds: float

    def predict(
        self, data: SplitData, positions: npt.NDArray[Any], num_threads: int
    ) -> npt.NDArray[Any]:
        """Return the predicted classes of items, (N,)."""
        pixels = _pixels(data, positions)[:, self.is_used]
        return predict(self.machine, pixels, self.gamma, num_threads)


def fit_and_predict(
    config: Mapping[str, Any], data: SplitData, num_threads: int
) -> tuple[dict[str, Any], npt.NDArray[Any]]:
    """Return (the trial's metrics, predicted classes of the test items).

    There is no ``train_accuracy``, because predicting all training items costs as much as the fit.

    Raises:
        UserError: the data have no classes, or their inputs are not numbers.
    """
    _check_data(data)
    fitted = _fit(config, data, num_threads)
    started = time.perf_counter()
    val_predictions = fitted.predict(data, data.val, num_threads)
    predicting = time.perf_counter()
    predictions = fitted.predict(data, data.test, num_threads)
    predicted = time.perf_counter()
    metrics = {
        "epoch": 1,
        "milestone": 1,
        "status": "ok" if fitted.converged else "unconverged",
        "val_accuracy": float(np.mean(val_predictions == data.labels[data.val])),
        "fit_seconds": fitted.seconds,
        "train_seconds": fitted.seconds,
        "epoch_seconds": fitted.seconds + predicted - started,
        "eval_seconds": predicted - started,
        "predict_seconds": predicted - predicting,
        "cpu_seconds": fitted.cpu_seconds,
        "images_per_second": len(data.train) / fitted.seconds,
        "peak_memory_mb": peak_memory_mb(),
        "num_support_vectors": int(fitted.machine.support_vectors_.shape[0]),
        "num_train_images": len(data.train),
        "num_iterations": fitted.num_iterations,
        "converged": fitted.converged,
        "solver": fitted.solver,
        "device": "cpu",
        "precision": "float32",
    }
    metrics |= classification_metrics(data.labels[data.test], predictions, data.num_classes)
    return metrics, predictions


def _fit(config: Mapping[str, Any], data: SplitData, num_threads: int) -> _Fitted:
    """Fit a machine to the training items.

    Pixels that are 0 in every image of the data set are left out (a twelfth of MNIST's): they add
    nothing to the product of two images. Gamma is computed from all pixels before.
    """
    solver, svc_class = find_solver(num_threads)
    max_iter = config["max_iter"]
    if max_iter == -1 and solver == ONEDAL:
        max_iter = ONEDAL_MAX_ITER
    pixels = _pixels(data, data.train)
    gamma = _gamma(config["gamma"], pixels)
    is_used = np.asarray(data.inputs.reshape(len(data.inputs), -1).any(axis=0))
    is_used[0] |= not is_used.any()  # a machine takes at least one number
    pixels = np.ascontiguousarray(pixels[:, is_used])
    chosen = {name: config[name] for name in ("kernel", "C", "degree")}
    chosen |= {"gamma": gamma, "max_iter": max_iter, "random_state": config["seed"]}
    machine = svc_class(**chosen, cache_size=KERNEL_CACHE_MB)
    cpu_started, started = time.process_time(), time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        machine.fit(pixels, data.labels[data.train])
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    num_iterations = int(np.max(np.asarray(getattr(machine, "n_iter_", -1))))
    stopped = any(issubclass(w.category, ConvergenceWarning) for w in caught)
    converged = not stopped and (max_iter == -1 or num_iterations < max_iter)
    return _Fitted(machine, solver, gamma, is_used, num_iterations, converged, seconds, cpu_seconds)


def _gamma(gamma: str | float, pixels: npt.NDArray[np.float32]) -> float:
    """Return gamma as a number; ``scale`` and ``auto`` mean what they mean in scikit-learn."""
    if gamma == "scale":
        variance = float(pixels.var())
        return 1 / (pixels.shape[1] * variance) if variance else 1.0
    return 1 / pixels.shape[1] if gamma == "auto" else float(gamma)


def find_solver(num_threads: int) -> tuple[str, Callable[..., Any]]:
    """Return (name, SVC class) of oneDAL's solver if it is installed, otherwise of libsvm's."""
    try:
        import daal4py
        from sklearnex.svm import SVC
    except ImportError:
        from sklearn.svm import SVC as LIBSVM_SVC

        return "scikit-learn", LIBSVM_SVC
    daal4py.daalinit(nthreads=num_threads)
    return ONEDAL, SVC


def _check_data(data: SplitData) -> None:
    if data.class_names is None or data.inputs.dtype.kind not in "biuf":
        of = "complex numbers" if data.inputs.dtype.kind == "c" else "text"
        what = "targets instead of classes" if data.class_names is None else f"inputs of {of}"
        raise UserError(
            f"data set {data.name} has {what}; trainable svm takes numbers and classes; give "
            "other data or another trainable"
        )
    if len(np.unique(data.labels[data.train])) < 2:
        raise UserError(
            f"data set {data.name} has one class alone among its training items; a support vector "
            "machine takes two or more; give other data, or more of them"
        )


def _pixels(data: SplitData, indices: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return inputs as rows, shape (N, numbers of an item); bytes are pixels, made 0 to 1."""
    pixels: npt.NDArray[np.float32] = data.inputs[indices].reshape(len(indices), -1)
    pixels = pixels.astype(np.float32)
    return pixels / np.float32(255) if data.inputs.dtype == np.uint8 else pixels


def probe(config: Mapping[str, Any], data: SplitData, num_threads: int) -> Probe:
    """Measure the fit to 2,000 images and the prediction of as many.

    With fewer images a fit says little of a long one: it is all overhead. A first one, which does
    not count, warms the library up. Of the next ones the shortest counts, because a disturbance of
    a fraction of a second would be multiplied by hundreds.
    """
    small = _part(data, _NUM_ITEMS)
    seeded = {**config, "seed": 0}
    fit_and_predict(seeded, _part(data, _NUM_ITEMS // 8), num_threads)
    fits = [fit_and_predict(seeded, small, num_threads)[0] for _ in range(_NUM_PROBES)]
    shortest = {name: min(fit[name] for fit in fits) for name in ("fit_seconds", "eval_seconds")}
    num_train, num_evaluated = len(small.train), len(small.val) + len(small.test)
    works_on_sets = find_solver(num_threads)[0] == ONEDAL
    return Probe(
        KernelTimes(
            per_square=shortest["fit_seconds"] / num_train**2,
            per_eval=shortest["eval_seconds"] / num_evaluated / num_train**SUPPORT_POWER,
            most_squared=_MOST_SQUARED * data.num_classes if works_on_sets else None,
            most_train=config["num_train_images"],
        )
    )


def _part(data: SplitData, num: int) -> SplitData:
    """Return the data with so many of their items in each split: more if there are more classes."""
    num = max(num, data.num_classes)
    part = subset_train(data, num, 0) if num < len(data.train) else data
    return replace(part, val=data.val[:num], test=data.test[:num])
