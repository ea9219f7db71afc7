"""What a user can name stands on a page: fields, parameters, samplers, variables, files."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterable
from dataclasses import fields
from typing import get_args

import pytest

from analysis.checks.claims import VERDICTS as OF_CLAIMS
from analysis.compare.verdict import Word
from analysis.figures.forest import VERDICTS as OF_STEPS
from search_spaces.domains import KINDS
from search_spaces.measure import Measure
from search_spaces.space import FIELD_NAMES
from tests.docs.pages import PAGES, ROOT, text_of
from tune_app.data.array_data import ArrayData
from tune_app.planning.search.registry import SAMPLERS
from tune_app.storage.store import STUDY_FILE
from tune_app.study.rows import STATES
from tune_app.study.search_log import SEARCH_FILE
from tune_app.study.stop import STOPPED_FILE
from tune_app.study.trial_directory import ERROR_FILE, OUTPUT_FILE, PARAMS_FILE, RETURNED_FILE
from tune_app.study.trial_record import RESULT_FILE
from tune_app.training.classifier_family import classifier
from tune_app.training.registry import TRAINABLES
from tune_app.training.reported_names import OF_CLASSIFIER, OF_SVM

OF_OTHERS = {"NETRC"}
"""Variables in which other programs find what is theirs."""
OWN_WORK = ("own_work", "spaces", "data", "training", "search")
"""The pages about what a file with a search space may have."""


def names_missing(names: Iterable[str], *pages: str) -> list[str]:
    """Return the names that stand on none of the pages as code."""
    text = "\n".join(text_of(page) for page in pages)
    return [name for name in names if not re.search(rf"""(?<=[`"( ]){name}(?=[`"=(])""", text)]


@pytest.mark.parametrize(
    "names",
    [
        FIELD_NAMES,
        [field.name for field in fields(Measure)],
        inspect.signature(classifier).parameters,
        inspect.signature(ArrayData.from_image_folder).parameters.keys() - {"path", "more"},
    ],
    ids=["SearchSpace", "Measure", "classifier", "from_image_folder"],
)
def test_every_field_is_described(names: Iterable[str]) -> None:
    assert names_missing(names, *(f"docs/{page}.md" for page in OWN_WORK)) == []


@pytest.mark.parametrize("trainable", TRAINABLES)
def test_every_parameter_of_a_shipped_trainable_is_described(trainable: str) -> None:
    assert names_missing(TRAINABLES[trainable].parameters, "docs/training.md") == []


def test_every_value_that_a_shipped_parameter_may_have_is_named() -> None:
    parameters = [p for trainable in TRAINABLES.values() for p in trainable.parameters.values()]
    values = {value for p in parameters for value in p.allowed if isinstance(value, str)}
    assert names_missing(values, "docs/training.md", "docs/data.md") == [] and "adamw" in values


def test_every_measure_of_a_shipped_trainable_is_described() -> None:
    reported = {
        name for kind in (OF_CLASSIFIER, OF_SVM) for names in kind.values() for name in names
    }
    text = text_of("docs/training.md")
    plain = {name.removesuffix("_weighted") for name in reported}
    assert {name for name in plain if not re.search(rf"\b{name}\b", text)} == set()


def test_every_state_of_a_row_is_described() -> None:
    part = text_of("docs/studies.md").partition("### States of a row")[2].partition("\n## ")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", part, re.MULTILINE)) == STATES


@pytest.mark.parametrize(("title", "verdicts"), [("What each", OF_STEPS), ("Claims", OF_CLAIMS)])
def test_every_verdict_of_a_report_has_its_row(title: str, verdicts: Iterable[str]) -> None:
    part = re.split(rf"^##+ {title}", text_of("docs/report.md"), flags=re.MULTILINE)[1]
    rows = re.findall(r"^\| (.*?) \|", part.partition("\n## ")[0], re.MULTILINE)
    words = {re.sub(r" (?:in|for) these runs", "", verdict) for verdict in verdicts}
    named = {re.sub(r" .*these runs", "", word) for row in rows for word in row.split(", ")}
    assert words - named == set()


def test_every_verdict_of_a_comparison_is_described() -> None:
    text = " ".join(text_of("docs/compare.md").split())
    assert [word for word in get_args(Word) if not re.search(rf"\b{word}\b", text)] == []


def test_every_sampler_and_every_domain_has_its_row() -> None:
    rows = re.findall(r"^\| (`.*?) \|", text_of("docs/search.md"), re.MULTILINE)
    named = [word for row in rows for word in re.findall(r"`(?:tune\.)?(\w+)", row)]
    assert sorted(named) == sorted([*SAMPLERS, *KINDS])


def test_every_variable_of_the_environment_is_described() -> None:
    sources = (path for room in ("tune_app", "analysis") for path in (ROOT / room).rglob("*.py"))
    read = {
        name
        for path in sources
        for name in re.findall(r'environ\.get\("([A-Z_]+)"', path.read_text())
    }
    text = "\n".join(map(text_of, PAGES))
    described = {name for name in read if re.search(rf"\b{name}\b", text)}
    assert read - described == OF_OTHERS and len(read) > 9


def test_packages_that_are_to_be_installed_are_extras() -> None:
    """No index has this package, so the pages name the packages of an extra, not the extra."""
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    known = {
        re.split(r"[\[<>=; ]", line)[0]
        for lines in project["optional-dependencies"].values()
        for line in lines
    }
    named = re.findall(r"`pip install ([^`]+)`", "\n".join(map(text_of, PAGES)))
    assert {name for words in named for name in words.split()} <= known - {project["name"]}
    assert len(named) > 4


def test_every_file_of_a_study_is_described() -> None:
    files = [STUDY_FILE, SEARCH_FILE, PARAMS_FILE, RESULT_FILE]
    files += [ERROR_FILE, OUTPUT_FILE, RETURNED_FILE, STOPPED_FILE]
    text = text_of("docs/internals.md")
    assert [file for file in files if file not in text] == []
