"""Write the report of one or several studies: ``python -m analysis.report results/<study>``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from analysis.command_line import Parser, path_argument, study_argument
from analysis.render.writing import FORMATS, write_report
from search_spaces.errors import UserError
from tune_app.storage.output import answering_mistakes, print_text

_LONGEST_WAIT = 86_400


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 after a mistake of the user's."""
    arguments = _parser().parsed(argv)
    try:
        _write_and_tell(arguments)
        if arguments.watch:
            _watch(arguments)
    except KeyboardInterrupt:
        return 0 if arguments.watch else 130
    return 0


def _watch(arguments: argparse.Namespace) -> None:
    while True:
        time.sleep(arguments.watch)
        try:
            _write_and_tell(arguments)
        except UserError as error:  # the study may be moved, or its disk full, for a while
            print_text(f"error: {error}", to_stderr=True)


def _write_and_tell(arguments: argparse.Namespace) -> None:
    written = write_report(
        arguments.studies,
        arguments.out,
        formats=arguments.formats,
        figures=not arguments.no_figures,
        published=not arguments.no_published,
        images=arguments.images,
    )
    for folder in dict.fromkeys(path.parent for path in written):
        inside = [path for path in written if path.parent == folder]
        if folder.name in ("tables", "figures"):
            print_text(f"{folder.name}: {folder} ({len(inside)} files)")
        else:
            for path in inside:
                print_text(f"report: {path}")


def _formats(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    if not set(names) <= set(FORMATS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of {', '.join(FORMATS)}")
    return names


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= _LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to {_LONGEST_WAIT} seconds")
    return seconds


def _parser() -> Parser:
    parser = Parser("analysis.report", "Write the report of study directories, finished or not.")
    parser.add_argument(
        "studies",
        nargs="+",
        type=study_argument,
        metavar="STUDY",
        help="a study directory such as results/q1a, or its URL",
    )
    parser.add_argument(
        "--out",
        type=path_argument,
        metavar="DIR",
        help="the directory to write into (default: STUDY/report; with several studies, report "
        "beside the first)",
    )
    parser.add_argument(
        "--formats",
        type=_formats,
        default=FORMATS,
        metavar="LIST",
        help="the forms of the report, such as md,pdf (default: md,html,pdf); tables are always "
        "written",
    )
    parser.add_argument(
        "--no-figures", action="store_true", help="write tables and text only, which is much faster"
    )
    parser.add_argument(
        "--no-published",
        action="store_true",
        help="leave out the comparison with published claims and numbers",
    )
    parser.add_argument(
        "--images",
        type=path_argument,
        metavar="FOLDER",
        help="a folder with the IDX files that the studies used, to show the images most often "
        "confused",
    )
    parser.add_argument(
        "--watch",
        type=_seconds,
        metavar="SECONDS",
        help=f"write the report again every so many seconds, 1 to {_LONGEST_WAIT}, until Ctrl-C",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
