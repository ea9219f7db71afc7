"""Rooms import only the rooms below them, and heavy packages stay in the rooms that need them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tune_app

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("search_spaces", "tune_app", "analysis")
BELOW = {
    "storage": set[str](),
    "study": {"storage"},
    "data": {"study", "storage"},
    "cropped_conv": {"study", "storage"},
    "training": {"data", "cropped_conv", "study", "storage"},
    "planning": {"training", "data", "study", "storage"},
    "engine": {"planning", "training", "data", "study", "storage"},
    "cli": {"engine", "planning", "training", "data", "study", "storage"},
    "api": {"cli", "engine", "planning", "training", "data", "study", "storage"},
}
"""Room of ``tune_app`` -> the rooms that it may import."""
BELOW_IN_ANALYSIS = {"stats": set[str](), "frames": {"stats"}}
"""Lower room of ``analysis`` -> the rooms of it that it may import."""
RAY_IN = ("tune_app/engine/", "tune_app/training/trial_context.py", "search_spaces/")
"""Where Ray may be imported; a search space uses ``ray.tune.grid_search``."""
EXAMPLES = "search_spaces/examples/"
"""Files as users write them: they import what ``tune_app`` offers to users, and what they like."""
REACH_THE_REPORT = ("tune_app/cli/main.py", "tune_app/cli/best_command.py", "tune_app/api/")
"""Where ``analysis`` may be imported, inside of functions."""
REACH_THE_API = ("tune_app/cli/best_command.py",)
"""Commands that print what a function of the api returns; they import it inside of functions."""
MOST_FILES = 8
"""A package has no more files beside its rooms."""


def files(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found
    return found


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield the modules that a file imports, and whether that happens later or never."""

    def walk(node: ast.AST, inside: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0 and child.module, f"{path}: imports are absolute"
                yield from ((f"{child.module}.{alias.name}", inside) for alias in child.names)
            late = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            for_types = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from walk(child, inside or late or for_types)

    return walk(ast.parse(path.read_text()), False)


def room(module: str) -> str:
    """Return the room of a module of ``tune_app``, or the module's own package."""
    package, *inner = module.split(".")
    return f"tune_app.{inner[0]}" if package == "tune_app" and inner else package


def room_of_analysis(module: str) -> str | None:
    """Return the room of a module of ``analysis``, or None if it has none."""
    package, *inner = module.split(".")
    return inner[0] if package == "analysis" and inner else None


def allowed(path: Path) -> set[str]:
    """Return the packages and the rooms of ``tune_app`` that a file may import."""
    package, *inner = path.relative_to(ROOT).parts
    if path.relative_to(ROOT).as_posix().startswith(EXAMPLES):
        return {f"tune_app.{name}" for name in tune_app.__all__}
    if package == "search_spaces":
        return {"search_spaces"}
    if package == "analysis":
        return {"analysis", "search_spaces", "tune_app.study", "tune_app.storage"}
    if len(inner) == 1:  # the commands that a user types
        return {"tune_app.cli"}
    return {f"tune_app.{name}" for name in (inner[0], *BELOW[inner[0]])} | {"search_spaces"}


def against_the_arrows(path: Path) -> set[str]:
    """Return what a file imports of ours, of Ray and of torch although it may not."""
    place = path.relative_to(ROOT).as_posix()
    found = set()
    for module, inside in imports(path):
        target = room(module)
        if target == "analysis" and inside and place.startswith(REACH_THE_REPORT):
            continue
        if target == "tune_app.api" and inside and place in REACH_THE_API:
            continue
        is_ours = target.partition(".")[0] in PACKAGES and target != "tune_app"
        if is_ours and target not in allowed(path):
            found.add(target)
        from_bottom = module.startswith("search_spaces") and place.startswith("tune_app/storage/")
        if from_bottom and not module.startswith("search_spaces.errors"):
            found.add(target)
        if target == "ray" and not place.startswith(RAY_IN):
            found.add("ray")
        if target == "torch" and place.startswith(("tune_app/study/", "tune_app/storage/")):
            found.add("torch")
    return found


def test_rooms_import_only_what_lies_below_them() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), target)
        for package in PACKAGES
        for path in files(package)
        for target in against_the_arrows(path)
    }
    assert found == set(), "these go against the arrows of the design"


@pytest.mark.parametrize(("lower", "may"), BELOW_IN_ANALYSIS.items())
def test_lower_rooms_of_analysis_import_no_higher_ones(lower: str, may: set[str]) -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), module)
        for path in files(f"analysis/{lower}")
        for module, _ in imports(path)
        if room_of_analysis(module) not in {None, lower, *may}
    }
    assert found == set()


def test_every_room_is_known() -> None:
    rooms = {path.parent.name for path in (ROOT / "tune_app").glob("*/__init__.py")}
    assert rooms == BELOW.keys()


@pytest.mark.parametrize("package", ["tune_app", "analysis"])
def test_few_files_lie_outside_of_the_rooms(package: str) -> None:
    assert len(list((ROOT / package).glob("*.py"))) <= MOST_FILES


def loaded_by(code: str) -> set[str]:
    """Return the modules that are loaded when a program has run these lines."""
    code += "\nimport sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.split())


def test_the_report_needs_neither_torch_nor_ray() -> None:
    assert not loaded_by("import analysis.report") & {"torch", "ray"}


DRIVER = """
import importlib, pkgutil
import tune_app.cli, tune_app.engine, tune_app.planning, tune_app.storage, tune_app.study
from tune_app.engine import connection, gpus, user_code
from tune_app.training.registry import TRAINABLES

for room in (tune_app.cli, tune_app.engine, tune_app.planning, tune_app.storage, tune_app.study):
    for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
        importlib.import_module(module.name)
for name in ("resnet", "svm"):
    user_code.portable(TRAINABLES[name].function)
gpus._has_gpu_driver = lambda: False
assert connection.local_cluster().total("GPU") == 0
"""


def test_the_driver_imports_what_trains_only_in_workers() -> None:
    """Each of them takes one to four seconds before the first trial."""
    heavy = {"torch", "torchvision", "sklearn", "mlflow", "wandb", "tensorboardX"}
    assert not loaded_by(DRIVER) & heavy


def test_a_worker_that_trains_a_network_does_not_import_scikit_learn() -> None:
    found = loaded_by("import tune_app.training.classifier, ray.tune")
    assert "torch" in found and not found & {"sklearn", "scipy"}


@pytest.mark.parametrize("module", ["labs.svm", "labs.devices", "labs.drawn", "checks.claims"])
def test_a_room_can_be_imported_first(module: str) -> None:
    code = f"import analysis.{module}"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
