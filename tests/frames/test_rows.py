"""On which processors the rows of a study were timed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.frames.load import load_study
from analysis.frames.rows import UNKNOWN, UNKNOWN_GPU, processors_differ, processors_of
from analysis.frames.timing import same_conditions
from tests.studies import launch_json, line, resnet_config, study_json, write_study, write_trial


def launched(name: str, cpu: str, *gpus: str) -> dict[str, Any]:
    return launch_json(name, hardware={"cpu": cpu, "gpus": list(gpus)})


def timed(path: Path, launches: list[dict[str, Any]], rows: list[tuple[str, str]]) -> Any:
    """Return the rows of a study, which has one for each (launch, device)."""
    configs = {f"r{i}": resnet_config(lr=0.1 * (i + 1)) for i in range(len(rows))}
    write_study(path, study_json(configs, launches=launches))
    for (name, config), (launch, device) in zip(configs.items(), rows, strict=True):
        lines = [line(1, device=device), line(2, milestone=True, device=device)]
        write_trial(path, f"k-{name}", config, {2: [name]}, lines, launch=launch)
    return load_study(path).rows


def test_two_gpus_beside_the_same_processor_are_told_apart(tmp_path: Path) -> None:
    launches = [launched("001", "EPYC", "A100", "A100"), launched("002", "EPYC", "H100")]
    rows = timed(tmp_path / "s", launches, [("001", "cuda"), ("002", "cuda"), ("001", "cpu")])
    assert rows["timed_on"].tolist() == ["A100 beside EPYC", "H100 beside EPYC", "EPYC"]
    one, two, cpu = (rows.iloc[[i]].reset_index(drop=True) for i in range(3))
    assert not same_conditions(one, two).item() and same_conditions(one, one).item()
    assert same_conditions(one, cpu).item() and same_conditions(cpu, two).item()


@pytest.mark.parametrize("devices", [("cpu", "cpu"), ("cpu", "cuda")])
def test_one_machine_is_not_named(tmp_path: Path, devices: tuple[str, str]) -> None:
    """The GPUs of a machine do not matter to rows on its processor, nor do unused launches."""
    launches = [launched("001", "EPYC", "A100"), launched("002", "EPYC"), launched("003", "Xeon")]
    second = "001" if "cuda" in devices else "002"
    rows = timed(tmp_path / "s", launches, [("001", devices[0]), (second, devices[1])])
    assert "timed_on" not in rows


@pytest.mark.parametrize(
    ("names", "differ"),
    [
        (["X"], False),
        (["X", "Y"], True),
        (["X", "G beside X"], False),
        (["Y", "G beside X"], True),
        (["G beside X", "H beside X"], True),
        (["X and then Y"], True),
        ([], False),
    ],
)
def test_which_processors_differ(names: list[str], differ: bool) -> None:
    assert processors_differ(names) == differ


def test_what_is_not_recorded_is_said() -> None:
    found = processors_of([{"hardware": {"gpus": ["A100", "H100", "A100"]}}, {"hardware": 3}])
    assert found["001"].name("cuda") == f"A100 or H100 beside {UNKNOWN}"
    assert found["002"].name("cuda") == f"{UNKNOWN_GPU} beside {UNKNOWN}"
    assert found["002"].name("cpu") == found["002"].name(None) == UNKNOWN
