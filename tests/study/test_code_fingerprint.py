"""A user's code is identified by its meaning, over its file and the helpers beside it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tune_app.study.code_fingerprint import (
    _meaning,
    changed_files,
    code_entry,
    code_of,
    fingerprint_files,
)

SPACE = '''
"""A study."""
from ray import tune
from search_spaces import SearchSpace
from fp_helper import square

def train(config):
    """Train."""
    tune.report({"loss": square(config["x"])})  # once

SPACE = SearchSpace(
    name="mine", trainable=train, metric="loss", mode="min",
    param_space={"x": tune.grid_search([1, 2])},
)
'''
HELPER = "def square(x):\n    return x * x\n"


def files(folder: Path, space: str = SPACE, **others: str) -> dict[str, str]:
    """Write a user's folder anew and return the fingerprints of its files."""
    folder.mkdir(exist_ok=True)
    texts = {"fp_space.py": space, "fp_helper.py": HELPER}
    texts |= {f"{name}.py": text for name, text in others.items()}
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return fingerprint_files(folder / "fp_space.py")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# once", "# one report is enough"),
        ('    """Train."""\n', ""),
        ("def train(config):\n", "\n\ndef train( config ):\n"),
        ('config["x"]', "config['x']"),
        ("[1, 2]", "[1, 2, 3]"),
        ('metric="loss", mode="min"', 'metric="loss", mode="min", question="Which?"'),
        ("SPACE = SearchSpace", "STUDY: object = SearchSpace"),
        ("\nSPACE =", '\nif __name__ == "__main__":\n    train({"x": 1})\n\nSPACE ='),
        (
            "[1, 2])},\n)\n",
            "[1, 2])},\n)\nrun_study(SPACE, seeds=3)\nprint(SPACE)\n",
        ),
    ],
)
def test_what_computes_the_same_is_the_same_code(tmp_path: Path, old: str, new: str) -> None:
    assert old in SPACE
    assert files(tmp_path, SPACE.replace(old, new)) == files(tmp_path)


def test_a_variable_that_only_the_space_reads_is_no_code(tmp_path: Path) -> None:
    def code(values: str, between: str = "") -> dict[str, str]:
        given = f"VALUES = {values}\nGRID: dict = {{'x': tune.grid_search(VALUES)}}\n{between}"
        text = SPACE.replace('{"x": tune.grid_search([1, 2])}', "GRID")
        return files(tmp_path, text.replace("\nSPACE =", f"\n{given}SPACE ="))

    assert code("[1, 2]") == code("[1, 2, 3]") == files(tmp_path)
    read = "def size():\n    return len(VALUES)\n"
    assert code("[1, 2]", read) != code("[1, 2, 3]", read)
    run = "run_study(SearchSpace(name='b', trainable=train, param_space=GRID))\n"
    assert code("[1, 2]", run) == code("[1, 2, 3]", run)
    made = "RATES = make([1, 2])\nrun_study(RATES)\n"
    assert code("[1, 2]", made) != code("[1, 2]", made.replace("[1, 2]", "[1, 2, 3]"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('square(config["x"])', 'square(config["x"]) + 1'),
        ('{"loss"', '{"error"'),
        ("trainable=train,", "trainable=lambda config: train(config),"),
        ("trainable=train,", "trainable=train, datasets={'a': lambda: 1},"),
        ("trainable=train,", "trainable=train, result='best',"),
        ("\nSPACE =", "\nRATE = 1\nSPACE ="),
        ('if __name__ == "__main__":', 'if __name__ == "train":'),
    ],
)
def test_what_may_compute_something_else_is_other_code(tmp_path: Path, old: str, new: str) -> None:
    text = SPACE.replace("\nSPACE", '\nif __name__ == "__main__":\n    train = None\nSPACE')
    assert old in text
    before, after = files(tmp_path, text), files(tmp_path, text.replace(old, new))
    assert before["fp_space.py"] != after["fp_space.py"]
    assert before["fp_helper.py"] == after["fp_helper.py"]


SCRIPTS = {
    "main first": """
def main():
    run_study(SPACE, seeds=3)
def train(config):
    return 1
SPACE = SearchSpace(name="a", trainable=train)
main()
""",
    "inside of main": """
def main():
    def train(config):
        return 1
    run_study(SearchSpace(name="a", trainable=train), seeds=3)
main()
""",
    "in the call": """
run_study(SearchSpace(name="a", trainable=lambda config: 1), seeds=3)
""",
    "below the guard": """
if __name__ == "__main__":
    def train(config):
        return 1
    run_study(SearchSpace(name="a", trainable=train), seeds=3)
""",
}


@pytest.mark.parametrize("layout", SCRIPTS)
def test_a_script_may_define_its_function_anywhere(tmp_path: Path, layout: str) -> None:
    text = SCRIPTS[layout]
    found = files(tmp_path, text)
    assert files(tmp_path, text.replace("return 1", "return 2").replace(": 1)", ": 2)")) != found
    for same in (text.replace("seeds=3", "seeds=4"), text.replace('"a"', '"b"')):
        assert files(tmp_path, same) == found


def test_values_of_different_types_differ(tmp_path: Path) -> None:
    texts = ["X = 1", "X = 1.0", "X = True", "X = '1'", "X = b'1'", "X = None", "X = 'None'"]
    texts += ["f(a=None)", "f(*a)", "f(**a)", "{**a}", "{None: a}", "X = -1", "X = [[], []]"]
    found = {files(tmp_path, text)["fp_space.py"] for text in [*texts, "X = [[]]"]}
    assert len(found) == len(texts) + 1


def test_helpers_are_found_wherever_they_are_imported(tmp_path: Path) -> None:
    space = (
        "import fp_package.part as part\nfrom fp_package import other\nimport os, fp_helper\n"
        "def train(config):\n    from fp_lazy import late\n    import random, json\n"
    )
    found = files(
        tmp_path,
        space,
        **{
            "fp_lazy": "import fp_deep",
            "fp_deep": "import fp_space",
            "fp_package/__init__": "",
            "fp_package/part": "from . import sibling\nfrom .inner import x",
            "fp_package/other": "",
            "fp_package/sibling": "",
            "fp_package/inner": "from ..fp_lazy import late",
            "fp_unused": "",
            "random": "raise SystemExit",
        },
    )
    assert next(iter(found)) == "fp_space.py"
    assert set(found) == {
        *("fp_space.py", "fp_helper.py", "fp_lazy.py", "fp_deep.py"),
        *("fp_package/__init__.py", "fp_package/part.py", "fp_package/other.py"),
        *("fp_package/sibling.py", "fp_package/inner.py"),
    }


def test_a_file_that_another_module_hides_is_not_the_users_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, folder = tmp_path / "first", tmp_path / "mine"
    first.mkdir()
    (first / "fp_helper.py").write_text("")
    assert "fp_helper.py" in files(folder)
    assert files(folder, "import numpy, pytest", numpy="", pytest="").keys() == {"fp_space.py"}
    monkeypatch.setattr(sys, "path", [str(first), *sys.path])
    assert "fp_helper.py" not in files(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    assert "fp_helper.py" in files(folder)


def test_a_file_that_is_no_python_is_taken_as_it_is(tmp_path: Path) -> None:
    broken = files(tmp_path, fp_helper="def (")
    assert set(broken) == {"fp_space.py", "fp_helper.py"}
    assert files(tmp_path, fp_helper="def ( ")["fp_helper.py"] != broken["fp_helper.py"]

    for deep in ("-" * 5_000, "1 + " * 900):
        found = [files(tmp_path, f"X = {deep}{number}")["fp_space.py"] for number in (1, 2)]
        assert found[0] != found[1]


def test_every_python_reads_the_same_meaning() -> None:
    """Python 3.12 ends the format of ``f"{x:{y}}"`` with an empty text, other versions do not."""
    tree = ast.parse('f"{x:{y}}"')
    (inner,) = [node for node in ast.walk(tree) if isinstance(node, ast.FormattedValue)][:1]
    assert isinstance(inner.format_spec, ast.JoinedStr)
    before = _meaning(tree)
    inner.format_spec.values.append(ast.Constant(""))
    assert _meaning(tree) == before
    assert _meaning(ast.parse('f("")')) != _meaning(ast.parse("f()"))


def test_a_renamed_file_is_the_same_code() -> None:
    assert code_entry({}) == {}
    old, new = code_entry({"a.py": "1", "b.py": "2"}), code_entry({"c.py": "2", "a.py": "1"})
    assert code_of(old) == code_of(new)
    assert len(code_of(old)) == 16
    assert code_of(old) != code_of(code_entry({"a.py": "1"}))
    assert code_of({}) == code_of({"code": 5}) == code_of({"code": {"sha256": None}}) == ""


def test_which_files_changed() -> None:
    old = code_entry({"space.py": "1", "gone.py": "2", "same.py": "3"})
    new = code_entry({"space.py": "0", "same.py": "3", "helper.py": "4"})
    assert changed_files(old, new) == "space.py changed, helper.py is new, gone.py is gone"
    assert changed_files({"code": {"files": 3}}, code_entry({"a.py": "1"})) == "a.py is new"
