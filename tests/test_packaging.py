"""The wheel and the source distribution are whole, and their description suits a package index."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Mapping
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from tune_app.storage.lock import LOCK_FILE

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("analysis", "search_spaces", "tune_app")
NOT_INSTALLED = ("analysis/screenshots",)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def build(folder: Path, target: str, out: Path) -> Path:
    """Build the wheel or the source distribution of a folder, which stays as it is."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target]
    done = subprocess.run(
        [*command, "--directory", str(out)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = out.iterdir()
    return built


def contents(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def wheel(built: Path) -> dict[str, bytes]:
    """The files of the wheel."""
    return contents(built)


@pytest.fixture(scope="module")
def metadata(wheel: Mapping[str, bytes]) -> Message:
    [name] = [name for name in wheel if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(wheel[name].decode())


def test_the_source_distribution_makes_the_same_wheel(
    tmp_path: Path, wheel: Mapping[str, bytes]
) -> None:
    source = build(ROOT, "sdist", tmp_path / "dist")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    [folder] = (tmp_path / "source").iterdir()
    assert contents(build(folder, "wheel", tmp_path / "again")) == wheel
    for name in (
        "Makefile",
        "constraints.txt",
        "CHANGELOG.md",
        "docs/guide.md",
        "tests/test_run.py",
    ):
        assert (folder / name).is_file(), name


def test_the_wheel_has_every_file_of_the_packages(wheel: Mapping[str, bytes]) -> None:
    kept = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != LOCK_FILE
    }
    wanted = {name for name in kept if not name.startswith(NOT_INSTALLED)}
    installed = {name for name in wheel if ".dist-info/" not in name}
    assert installed == wanted
    assert {f"{package}/py.typed" for package in PACKAGES} <= installed
    assert {name.partition("/")[0] for name in installed} == set(PACKAGES)


def test_the_size_that_the_documentation_names(built: Path) -> None:
    text = (ROOT / "docs" / "internals.md").read_text()
    [said] = re.findall(r"## The wheel\s+It has (\d+) MB", text)
    assert round(built.stat().st_size / 1e6) == int(said)


def test_the_description_is_shown_whole_on_an_index(metadata: Message) -> None:
    text = str(metadata.get_payload())
    assert metadata["Description-Content-Type"] == "text/markdown" and text.startswith("# tune_app")
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert all(link.startswith(("https://", "#")) for link in links), links
    assert "<img" not in text and "![" not in text
    prose = re.sub(r"\W+", " ", re.sub(r"!\[.*?\]\(.*?\)|\]\([^)]*\)", "", text))
    readme = (ROOT / "README.md").read_text()
    assert prose == re.sub(r"\W+", " ", re.sub(r"!\[.*?\]\(.*?\)|\]\([^)]*\)", "", readme))


def test_what_an_index_says_of_the_package(metadata: Message, wheel: Mapping[str, bytes]) -> None:
    assert metadata["Author"] == "the tune_app authors"
    assert metadata["License-Expression"].split(" AND ")[0] == "MIT"
    assert metadata.get_all("Project-URL") is None, "no host of ours exists"
    for name in metadata.get_all("License-File", []):
        assert any(path.endswith(f".dist-info/licenses/{name}") for path in wheel), name
    licences = b"".join(content for path, content in wheel.items() if "/licenses/" in path)
    for words in (b"MIT License", b"Zalando", b"CC BY-SA 3.0", b"Bitstream Vera"):
        assert words in licences
    [entry_points] = [n for n in wheel if n.endswith("entry_points.txt")]
    assert b"tune-app = tune_app.__main__:main" in wheel[entry_points]


def test_every_requirement_is_pinned() -> None:
    """A new requirement without a pin would be another version on every machine."""
    pinned = {
        re.sub("[-_.]+", "-", line.partition("==")[0]).lower()
        for line in (ROOT / "constraints.txt").read_text().split()
    }
    extras = dict(PROJECT["optional-dependencies"])
    del extras["trackio"]  # it needs an older Pillow
    required = [*PROJECT["dependencies"], *(line for lines in extras.values() for line in lines)]
    names = {re.split(r"[\[<>=; ]", line)[0] for line in required} - {PROJECT["name"]}
    assert {re.sub("[-_.]+", "-", name).lower() for name in names} <= pinned
