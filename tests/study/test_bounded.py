"""Files that somebody put into a study directory to be waited for, or to fill the memory."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.checks.audit.command import main as audit
from analysis.frames.load import load_study
from analysis.report import main as report
from tests.studies import QUICK, line, resnet_config, study_json, write_study, write_trial
from tune_app.cli.status_command import main as status_main
from tune_app.study.bounded import read_bounded, read_ends
from tune_app.study.trial_record import parse_records


def test_a_file_up_to_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_bounded(path, 5) == b"12345"
    with pytest.raises(OSError, match="larger than"):
        read_bounded(path, 4)
    assert read_ends(path, 3) == b"12345"
    path.write_bytes(b"1234567")
    assert read_ends(path, 3) == b"123\n567"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("other")])
def test_only_a_regular_file_is_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    (tmp_path / "other").write_bytes(b"1")
    make(tmp_path / "x")
    for read in (read_bounded, read_ends):
        with pytest.raises(OSError):
            read(tmp_path / "x", 9)
    if (tmp_path / "x").is_symlink():
        assert read_bounded(tmp_path / "x", 9, follow=True) == b"1"


def test_lines_after_the_first_million_are_named() -> None:
    records, problems = parse_records('{"a": 1}\n' + "\n" * 1_000_001 + "{}\n")
    assert records == [{"a": 1}] and problems == ["result.json: 3 unreadable lines"]


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"ValueError: x\n")
        file.truncate(10**11)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


FILES = ("params.json", "result.json", "error.txt", "launches/001.json", "weights/x.json")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("make", [sparse, os.mkfifo, os.mkdir, endless])
def test_no_file_of_a_study_is_waited_for_or_fills_the_memory(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    config = resnet_config()
    path = write_study(tmp_path / "grid", study_json({"a": config, "b": config | {"lr": 1}}))
    trial = write_trial(path, "k1", config, {2: ["a"]}, [line(1), line(2, milestone=True)])
    file = path / name if "/" in name else trial / name
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    make(file)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = 4096 * int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (used + 2_000_000_000, limits[1]))
    try:
        notes = load_study(path).notes
        assert report([str(path), *QUICK]) == 0
        assert audit([str(path)]) in (0, 1)
        assert status_main([str(path)]) in (0, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    if make is sparse and name in ("params.json", "result.json"):
        assert any(f"{name}: larger than" in note for note in notes)


def test_a_study_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = write_study(tmp_path / "grid", study_json({"a": resnet_config()}))
    sparse(path / "study.json")
    assert report([str(path), *QUICK]) == 2 and status_main([str(path)]) == 2


def test_more_rows_than_any_study_has_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_study(tmp_path / "grid", study_json({"a": resnet_config()}, seeds=range(100_001)))
    for command in (lambda words: report([*words, *QUICK]), audit, status_main):
        assert command([str(path)]) == 2
        said = capsys.readouterr().err
        assert "100,001 rows; no study has more than 100,000" in said and said.count("\n") == 1
