"""Judge claims: ``python -m analysis.claims results/<study> ...``.

Print a table of verdicts in Markdown and, below it, a sentence for each verdict. Write no file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.checks.claims import Claim, numbers_of, verdicts
from analysis.command_line import Parser, path_argument, study_argument
from analysis.frames.load import Study, load_study
from analysis.labs.appendix import is_of_labs
from analysis.labs.claims import PUBLISHED, REPORT_A, REPORT_B
from analysis.render.markdown import escape
from search_spaces.errors import UserError
from tune_app.storage.output import answering_mistakes, print_text
from tune_app.study.python_file import run_python_file

_REPORTS = {"report_a": REPORT_A, "report_b": REPORT_B}


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 whatever the verdicts are, or 2 after a user's mistake."""
    arguments = _parser().parsed(argv)
    claims = _claims(arguments.claims, arguments.reference)
    if not arguments.studies and not any(claim.tables for claim in claims):
        raise UserError("no study and no published table to judge on; name a study directory")
    studies = [load_study(path) for path in arguments.studies]
    if arguments.claims is None and not arguments.reference:
        _check_kind(studies)
    print_text(render(_verdicts(studies, claims, arguments.claims)))
    return 0


def _check_kind(studies: Sequence[Study]) -> None:
    """Refuse to judge the lab reports' claims unasked on studies of other models or data."""
    other = [study.name for study in studies if not is_of_labs(study)]
    if other:
        raise UserError(
            f"{other[0]} does not train the models of the two lab reports on their data; name your "
            "claims with --claims FILE, or ask for those of a report with --reference report_a"
        )


def _verdicts(studies: Sequence[Study], claims: Sequence[Claim], file: Path | None) -> pd.DataFrame:
    try:
        return verdicts(studies, claims)
    except Exception as error:
        if file is None:
            raise
        where = " ".join(getattr(error, "__notes__", []))
        raise UserError(f"--claims {file}: {type(error).__name__} {where}: {error}") from error


def _parser() -> Parser:
    parser = Parser(
        "analysis.claims",
        "Judge claims on studies and on the published tables they were drawn from.",
    )
    parser.add_argument(
        "studies",
        nargs="*",
        default=[],
        type=study_argument,
        metavar="STUDY",
        help="a study directory such as results/q1a, its URL, or a published study such as "
        "published:q1a (default: published tables only)",
    )
    parser.add_argument(
        "--claims",
        type=path_argument,
        metavar="FILE",
        help="a Python file with a list CLAIMS: judge these claims, such as my_claims.py",
    )
    parser.add_argument(
        "--reference",
        choices=sorted(_REPORTS),
        action="append",
        help="judge the claims of this report (default: of both reports, on studies of their "
        "models and data only; none with --claims)",
    )
    return parser


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


def load_claims(path: Path) -> tuple[Claim, ...]:
    """Run a Python file and return the claims in its list ``CLAIMS``.

    Raises:
        UserError: there is no such file, it cannot be run, or ``CLAIMS`` is not a list of claims
            with different names.
    """
    claims = getattr(run_python_file("--claims", path), "CLAIMS", None)
    if not isinstance(claims, (list, tuple)) or not claims:
        raise UserError(
            f"--claims {path}: has no list CLAIMS; write CLAIMS = [Claim('my_claim', 'Adam is more "
            "accurate than SGD.', Higher('optimizer', 'adam', 'sgd'))]"
        )
    for number, claim in enumerate(claims):
        if not isinstance(claim, Claim):
            raise UserError(
                f"--claims {path}: CLAIMS[{number}] is a {type(claim).__name__}, not a Claim"
            )
    name, count = Counter(claim.name for claim in claims).most_common(1)[0]
    if count > 1:
        raise UserError(f"--claims {path}: two claims are named {name}; give each its own name")
    return tuple(claims)
