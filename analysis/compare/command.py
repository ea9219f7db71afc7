"""The command line of the comparison: ``tune-app compare A B``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.command_line import Parser, path_argument, study_argument
from analysis.compare.as_json import as_json
from analysis.compare.document import build_document
from analysis.compare.result import Named, compare, named_studies
from analysis.compare.terminal import as_text
from analysis.compare.where import Condition, condition, narrowed
from analysis.render.writing import write_document
from tune_app.storage.output import answering_mistakes, print_json, print_text

_NAME = "compare"


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 whatever was found, or 2 after a mistake of the user's."""
    arguments = build_parser().parsed(argv)
    named = _narrowed(named_studies(arguments.studies), arguments.where)
    comparisons = compare(named, arguments.measure)
    if arguments.json:
        print_json(as_json(comparisons), indent=1)
        return 0
    document = build_document(comparisons)
    print_text(as_text(document))
    if arguments.out is not None:
        written = write_document(document, arguments.out, name=_NAME)
        print_text("")
        for path in written:
            if path.parent == arguments.out:
                print_text(f"{_NAME}: {path}")
    else:
        print_text("\nAll rows, the figure and a page to pass on: --out DIR")
    return 0


def _narrowed(named: Sequence[Named], conditions: Sequence[Condition]) -> list[Named]:
    studies = narrowed([one.study for one in named], conditions)
    return [replace(one, study=study) for one, study in zip(named, studies, strict=True)]


def build_parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        "analysis.compare",
        "Compare studies with the first: rows joined by configuration and seed, what changed, and "
        "whether the others are better, worse, or not distinguishable.",
        epilog="examples: %(prog)s results/before results/after; "
        "%(prog)s results/q1a s3://bucket/studies/q1a --out compared; "
        "%(prog)s results/a results/b --measure test_accuracy --json",
    )
    parser.add_argument(
        "studies",
        nargs="+",
        type=study_argument,
        metavar="STUDY",
        help="two or more study directories, URLs or published studies; the others are compared "
        "with the first",
    )
    parser.add_argument(
        "--measure",
        metavar="NAME",
        help="the measure that decides, such as test_accuracy (default: the objective)",
    )
    parser.add_argument(
        "--where",
        type=condition,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="compare only rows with this value of a parameter, such as --where lr=0.1, in every "
        "study that has it; repeat it for several (default: all rows)",
    )
    parser.add_argument(
        "--out",
        type=path_argument,
        metavar="DIR",
        help="also write compare.html, compare.md, compare.pdf, tables and figures into DIR, such "
        "as --out compared (default: print only)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    return parser
