"""The site that ``make docs`` builds from the Markdown of the repository.

The source folder is the repository itself, so that a link means the same here, in a checkout and
where a repository is shown on the web. The side bar is made of ``docs/README.md``.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.inspect import TypeAliasForwardRef

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the docstrings of this checkout
INDEX = ROOT / "docs" / "README.md"
SEVERAL_NAMES = re.compile(r"^( +)(\w+(?:, \w+)+): (.*(?:\n\1 +.*)*)", re.MULTILINE)

project = "tune_app"
author = "the tune_app authors"
root_doc = "README"
include_patterns = [
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/*.md"),
    *("tune_app/data/sample/README.md", "tune_app/engine/cluster/deploy/README.md"),
]
exclude_patterns = ["build", ".venv", "results", "tests", ".*"]
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!(tune_app|search_spaces|analysis)\.).*"),  # of other packages
    ("py:.*", r".*\.(Domain|Joined|Judged|Named|Report|RowOutcome|StudyStore|TrialFrames)"),
    ("py:.*", r".*\.Trainable"),
]
"""Types that stand in signatures and that no user makes."""
suppress_warnings = ["toc.not_included"]

myst_heading_anchors = 4
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"  # else each field stands there twice
autodoc_type_aliases = {"ArrayLike": "numpy.typing.ArrayLike"}
TypeAliasForwardRef.__repr__ = lambda alias: alias.name  # printed in unions: ArrayLike | None
autodoc_member_order = "bysource"
napoleon_use_ivar = True
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "tune_app"
html_show_copyright = False
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"


def side_bar() -> str:
    """Return the table of contents: a part for each heading of the index, in its order."""
    parts = re.split(r"^## ", INDEX.read_text(), flags=re.MULTILINE)
    trees = ["```{toctree}\n:hidden:\n\ndocs/README\n```\n"]
    for part in parts[1:]:
        caption = part.partition("\n")[0]
        pages = re.findall(r"^\| \[[^]]*\]\(([^)]+)\.md\)", part, re.MULTILINE)
        entries = "\n".join(
            f"/{(INDEX.parent / page).resolve().relative_to(ROOT)}" for page in pages
        )
        if entries:
            trees.append(f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n")
    return "\n".join(trees)


def add_side_bar(_app: Sphinx, page: str, content: list[str]) -> None:
    """Put the table of contents into the front page, where Sphinx looks for it."""
    if page == root_doc:
        content[0] += "\n" + side_bar()


def add_index(app: Sphinx, error: Exception | None) -> None:
    """Give the front page the name that a browser asks for."""
    if error is None and app.builder.format == "html":
        shutil.copy(Path(app.outdir, f"{root_doc}.html"), Path(app.outdir, "index.html"))


def name_apart(*event: Any) -> None:
    """Describe each of several names that stand before one colon: ``low, high: its interval``.

    Sphinx would take all but the last for types, and a name that ends with ``_`` for a link.
    """
    lines = event[-1]

    def each(found: re.Match[str]) -> str:
        indent, names, about = found.groups()
        return "\n".join(f"{indent}{name}: {about}" for name in names.split(", "))

    text = SEVERAL_NAMES.sub(each, "\n".join(lines))
    lines[:] = re.sub(r"^( +\w+)_: ", r"\1\\_: ", text, flags=re.MULTILINE).split("\n")


def is_left_out(*event: Any) -> bool | None:
    """Return True for a field of a named tuple that nothing is said about."""
    member = event[3]
    return str(member.__doc__).startswith("Alias for field number") or None


def setup(app: Sphinx) -> None:
    """Connect the steps that Sphinx does not have."""
    app.connect("source-read", add_side_bar)
    app.connect("build-finished", add_index)
    app.connect("autodoc-process-docstring", name_apart, priority=400)  # before Napoleon
    app.connect("autodoc-skip-member", is_left_out)
