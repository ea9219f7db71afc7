"""A search space in a file of the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from search_spaces.errors import UserError
from tune_app.planning.space_file import load_space


def test_a_users_file_is_a_space(tmp_path: Path) -> None:
    path = tmp_path / "my_space.py"
    path.write_text(
        "from ray import tune\n"
        "from search_spaces import SearchSpace\n"
        "SPACE = SearchSpace(name='mine', question='Which?', trainable='svm',\n"
        "    param_space={'C': tune.grid_search([1, 10])}, factors=('C',))\n"
    )
    assert load_space(str(path)).num_configurations() == 2


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("x = (", "line 1: '(' was never closed"),
        ("import nothing_like_this", "ModuleNotFoundError: No module named"),
        ("x = 1", "holds 0 SearchSpace objects"),
        (
            "from search_spaces import SearchSpace\nS = SearchSpace(nam='x')",
            "SearchSpace has no field 'nam'; did you mean 'name'?",
        ),
        ("from search_spaces import SearchSpace\nS = SearchSpace(name='x')", "needs the fields"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_a_users_mistakes_are_one_line(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "my_space.py"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        load_space(str(path))
    assert part in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["nope", "./nope.py", "q1", ""])
def test_unknown_spaces_are_refused(name: str) -> None:
    with pytest.raises(UserError, match=r"no such|allowed"):
        load_space(name)


OWN = "SearchSpace(name='mine', question='?', trainable='svm', param_space={'C': 1}, factors=())"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"from search_spaces.q1b import SPACE as BASE\nSPACE = {OWN}", "mine"),
        (f"from search_spaces.q1b import SPACE\nMINE = {OWN}", "mine"),
        ("from search_spaces.q1b import SPACE as BASE", "q1b"),
        (f"OTHER = {OWN.replace('mine', 'other')}\nSPACE = {OWN}", "mine"),
        (
            "from search_spaces.q1b import SPACE as BASE\n"
            "import dataclasses\nSPACE = dataclasses.replace(BASE, name='mine')",
            "mine",
        ),
    ],
)
def test_the_space_that_a_file_defines_counts(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "my_space.py"
    path.write_text(f"from search_spaces import SearchSpace\n{text}\n")
    assert load_space(str(path)).name == name


def test_of_several_spaces_one_is_to_be_named(tmp_path: Path) -> None:
    path = tmp_path / "my_space.py"
    path.write_text(f"from search_spaces import SearchSpace\nA = {OWN}\nB = {OWN}\n")
    with pytest.raises(UserError, match="2 SearchSpace objects, none of them named SPACE"):
        load_space(str(path))
