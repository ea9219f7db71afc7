"""``make docs`` builds the site without a warning, and the site needs no other host."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import tune_app
from analysis import compare, stats
from tests.docs.pages import ROOT

LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|link)\b[^>]*?\b(?:src|href)=["']([^"']+)["']"""
)
"""What a page loads by itself. Links are followed by the reader alone."""


def build(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    words = ["-M", "html", str(source), str(out), "-c", str(source / "docs")]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *words, "--fail-on-warning", "--keep-going", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    done = build(ROOT, out)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return out / "html"


@pytest.mark.xdist_group("site")
def test_every_page_is_built(site: Path) -> None:
    assert (site / "index.html").read_bytes() == (site / "README.html").read_bytes()
    for page in (ROOT / "docs").glob("*.md"):
        assert (site / "docs" / f"{page.stem}.html").is_file()


@pytest.mark.xdist_group("site")
def test_the_side_bar_leads_to_every_page_of_the_index(site: Path) -> None:
    rows = re.findall(
        r"^\| \[[^]]*\]\(([^)]+)\.md\)", (ROOT / "docs" / "README.md").read_text(), re.MULTILINE
    )
    front = (site / "index.html").read_text()
    bar = front[front.index('class="sidebar-tree"') : front.index('<div class="main">')]
    for row in rows:
        page = (Path("docs") / row).as_posix().removeprefix("docs/../")
        assert f'href="{page}.html"' in bar


@pytest.mark.xdist_group("site")
def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        assert [url for url in LOADED.findall(page.read_text()) if re.match(r"\w+:|//", url)] == []
    for sheet in site.rglob("*.css"):
        urls = re.findall(r"url\(\s*['\"]?([^)'\"]+)|@import\s+['\"]([^'\"]+)", sheet.read_text())
        assert [u for pair in urls for u in pair if re.match(r"https?:|//", u)] == []


@pytest.mark.xdist_group("site")
def test_the_search_needs_no_server(site: Path) -> None:
    index = (site / "searchindex.js").read_text()
    assert index.startswith("Search.setIndex(") and '"checkpoint"' in index
    assert re.search(r'<script src="searchindex.js"', (site / "search.html").read_text())


@pytest.mark.xdist_group("site")
def test_every_public_name_is_described(site: Path) -> None:
    text = (site / "docs" / "api.html").read_text()
    for module in (tune_app, stats, compare):
        for name in module.__all__:
            assert f'id="{module.__name__}.{name}"' in text
    assert "Read a study, finished or not, also while it runs." in text


@pytest.mark.xdist_group("site")
def test_each_name_is_described_once_and_under_itself(site: Path) -> None:
    text = (site / "docs" / "api.html").read_text()
    names = re.findall(r"<li><p><strong>([^<]+)</strong>(?: \(<em>([^<]*)</em>)?", text)
    described = {name for name, _ in names}
    assert {"keep_checkpoints", "low", "high", "with_"} <= described and "_reports" not in described
    assert [name for name, kind in names if kind.endswith(",") or "Forward" in kind] == []
    assert [name for name, _ in names].count("keep_checkpoints") == 1
    returned = re.findall(r"Return type<.*?<dd[^>]*>(.*?)</dd>", text, re.DOTALL)
    kinds = [re.sub("<[^>]+>", "", kind) for kind in returned]
    assert "LoadedStudy" in " ".join(kinds)
    assert [kind for kind in kinds if re.search(r"[a-z]+ [a-z]+ ", kind)] == []


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "conf.py").write_text((ROOT / "docs" / "conf.py").read_text())
    (docs / "README.md").write_text("# Index\n\n| page | |\n| --- | --- |\n")
    (docs / "search.md").write_text("---\norphan: true\n---\n# Search\n")
    links = ("docs/nopage.md", "docs/search.md#noheading", "docs/nofile.py")
    (tmp_path / "README.md").write_text(f"# Front\n\n{' '.join(f'[x]({to})' for to in links)}\n")
    done = build(tmp_path, tmp_path / "build")
    assert done.returncode != 0
    assert all(name in done.stderr for name in ("nopage", "noheading", "nofile"))
