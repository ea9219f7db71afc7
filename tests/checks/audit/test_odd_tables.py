"""Whatever is in a table or on the command line, it is audited or refused in one line."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from analysis.checks.audit.command import main
from analysis.checks.audit.headings import KNOWN
from tests.refusals import FEW, ODD_WORDS

CELLS = ODD_WORDS | st.sampled_from(
    ["0.9", "98.5", "98.5 %", "0", "-1", "1,000", "nan", "true", '"']
)
TELLING = (*KNOWN, "Top-1 error (%)", "acc ± std", "Zeit (s)", "GFLOPS")
HEADINGS = ODD_WORDS | st.sampled_from(TELLING)


def quoted(cells: list[str]) -> str:
    return ",".join('"' + cell.replace('"', '""')[:200] + '"' for cell in cells)


def settles(arguments: list[str]) -> bool:
    """Return whether a file is audited, or refused in one line."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = main(arguments)
    printed = out.getvalue()
    if status == 2:
        return printed.startswith("error: ") and printed.count("\n") == 1
    return status in (0, 1) and "Traceback" not in printed


@FEW
@given(st.lists(HEADINGS, min_size=1, max_size=6), st.data())
def test_any_table(tmp_path: Path, headings: list[str], data: st.DataObject) -> None:
    row = st.lists(CELLS, min_size=len(headings), max_size=len(headings))
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    text = "\n".join(quoted(cells) for cells in [headings, *rows])
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(errors="surrogatepass"))
    assert settles([str(path), "--num-test", "100", "--json"])


@FEW
@given(
    st.binary(max_size=300) | st.text("test_accuracy,\n\"';\t0.9%-", max_size=80).map(str.encode)
)
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert settles([str(path)])


FLAGS = ("--map", "--factor", "--compare", "--num-test", "--runs", "--ceiling", "--averaging")


@FEW
@given(
    st.lists(ODD_WORDS | st.text(max_size=20), min_size=1, max_size=4),
    st.lists(st.sampled_from((*FLAGS, "--data", "--selected-on", "--num-images")), max_size=4),
)
def test_any_words(tmp_path: Path, words: list[str], flags: list[str]) -> None:
    path = tmp_path / "table.csv"
    path.write_text("test_accuracy\n0.9\n")
    pairs = [f"{flag}={word}" for flag, word in zip(flags, words, strict=False)]
    for arguments in (["--", *words], [str(path), *pairs]):
        if not any(Path(word[:99].replace("\0", "")).is_dir() for word in words):
            assert settles(arguments)
