"""``tune-app copy``: copy a study without its checkpoints and weights, to send or continue it.

Exit status: 0 the study was copied, 2 the command has to be corrected.
"""

from __future__ import annotations

from collections.abc import Sequence

from search_spaces.errors import one_line
from tune_app.cli.arguments import CommandParser, add_study
from tune_app.cli.row_text import size_text
from tune_app.storage.copying import COPIED, copy_study
from tune_app.storage.open_store import open_store
from tune_app.storage.output import answering_mistakes, print_text


def build_parser() -> CommandParser:
    """Return the command line's parser."""
    parser = CommandParser(
        "tune_app.copy",
        "Copy a study without its checkpoints and weights. The copy can be reported, audited and "
        "compared, and the study's own command continues it.",
    )
    add_study(parser)
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="a directory or URL that is not there yet, e.g. shared/q1a",
    )
    return parser


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    args = build_parser().parse_args(argv)
    with open_store(args.study, COPIED) as source, open_store(args.target) as target:
        found = copy_study(source, target)
        size = f"{found.num_files} files, {size_text(found.num_bytes)}"
        print_text(one_line(f"{source.place} -> {target.place}: {size}, no checkpoints or weights"))
    return 0
