"""What the documentation names exists: files, links, modules, options, and commands as written."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from analysis import report
from analysis.checks.audit import command as audit
from analysis.checks.claims import command as claims
from analysis.compare import command as compare
from search_spaces import SHIPPED
from tests.docs.pages import PAGES as PUBLIC
from tests.docs.pages import ROOT, blocks, text_of
from tests.docs.walk import is_target
from tests.test_imports import BELOW
from tune_app.cli import (
    best_command,
    copy_command,
    env_command,
    init_command,
    list_command,
    predict_command,
    rm_command,
    run_command,
    show_command,
    status_command,
)
from tune_app.planning.space_file import load_space

PAGES = [*PUBLIC, "tests/data/README.md", "tests/data/audit_tables/README.md"]
PARSERS = {
    "init": init_command.build_parser(),
    "run": run_command.build_parser(),
    "list": list_command.build_parser(),
    "copy": copy_command.build_parser(),
    "rm": rm_command.build_parser(),
    "env": env_command.build_parser(),
    "show": show_command.build_parser(),
    "status": status_command.build_parser(),
    "best": best_command.build_parser(),
    "predict": predict_command.build_parser(),
    "report": report._parser(),
    "compare": compare.build_parser(),
    "audit": audit._parser(),
    "claims": claims._parser(),
}
_TOP = "analysis|docs|search_spaces|tests|tune_app"
_COMMAND = re.compile(r"(?:tune-app |python -m (?:tune_app|analysis)[. ])(\w+)(?![\w|])(.*)")


def words(page: str) -> list[str]:
    """Return what stands in single backticks."""
    prose = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose)


def anchors(path: Path) -> set[str]:
    """Return the names by which a page's headings can be linked to."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def commands(page: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each of our commands as it is written: its name and its arguments."""
    lines = [line for block in blocks(page) for line in block.text.splitlines()]
    for line in (*lines, *words(page)):
        found = _COMMAND.fullmatch(line)
        if found and "<" not in line:
            yield found[1], shlex.split(found[2], comments=True)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.exists(), f"{page}: {target}"
        assert not anchor or anchor in anchors(path), f"{page}: {target}"


@pytest.mark.parametrize("page", PAGES)
def test_files_and_modules_exist(page: str) -> None:
    for word in words(page):
        if re.fullmatch(rf"(?:{_TOP})(?:/[\w.*-]+)+/?|[A-Z]+\.md", word):
            assert list(ROOT.glob(word.rstrip("/"))), f"{page}: {word}"
        dotted = re.fullmatch(r"((?:analysis|search_spaces|tune_app)(?:\.\w+)+)\b.*", word)
        if dotted and not word.endswith(".py"):
            assert resolves(dotted[1]), f"{page}: {word}"


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_a_checkout_exist(page: str) -> None:
    for word in words(page):
        if word.startswith("make "):
            assert is_target(word), f"{page}: {word}"
        if module := re.match(r"(?:\S+/)?python -m (tests(?:\.\w+)+)", word):
            assert find_spec(module[1]) is not None, f"{page}: {word}"


def resolves(name: str) -> bool:
    """Return whether a dotted name is a module or something in one."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return hasattr(importlib.import_module(module), attribute)
    return True


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_taken(page: str) -> None:
    for name, arguments in commands(page):
        if name not in PARSERS:
            assert name in ("COMMAND", "NAME", "MODULE"), f"{page}: {name}"
            continue
        plain = [re.sub(r"^s3://.*", "results/x", word) for word in arguments]
        if plain and plain != ["--help"]:
            PARSERS[name].parse_args(plain)


@pytest.mark.parametrize(
    "page",
    ["docs/guide.md", "docs/studies.md", "docs/tracking.md", "docs/report.md", "docs/audit.md"],
)
def test_options_exist(page: str) -> None:
    known = {option for parser in PARSERS.values() for option in options(parser)}
    named = {w for word in words(page) for w in re.findall(r"(?<!\S)--[a-z][a-z-]*", word)}
    assert named - {"--logdir"} <= known and named


def options(parser: argparse.ArgumentParser) -> list[str]:
    return list(parser._option_string_actions)


@pytest.mark.parametrize("command", PARSERS)
def test_every_option_is_described(command: str) -> None:
    text = " ".join(text_of(page) for page in PUBLIC if page != "CHANGELOG.md")
    flags = [flag for flag in options(PARSERS[command]) if flag.startswith("--")]
    assert [flag for flag in flags if not re.search(rf"{flag}(?![\w-])", text)] == []


def test_the_shipped_spaces_are_listed() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+|any) \|", text_of("docs/spaces.md"), re.MULTILINE)
    sizes = {name: load_space(name).num_configurations() for name in SHIPPED}
    assert rows == [(name, str(size or "any")) for name, size in sizes.items()]


def test_the_index_links_to_every_page() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([^)#]+)\)", text_of("docs/README.md")))
    assert "docs/README.md" in text_of("README.md")


@pytest.mark.parametrize("page", PAGES)
def test_a_name_stands_in_the_file_that_a_page_says(page: str) -> None:
    for name, file in re.findall(r"`(\w+)` in `([\w/]+\.py)`", " ".join(text_of(page).split())):
        text = (ROOT / file).read_text()
        assert re.search(rf"^\s*(?:(?:def|class) )?{name}\b", text, re.MULTILINE), f"{name}: {file}"


def test_the_rooms_are_listed_from_the_top_down() -> None:
    tree = blocks("docs/internals.md")[0].text
    inner = tree.partition("tune_app/\n")[2].partition("\nanalysis/\n")[0]
    assert re.findall(r"^  (\w+)/ ", inner, re.MULTILINE) == list(reversed(BELOW))
    inner = tree.partition("\nanalysis/\n")[2].partition("\ntests/")[0]
    rooms = {path.parent.name for path in (ROOT / "analysis").glob("*/__init__.py")}
    assert set(re.findall(r"^  (\w+)/ ", inner, re.MULTILINE)) == rooms
