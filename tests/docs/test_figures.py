"""Numbers in the documentation are those that a command or a study recorded."""

from __future__ import annotations

import json

from tests.benchmarks.__main__ import DOCUMENT, RESULTS
from tests.benchmarks.tables import BEGIN, BEGIN_PEERS, with_tables
from tests.docs.pages import blocks, text_of

MOST_LINES = 150
LINES_OF_OWN_WORK = 10


def test_the_readme_is_two_screens() -> None:
    assert len(text_of("README.md").splitlines()) <= MOST_LINES


def test_the_own_work_of_the_readme_has_ten_lines() -> None:
    [file] = [block for block in blocks("README.md") if block.language == "python"]
    lines = [line for line in file.text.splitlines() if line.strip()]
    assert lines[0] == f"# {file.file}" and len(lines) - 1 == LINES_OF_OWN_WORK


def test_the_tables_of_the_benchmarks_are_those_that_were_measured() -> None:
    page = DOCUMENT.read_text()
    assert page.count(BEGIN) == page.count(BEGIN_PEERS) == 1
    # `python -m tests.benchmarks NAME` measures and writes both.
    assert with_tables(page, json.loads(RESULTS.read_text())) == page
