"""The pages of the documentation as blocks of code.

A comment above a block, which no reader of the page sees, says how the tests treat it:

- ``<!-- not run: REASON -->``: nothing runs it.
- ``<!-- slow -->``: only the slow tests run it.
- ``<!-- exit status: N -->``: the commands end with that status.
- ``<!-- file: NAME -->``: the commands find a file of that name.
- ``<!-- output -->``, above a block of text: the commands before it print this. A line ``…`` stands
  for any number of lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in (ROOT, ROOT / "docs", ROOT / "tune_app" / "engine" / "cluster" / "deploy")
    for path in folder.glob("*.md")
)
_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?^```(?P<language>[^\n]*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"not run: .+|slow|exit status: \d+|file: [\w.]+|output")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: what stands behind the fence.
        text: its lines.
        mark: what the comment above it says; empty without one.
    """

    language: str
    text: str
    mark: str

    @property
    def is_run(self) -> bool:
        """Whether any test runs it."""
        return not self.mark.startswith("not run: ")

    @property
    def exit_status(self) -> int:
        """The exit status of its commands."""
        return int(self.mark.removeprefix("exit status: ")) if "exit" in self.mark else 0

    @property
    def file(self) -> str:
        """The name of the file that it shows; empty if it is not one."""
        found = re.match(r"# (\w+\.py)\n", self.text)
        return found[1] if found else self.mark.partition("file: ")[2]

    def commands(self) -> list[str]:
        """Return its lines without remarks."""
        lines = [re.sub(r"(^|\s+)# .*", "", line) for line in self.text.splitlines()]
        return [line for line in lines if line.strip()]


def text_of(page: str) -> str:
    return (ROOT / page).read_text()


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    found = [
        Block(m["language"], m["text"], (m["mark"] or "").strip())
        for m in _FENCE.finditer(text_of(page))
    ]
    for block in found:
        assert not block.mark or _MARK.fullmatch(block.mark), f"{page}: {block.mark}"
    return found
