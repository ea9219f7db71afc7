"""The process of a user's function: generators, threads, output."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from tune_app.engine import own_process
from tune_app.engine.own_process import (
    captured_output,
    ends_forks,
    fixed_threads,
    prepare_process,
    seed_generators,
)
from tune_app.storage.local_store import LocalStore
from tune_app.storage.open_store import store_at


def drawn() -> tuple[float, float, float]:
    return random.random(), float(np.random.random()), float(torch.rand(1))


def test_a_seed_decides_the_numbers_of_all_generators() -> None:
    found = []
    for seed in (0, 1, 0):
        seed_generators(seed, with_torch=True)
        found.append(drawn())
    assert found[0] == found[2]
    assert not set(found[0]) & set(found[1])
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    assert found[1] == drawn(), "as a script that seeds them itself"


@pytest.mark.parametrize(("with_torch", "is_there"), [(False, "False"), (True, "True")])
def test_torch_is_imported_only_for_a_function_that_uses_it(
    with_torch: bool, is_there: str
) -> None:
    code = (
        "import sys; from tune_app.engine.own_process import seed_generators\n"
        f"seed_generators(0, with_torch={with_torch}); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == is_there


@pytest.fixture
def _threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = torch.get_num_threads()
    for name in own_process._THREAD_VARIABLES:
        monkeypatch.setenv(name, "7")
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_threads")
def test_libraries_get_as_many_threads_as_the_trial_has_cpus() -> None:
    with fixed_threads(1):
        assert torch.get_num_threads() == 1
        assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
    with fixed_threads(2):
        assert torch.get_num_threads() == 2 and os.environ["OPENBLAS_NUM_THREADS"] == "2"


@pytest.mark.usefixtures("_threads")
def test_a_stopped_function_gets_time_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNE_FUNCTION_THREAD_TIMEOUT_S", "2")
    prepare_process()
    assert int(os.environ["TUNE_FUNCTION_THREAD_TIMEOUT_S"]) >= 3_600


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tune" / "001" / "a" / "output.txt"


def captured(path: Path) -> Any:
    return captured_output(LocalStore(path.parents[3]), path)


def test_what_is_printed_is_in_a_file_at_once(path: Path) -> None:
    with captured(path):
        assert not path.exists()
        print("to stdout")
        print("to stderr", file=sys.stderr)
        assert path.read_text() == "to stdout\nto stderr\n"
        print("an odd one: \ud800 é", end="")
    print("not this")
    assert path.read_text() == "to stdout\nto stderr\nan odd one: \\ud800 é"


def test_a_function_that_prints_nothing_leaves_no_file(path: Path) -> None:
    with captured(path):
        print("", end="")
    assert not path.exists()


def test_a_retry_goes_on_in_the_same_file(path: Path) -> None:
    for word in ("first", "second"):
        with captured(path):
            print(word)
    assert path.read_text() == "first\nsecond\n"


def test_what_was_printed_before_an_error_is_kept(path: Path) -> None:
    def fail() -> None:
        with captured(path):
            print("before", end="")
            raise KeyError("gone")

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "before"


def test_output_ends_at_a_size(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_process, "MOST_OUTPUT_BYTES", 10)
    with captured(path):
        for _ in range(5):
            print("12345")
    assert path.read_text() == "12345\n1234\nmore output is left out\n"
    with captured(path):
        print("again")
    assert path.read_text().endswith("left out\nagain\n"), "an attempt of its own"


def test_it_is_a_stream_as_libraries_expect_it(path: Path) -> None:
    with captured(path):
        sys.stdout.buffer.write(b"\xff\x00binary\n")
        sys.stdout.writelines(["a", "b\n"])
        sys.stdout.close()
        print("still", flush=True)
        assert not sys.stdout.isatty() and sys.stdout.encoding == "utf-8"
        subprocess.run(["echo", "another program"], stdout=sys.stdout, check=True)
    assert path.read_bytes() == b"\xff\x00binary\nab\nstill\nanother program\n"


def test_logging_that_was_set_up_in_one_trial_serves_the_next(path: Path) -> None:
    logger = logging.getLogger("of_a_user")
    try:
        with captured(path):
            logger.addHandler(logging.StreamHandler())
            logger.warning("first")
        with captured(path.with_name("other.txt")):
            logger.warning("second")
        logger.warning("after the end")
    finally:
        logger.handlers.clear()
    assert path.read_text() == "first\n"
    assert path.with_name("other.txt").read_text() == "second\n"


def test_a_thread_that_prints_after_the_end_disturbs_nobody(path: Path) -> None:
    ended, problems = threading.Event(), []

    def print_late(stream: Any) -> None:
        ended.wait()
        try:
            print("late", file=stream, flush=True)
        except Exception as error:
            problems.append(error)

    with captured(path):
        print("in time")
        thread = threading.Thread(target=print_late, args=(sys.stdout,))
        thread.start()
    ended.set()
    thread.join()
    assert path.read_text() == "in time\n" and problems == []


FORKS = """
import os, sys
from tune_app.engine.own_process import ends_forks

def train():
    child = os.fork()
    if child == 0:
        {work}
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

with ends_forks():
    print("waited:", train())
print("goes on", flush=True)
"""


@pytest.mark.parametrize(
    ("work", "status", "error"),
    [("raise ValueError('lost')", 1, "ValueError: lost"), ("return 0", 0, "")],
)
def test_a_forked_process_ends_where_the_function_does(work: str, status: int, error: str) -> None:
    code = FORKS.format(work=work)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout.splitlines()[-2:] == [f"waited: {status}", "goes on"]
    assert error in done.stderr


def test_an_error_of_the_function_itself_passes() -> None:
    with pytest.raises(ValueError, match="mine"), ends_forks():
        raise ValueError("mine")


def test_what_several_attempts_and_processes_print_is_kept_at_a_url(tmp_path: Path) -> None:
    """Each opens the study anew, as a worker of a trial on several GPUs does for every epoch."""
    for text in ("one", "", "one", "two"):
        store = store_at((tmp_path / "mine").as_uri(), keeps=False)
        with captured_output(store, store.root / "tune/001/a/output.txt"):
            print(text, end="\n" if text else "")
    assert (tmp_path / "mine/tune/001/a/output.txt").read_text() == "one\none\ntwo\n"
