"""Judge claims: ``python -m analysis.claims results/<study> ...``.

Prints a table of verdicts in Markdown and below it each verdict in a sentence; writes no file.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.claims import PUBLISHED, REPORT_A, REPORT_B, Claim, numbers_of, verdicts
from analysis.claims.user import load_claims
from analysis.load import Study, load_study
from analysis.markdown import escape
from search_spaces.errors import UserError

_REPORTS = {"report_a": REPORT_A, "report_b": REPORT_B}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 whatever the verdicts, or 2 after a mistake of the user's."""
    try:
        arguments = _parser().parse_args(argv)
        claims = _claims(arguments.claims, arguments.reference)
        if not arguments.studies and not any(claim.tables for claim in claims):
            raise UserError("no study and no published table to judge on; name a study directory")
        studies = [load_study(path) for path in arguments.studies]
        frame = _verdicts(studies, claims, arguments.claims)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    try:
        print(render(frame).encode(errors="backslashreplace").decode(), flush=True)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _verdicts(studies: Sequence[Study], claims: Sequence[Claim], file: Path | None) -> pd.DataFrame:
    try:
        return verdicts(studies, claims)
    except Exception as error:
        if file is None:
            raise
        where = " ".join(getattr(error, "__notes__", []))
        raise UserError(f"--claims {file}: {type(error).__name__} {where}: {error}") from error


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise UserError(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m analysis.claims",
        description="Judge claims on studies and on the published tables they were drawn from.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "studies", nargs="*", type=_path, metavar="STUDY", help="a study directory, results/<study>"
    )
    parser.add_argument(
        "--claims", type=_path, metavar="FILE", help="a Python file with a list CLAIMS, to judge"
    )
    parser.add_argument(
        "--reference",
        choices=sorted(_REPORTS),
        action="append",
        help="judge this report's claims (default without --claims: those of both reports)",
    )
    return parser


def _path(text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError("is empty" if not text.strip() else "holds a NUL byte")
    return Path(text)


def _claims(file: Path | None, reports: Sequence[str] | None) -> tuple[Claim, ...]:
    if file is None and not reports:
        return PUBLISHED
    own = load_claims(file) if file is not None else ()
    named = tuple(claim for name in dict.fromkeys(reports or ()) for claim in _REPORTS[name])
    clash = {claim.name for claim in own} & {claim.name for claim in named}
    if clash:
        raise UserError(f"--claims {file}: {min(clash)} is the name of a report's claim; rename it")
    return (*named, *own)


def render(frame: pd.DataFrame) -> str:
    """Return verdicts (``analysis.claims.verdicts``) as Markdown: a table, then the sentences."""
    cells = pd.DataFrame(
        {
            "claim": [escape(name) for name in frame["claim"]],
            "on": [escape(name) for name in frame["evidence"]],
            "verdict": list(frame["verdict"]),
            "effect, interval, p, n": [numbers_of(line) for line in frame.to_dict("records")],
        },
        dtype="str",
    )
    table = cells.to_markdown(index=False, disable_numparse=True)
    sentences = [
        f"- {escape(name)}: {escape(text)}"
        for name, text in zip(frame["claim"], frame["text"], strict=True)
    ]
    return "\n".join([str(table), "", *sentences])


if __name__ == "__main__":
    sys.exit(main())
