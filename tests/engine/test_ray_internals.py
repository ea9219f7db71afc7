"""Every private name of Ray that is touched, one by one, and what is done with each."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune.experiment import Trial

from tune_app.engine import ray_internals, tune_internals

PACKAGE = Path(ray_internals.__file__).parent.parent
TUNE = "ray.tune.execution"
FUNCTIONS = [
    ("ray", "init", ["address", "num_cpus", "include_dashboard", "dashboard_host", "kwargs"]),
    ("ray._private.services", "canonicalize_bootstrap_address", ["addr"]),
    ("ray._private.services", "start_ray_process", ["command"]),
    ("ray._private.services", "get_node_ip_address", ["address"]),
    ("ray._private.worker", "print_to_stdstream", ["data", "ignore_prefix"]),
    (
        "ray.air.execution._internal.actor_manager",
        "RayActorManager._actor_task_failed",
        ["self", "tracked_actor_task", "exception"],
    ),
    ("ray.tune.registry", "_Registry.register", ["self", "category", "key", "value"]),
    ("ray.tune.registry", "_Registry.get", ["self", "category", "key"]),
    ("ray.tune.registry", "_Registry.contains", ["self", "category", "key"]),
    (
        f"{TUNE}.experiment_state",
        "_ExperimentCheckpointManager.on_trial_checkpoint",
        ["self", "trial"],
    ),
    (
        f"{TUNE}.tune_controller",
        "TuneController.update_max_pending_trials",
        ["self", "max_pending_trials"],
    ),
]
"""Module, name, and the parameters that a call or a replacement relies on."""
ATTRIBUTES = [
    (f"{TUNE}.tune_controller", "TuneController", "_actor_to_trial"),
    (f"{TUNE}.tune_controller", "TuneController", "_pending_trials"),
    (f"{TUNE}.tune_controller", "TuneController", "_paused_trials"),
    (f"{TUNE}.tune_controller", "TuneController", "_resetting_trials"),
    ("ray.tune.experiment.trial", "Trial", "max_failures"),
    ("ray.tune.experiment.trial", "Trial", "temporary_state"),
    ("ray.tune.experiment.trial", "_TemporaryTrialState", "ray_actor"),
    ("ray.air.execution._internal.tracked_actor", "TrackedActor", "_on_error"),
    ("ray.air.execution._internal.tracked_actor_task", "TrackedActorTask", "_tracked_actor"),
    ("ray.air.execution._internal.tracked_actor_task", "TrackedActorTask", "_on_error"),
]
"""Module, class, and an attribute that its instances are given."""


def found(module: str, path: str) -> Any:
    value = importlib.import_module(module)
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize(("module", "path", "parameters"), FUNCTIONS, ids=lambda v: str(v)[:60])
def test_a_function_takes_what_is_relied_on(module: str, path: str, parameters: list[str]) -> None:
    names = list(inspect.signature(found(module, path)).parameters)
    if parameters[0] == "self":
        assert names == parameters
    assert set(parameters) <= set(names)


@pytest.mark.parametrize(("module", "path", "name"), ATTRIBUTES)
def test_an_instance_has_the_attribute(module: str, path: str, name: str) -> None:
    assert f"self.{name}" in inspect.getsource(found(module, path).__init__)


def test_ray_starts_its_processes_as_a_popen_that_can_be_replaced() -> None:
    services = importlib.import_module("ray._private.services")
    assert issubclass(services.ConsolePopen, subprocess.Popen)
    assert "= ConsolePopen(" in inspect.getsource(services.start_ray_process)


def test_ray_stays_on_loopback_where_there_are_no_clusters() -> None:
    constants = importlib.import_module("ray._private.ray_constants")
    assert constants.ENABLE_RAY_CLUSTERS_ENV_VAR == ray_internals._LOOPBACK_VARIABLE
    assert constants.ENABLE_RAY_CLUSTER is True
    services = importlib.import_module("ray._private.services")
    assert "ray_constants.ENABLE_RAY_CLUSTER" in inspect.getsource(services.get_node_ip_address)
    with ray_internals._loopback_only():
        assert services.get_node_ip_address() == "127.0.0.1"
        assert os.environ[ray_internals._LOOPBACK_VARIABLE] == "0"
    assert constants.ENABLE_RAY_CLUSTER is True
    assert ray_internals._LOOPBACK_VARIABLE not in os.environ


def test_jobs_find_their_configuration_under_ray_s_name() -> None:
    constants = importlib.import_module("ray._private.runtime_env.constants")
    assert constants.RAY_JOB_CONFIG_JSON_ENV_VAR == ray_internals.JOB_CONFIG_VARIABLE


def private_touches(path: Path) -> Iterator[str]:
    """Yield what a module does with Ray that only the two modules of internals may do."""
    tree = ast.parse(path.read_text())
    of_ray = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
            bound = {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
            bound = {alias.asname or alias.name for alias in node.names}
        else:
            continue
        names = [name for name in modules if name.split(".")[0] == "ray"]
        if names:
            of_ray |= bound
        yield from (name for name in names if "._" in name or name.startswith("ray.tune.execution"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and root(node) in of_ray:
            stored = isinstance(node.ctx, ast.Store)
            if stored or (node.attr.startswith("_") and not node.attr.startswith("__")):
                yield ast.unparse(node)
        if isinstance(node, ast.Call) and root(node.func) in of_ray:
            yield from (word.arg for word in node.keywords if (word.arg or "").startswith("_"))


def root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Call)):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


def test_no_other_module_touches_a_private_name_of_ray() -> None:
    own = [Path(module.__file__) for module in (ray_internals, tune_internals)]
    others = [path for path in PACKAGE.rglob("*.py") if path not in own]
    assert {path.name: list(private_touches(path)) for path in others} == {
        path.name: [] for path in others
    }
    touched = {touch for path in own for touch in private_touches(path)}
    assert {"_temp_dir", "ray._private.services", "registry._Registry"} <= touched


class Steps(tune.Trainable):
    def step(self) -> dict[str, Any]:
        return {"iteration": self.iteration}


def test_a_trial_that_is_killed_for_good_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed: list[object] = []
    monkeypatch.setattr("ray.kill", killed.append)
    trial = Trial("resnet", stub=True, max_failures=2)
    trial.temporary_state.ray_actor = actor = object()
    ray_internals.kill_for_good(trial)
    trial.run_metadata.num_failures = 1
    assert killed == [actor] and not trial.should_recover()


def test_a_restored_class_goes_on_counting() -> None:
    trainable = Steps()
    assert trainable.train()["training_iteration"] == 1
    ray_internals.set_iteration(trainable, 7)
    assert trainable.iteration == 7
    result = trainable.train()
    assert (result["iteration"], result["training_iteration"]) == (7, 8)
