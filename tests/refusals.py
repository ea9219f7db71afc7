"""The rule that tests of bad input share: success, or one line and exit status 2, nothing else."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from search_spaces.errors import UserError
from tune_app.cli.run_command import main
from tune_app.data import images as data
from tune_app.data import sources
from tune_app.data.datasets import DatasetSpec
from tune_app.data.sources import PooledImages
from tune_app.engine import connection
from tune_app.planning import study_estimate
from tune_app.planning.resources import Cluster
from tune_app.storage import remote_folder
from tune_app.training.registry import TRAINABLES, Parameter, Trainable

COUNTING = Trainable(
    name="counting",
    function=lambda config, data, settings: None,
    parameters={
        "x": Parameter(int, default=0),
        "y": Parameter(float, default=0.0),
        "word": Parameter(str, default=""),
    },
    label=lambda config: f"x{config['x']}",
    uses_images=False,
)
"""A trainable that needs no images, so that a plan takes milliseconds."""

SPACE = """
from ray import tune
from search_spaces import SearchSpace
SPACE = SearchSpace(name="mine", question="?", trainable="counting", factors=("x",),
                    param_space={"x": tune.grid_search([1, 2, 3])})
"""

ODD_WORDS = st.sampled_from(
    (
        *(
            "",
            " ",
            "\0",
            "a\0b",
            "\n",
            "a\nb",
            "\x1b[31m",
            "\udcff",
            "\u2028",
            "é",
            "-1",
            "--",
            "-",
        ),
        *("=", "%s", "{}", "[bold]", "9" * 30, "9" * 5000, "1e999", "nan", "0", "0-", "-0", "١"),
        *("..", "../..", "/", "/etc/passwd", "/proc/self/mem", "~", "~nobody-at-all", "s3://x"),
        *("./nope.py", "tests", "sample", "full", "q1a", "a" * 300 + ".py", "a" * 100_000, "None"),
    )
)
WORDS = ODD_WORDS | st.text(max_size=20)

FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


FEWER = settings(FEW, max_examples=25)
"""For tests that read a whole study and write a report for each example."""


def isolate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Keep commands from Ray, the network, this machine's data and long measurements."""

    def unreachable(address: str | None) -> None:
        raise AssertionError(f"a bad command got as far as Ray ({address!r})")

    def offline(url: str) -> None:
        raise UserError(f"{url}: no network")

    monkeypatch.setattr(connection, "connect", unreachable)
    monkeypatch.setattr(remote_folder, "open_url", offline)
    monkeypatch.setattr(connection, "local_cluster", lambda: Cluster(({"CPU": 2.0},)))
    monkeypatch.setattr(sources, "_download", lambda spec, cache: "no network")
    monkeypatch.setattr(sources, "SYSTEM_FOLDER", folder / "nowhere")
    monkeypatch.setenv("TUNE_APP_DATA", str(folder / "nowhere"))
    monkeypatch.setattr(study_estimate, "probe_trials", lambda *_: {})
    monkeypatch.setattr(data, "read_pooled", _remembering(data.read_pooled))
    monkeypatch.setitem(TRAINABLES, "counting", COUNTING)
    monkeypatch.chdir(folder)


def _remembering(
    read: Callable[[DatasetSpec, str], PooledImages],
) -> Callable[[DatasetSpec, str], PooledImages]:
    known: dict[str, PooledImages] = {}

    def read_once(spec: DatasetSpec, source: str) -> PooledImages:
        if source != "sample":
            return read(spec, source)
        if spec.name not in known:
            known[spec.name] = read(spec, source)
        return known[spec.name]

    return read_once


def outcome(
    arguments: Sequence[str], command: Callable[[Sequence[str]], int] = main
) -> tuple[int, str]:
    """Run a command in this process; check the rule; return (exit status, its error or output)."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = command(list(arguments))
        except SystemExit as end:
            assert end.code == 0 and "usage: " in out.getvalue(), "only --help ends that way"
            return 0, out.getvalue()
    printed, error = out.getvalue(), err.getvalue()
    (printed + error).encode()  # what a terminal takes
    assert "Traceback" not in printed + error
    if status == 0:
        assert error == ""
        return status, printed
    assert status == 2, (status, error)
    assert error.startswith("error: ") and error.count("\n") == 1 and error.endswith("\n")
    assert len(error.splitlines()) == 1 and error[:-1].isprintable() and len(error) < 2_000
    return status, error


def snapshot(folder: Path) -> dict[str, bytes | str]:
    """Return every path below a folder with its content."""
    return {
        str(path): path.read_bytes() if path.is_file() and not path.is_symlink() else "other"
        for path in folder.rglob("*")
    }


def _nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value] if depth % 3 else {"a": value}
    return value


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.sampled_from([10**19, -(10**19), 10**400, 2**63, 1e308, float("nan"), float("inf"), 0.5])
    | st.text(max_size=8)
    | st.sampled_from(["../../x", "/etc/passwd", "\ud800", "a\nb", "null", "NaN", "", "001"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=5,
) | st.builds(_nested, st.sampled_from([30, 200, 900]))


ODD_VALUES = (
    JSON_VALUES
    | st.binary(max_size=3)
    | st.sampled_from(
        (
            *(10**5000, np.int64(3), np.float32(0.5), np.float64("nan"), np.bool_(True)),
            *(np.str_("x"), np.arange(3), {1, 2}, frozenset(), object(), (1, 2), 1j, print),
            *(range(10**7), range(0)),
        )
    )
)
