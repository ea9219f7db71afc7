"""The commands and examples of the documentation run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.chaos.harness import ray_directory
from tests.docs.pages import PAGES, blocks, text_of
from tests.docs.prepared import prepare
from tests.docs.walk import is_target, other_commands, pattern_of, trains, walk_quickly, words_of
from tests.refusals import isolate

LANGUAGES = {"bash", "python", "text", "toml", "{eval-rst}"}


WITH_CODE = [p for p in PAGES if {b.language for b in blocks(p)} & {"bash", "python"}]


def _to_run(page: str) -> list[list[str]]:
    """Return the commands of a page that train."""
    lines = [c for b in blocks(page) if b.language == "bash" and b.is_run for c in b.commands()]
    return [words for words in map(words_of, lines) if trains(words)]


@pytest.mark.parametrize("page", PAGES)
def test_a_block_says_its_language_and_why_it_is_not_run(page: str) -> None:
    assert {block.language for block in blocks(page)} <= LANGUAGES
    assert [b.text for b in blocks(page) if b.language == "text" and not b.mark] == []
    assert other_commands(page) == []


@pytest.mark.parametrize("page", PAGES)
def test_a_wrapped_line_begins_no_list(page: str) -> None:
    lines = text_of(page).splitlines()
    begun = [
        line
        for before, line in pairwise(lines)
        if re.match(r" +(?:1\.|[-+*]) ", line) and before.strip() and not before.endswith(":")
    ]
    assert begun == []


@pytest.mark.parametrize("page", WITH_CODE)
def test_commands_and_examples_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    isolate(monkeypatch, tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    prepare(tmp_path)
    assert walk_quickly(page, tmp_path) == []


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("page", [page for page in PAGES if _to_run(page)])
def test_studies_of_a_page_are_trained(page: str, tmp_path: Path) -> None:
    for block in blocks(page):
        if block.file:
            (tmp_path / block.file).write_text(block.text)
        elif block.language == "python" and block.mark == "slow":
            done = _run_in(tmp_path, "-c", block.text)
            assert done.returncode == 0, done.stdout
        elif block.language == "bash" and block.is_run:
            for words in map(words_of, block.commands()):
                if trains(words):
                    done = _run_in(tmp_path, "-m", "tune_app", *words)
                    assert done.returncode == 0, done.stdout


def _run_in(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder; everything that it prints is the output."""
    variables = {**os.environ, "RAY_TMPDIR": str(ray_directory())}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_a_network_of_ones_own_needs_no_root() -> None:
    text = " ".join(text_of("docs/security.md").split())
    [unshare] = re.findall(r"`(unshare .*?) sh -c 'ip link set lo up;", text)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    words = nobody if os.geteuid() == 0 else ()
    if not all(map(shutil.which, ("ip", "unshare", *words[:1]))):
        pytest.skip("no ip, unshare or setpriv")
    if subprocess.run([*words, "unshare", "--user", "true"], check=False).returncode:
        pytest.skip("no namespaces of users")
    up = subprocess.run([*words, *unshare.split(), "ip", "link", "set", "lo", "up"], check=False)
    assert up.returncode == 0


def test_an_output_is_compared_line_by_line() -> None:
    assert re.fullmatch(pattern_of("a (1)\n…\nc\n"), "a (1)\nb\nbb\nc\n")
    assert re.fullmatch(pattern_of("a\n…\n"), "a\n")
    assert not re.fullmatch(pattern_of("a (1)\n…\nc\n"), "a (2)\nc\n")
    assert not re.fullmatch(pattern_of("a\n"), "a\nb\n")


def test_a_target_that_the_makefile_lacks_is_no_command() -> None:
    assert is_target("make study") and not is_target("make coffee") and not is_target("rm x")
