"""Write the report of one or several studies: ``python -m analysis.report results/<study>``.

The only module of the package that writes. Every file appears whole or not at all: it is written
under another name first and then renamed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.load import Study, load_study
from analysis.markdown import escape, to_markdown
from analysis.sections import SECTIONS, unfinished
from analysis.tables import study_table
from search_spaces.errors import UserError

_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 after a mistake of the user's."""
    try:
        arguments = _parser().parse_args(argv)
        written = write_report(arguments.studies, arguments.out)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for path in written:
        kind = {"report.md": "report"}.get(path.name, "table")
        # A file name that is not UTF-8 holds what no terminal takes.
        print(f"{kind}: {path}".encode(errors="backslashreplace").decode())
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise UserError(f"{message}; see {self.prog} --help")


def _path(text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError("is empty" if not text.strip() else "holds a NUL byte")
    return Path(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m analysis.report",
        description="Write tables and a report from study directories, finished or not.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "studies", nargs="+", type=_path, metavar="STUDY", help="a study directory, results/<study>"
    )
    parser.add_argument(
        "--out",
        type=_path,
        metavar="DIR",
        help="where to write (default: STUDY/report; for several studies, report beside the first)",
    )
    return parser


def write_report(paths: Sequence[Path], out: Path | None = None) -> list[Path]:
    """Write ``report.md`` and, for each study, ``tables/<space>.csv`` and ``.md``.

    Args:
        paths: study directories.
        out: where to write; by default ``report`` in the study, or beside the first of several.

    Returns:
        The files written, ``report.md`` last.

    Raises:
        UserError: a directory is not a study, two have the same name, or ``out`` is not writable.
    """
    named = _by_table_name(paths)
    if len(named) < len(paths):
        raise UserError(
            "two of the studies have the same directory name, so their tables would overwrite "
            "each other; report them separately, each with its own --out"
        )
    if out is None:
        first = paths[0].resolve()
        out = (paths[0] if len(paths) == 1 else first.parent) / "report"
        for place in (out, out / "tables"):
            if place.is_symlink():
                raise UserError(
                    f"{place}: a symbolic link, which is not followed inside of a study; name the "
                    "directory with --out"
                )
    written = []
    for name, study in named.items():
        table = study_table(study)
        csv = out / "tables" / f"{name}.csv"
        written += [
            _write(csv, table.to_csv(index=False)),
            _write(csv.with_suffix(".md"), to_markdown(table, study) + "\n"),
        ]
    return [*written, _write(out / "report.md", render(list(named.values())))]


def _by_table_name(paths: Sequence[Path]) -> dict[str, Study]:
    """Load the studies, each under the name of its tables.

    That is the search space's name, or the directory's where two studies have the same space or
    the name inside ``study.json``, which anybody can edit, is not a plain file name.
    """
    studies = [(path.resolve().name, load_study(path)) for path in paths]
    spaces = [str(study.meta["space"].get("name")) for _, study in studies]
    return {
        space if spaces.count(space) == 1 and _PLAIN_NAME.fullmatch(space) else directory: study
        for space, (directory, study) in zip(spaces, studies, strict=True)
    }


def render(studies: Sequence[Study]) -> str:
    """Return the report of the studies as Markdown."""
    parts = ["# Report"]
    parts += [f"> {warning}" for study in studies if (warning := unfinished(study))]
    for study in studies:
        parts.append(f"## {escape(study.name)}")
        for title, section in SECTIONS:
            text = section(study)
            if text:
                parts += [f"### {title}", text]
    return "\n\n".join(parts) + "\n"


def _write(path: Path, text: str) -> Path:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        with temporary.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(
            f"{path}: cannot be written ({error.strerror}); name another directory with --out"
        ) from None
    return path


if __name__ == "__main__":
    sys.exit(main())
