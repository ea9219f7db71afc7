"""Write the report of one or several studies: ``python -m analysis.report results/<study>``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from analysis.command_line import Parser, images_argument, path_argument, study_argument
from analysis.render.writing import FORMATS, MANY_ROWS, write_report
from search_spaces.errors import UserError
from tune_app.storage.output import answering_mistakes, print_text

_LONGEST_WAIT = 86_400


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 after a mistake of the user's."""
    arguments = _parser().parsed(argv)
    if arguments.serve or arguments.port is not None:
        _serve(arguments)
        return 0
    try:
        _write_and_tell(arguments)
        if arguments.watch:
            _watch(arguments)
    except KeyboardInterrupt:
        return 0 if arguments.watch else 130
    return 0


def _serve(arguments: argparse.Namespace) -> None:
    from analysis.serve.command import serve

    given = [name for name in ("out", "watch") if getattr(arguments, name) is not None]
    given += ["parquet"] if arguments.parquet else []
    given += ["formats"] if arguments.formats != FORMATS else []
    if given:
        raise UserError(f"--{given[0]}: --serve writes no files and follows the study by itself")
    options = {
        "figures": not arguments.no_figures,
        "labs": arguments.labs,
        "images": arguments.images,
    }
    serve([store.place for store in arguments.studies], arguments.port or 0, options)


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
        labs=arguments.labs,
        images=arguments.images,
        parquet=arguments.parquet,
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


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 1 to 65535")
    return int(text)


def _parser() -> Parser:
    parser = Parser("analysis.report", "Write the report of study directories, finished or not.")
    parser.add_argument(
        "studies",
        nargs="+",
        type=study_argument,
        metavar="STUDY",
        help="a study directory such as results/q1a, its URL, or a published study such as "
        "published:q1a",
    )
    _add_contents(parser)
    _add_following(parser)
    return parser


def _add_contents(parser: Parser) -> None:
    """Add what is written, and where."""
    parser.add_argument(
        "--out",
        type=path_argument,
        metavar="DIR",
        help="the directory to write into (default: STUDY/report; with several studies, report "
        "beside the first; reports/STUDY for a study at a URL or a published one)",
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
        "--parquet",
        action="store_true",
        help=f"write every table as Parquet, too (default: tables of more than {MANY_ROWS:,} rows)",
    )
    parser.add_argument(
        "--labs",
        action=argparse.BooleanOptionalAction,
        help="compare with the tables and claims of the two lab reports (default: only studies "
        "of their models and data)",
    )
    parser.add_argument(
        "--images",
        type=images_argument,
        metavar="sample|FOLDER",
        help="the sample that is shipped, or a folder with the IDX files that the studies used, to "
        "show the images most often confused, e.g. ~/mnist",
    )


def _add_following(parser: Parser) -> None:
    """Add what follows a study while it runs."""
    parser.add_argument(
        "--watch",
        type=_seconds,
        metavar="SECONDS",
        help=f"write the report again every so many seconds, 1 to {_LONGEST_WAIT}, until Ctrl-C",
    )
    parser.add_argument(
        "--serve",
        action="store_true",
        help="write no files, but serve the report as a page on this machine that follows the "
        "study while it runs, until Ctrl-C; STUDY may also be a folder with studies, such as "
        "results",
    )
    parser.add_argument(
        "--port",
        type=_port,
        metavar="PORT",
        help="the port of the page, e.g. --port 8800 (implies --serve; default: a free one)",
    )


if __name__ == "__main__":
    sys.exit(main())
