"""``python -m tune_app.run``: plan a study, run what is not finished, and print the outcome.

Exit status: 0 nothing is left to run, 1 trials failed, 2 the command has to be corrected, 3 rows
are open because the cluster lacks something or a limit was reached, 130 or 143 stopped by SIGINT or
SIGTERM.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from search_spaces import SHIPPED
from search_spaces.errors import UserError
from search_spaces.examples import EXAMPLES
from search_spaces.space import SearchSpace
from tune_app.cli.arguments import check_study_name
from tune_app.cli.best_of import repeat_of
from tune_app.cli.interrupts import ending_at_once
from tune_app.cli.notify import Address, addresses
from tune_app.cli.run_console import print_line, run_console
from tune_app.cli.run_display import PlanAsJson, RunDisplay
from tune_app.cli.run_parser import build_parser
from tune_app.cli.run_request import make_request
from tune_app.engine.ray_internals import JOB_CONFIG_VARIABLE
from tune_app.engine.signals import StopSignals
from tune_app.planning.objectives import with_objectives
from tune_app.planning.request import StudyRequest
from tune_app.planning.space_file import code_files, load_space
from tune_app.storage.open_store import open_store
from tune_app.storage.output import answering_mistakes, print_json
from tune_app.storage.published import PREFIX, is_published, read_only_error
from tune_app.storage.remote_folder import RemoteFolder, is_url
from tune_app.storage.user_path import user_path
from tune_app.study.command_name import command_name

_SUBMITTED_CODE = "working_dir_files"
"""The folder of a node that holds the code of submitted jobs, each in its working directory."""


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = build_parser().parse_args(arguments)
    if args.list:
        return list_spaces(None if args.json else run_console())
    if not args.space and not args.best_of:
        raise UserError(f"--space is missing; allowed: {', '.join(SHIPPED)}, or a .py file")
    return _open_and_run(args, arguments)


def _open_and_run(args: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Find the search space and the study that the options name, and run it."""
    notify = addresses(args.notify or ())
    with ending_at_once():  # until StopSignals takes over
        space = load_space(args.space) if args.space else None
        code = {} if space is None else code_files(args.space, space)
    signals = StopSignals()
    with signals:
        try:
            with signals.undisguised(), requested(args, arguments, space, code) as request:
                return _run_or_plan(request, args, notify, signals)
        except KeyboardInterrupt:
            return 128 + signals.received


def _run_or_plan(
    request: StudyRequest, args: argparse.Namespace, notify: Sequence[Address], signals: StopSignals
) -> int:
    """Run the study, or print its plan, and end in order on SIGINT and SIGTERM."""
    from tune_app.engine.launch import Launch

    goes_on = f"the study goes on; `{command_name('tune_app.status')}` says how far it is"
    as_json = PlanAsJson() if args.json else None
    display = as_json or RunDisplay(run_console(None if args.plan else goes_on), notify)
    launch = Launch(request, display, signals)
    try:
        status = launch.show_plan() if args.plan or as_json else launch.run()
    except KeyboardInterrupt:
        return launch.stopped()
    if as_json and status == 0:
        print_json(as_json.record())
    return status


@contextmanager
def requested(
    args: argparse.Namespace,
    arguments: Sequence[str],
    space: SearchSpace | None,
    code: Mapping[str, str],
) -> Iterator[StudyRequest]:
    """Open the study that the options name, and yield what they ask for.

    Args:
        args: the options.
        arguments: the same as words, for the record of the launch.
        space: the search space; None if ``--best-of`` is to find it.
        code: the user's code: file name -> its fingerprint.
    """
    if args.count is not None and not args.best_of:
        raise UserError("--count: needs --best-of STUDY, of which it repeats several picks")
    repeat = repeat_of(args, space, code) if args.best_of else None
    space = repeat.space if repeat is not None else space
    assert space is not None
    if args.objective:
        space = with_objectives(space, args.objective)
    with open_store(study_place(args, space)) as store:
        request = make_request(args, arguments, space, store, code)
        if repeat is not None:
            request = repeat.asked_by(request, count=args.count)
        yield request


def study_place(args: argparse.Namespace, space: SearchSpace) -> str:
    """Return the path or the URL of the study that the options name."""
    results = args.storage_path or args.results_dir
    if named := next((p for p in (args.study, results) if p and is_published(p)), None):
        raise read_only_error(named.removeprefix(PREFIX) or space.name)
    name = check_study_name(args.study or space.name)
    if is_url(results):
        return RemoteFolder(results).child_url(name)
    return str(_absolute_folder(results) / name)


def _absolute_folder(folder: str) -> Path:
    """Return the absolute path of a folder that an option names; ``~`` is the home folder.

    Raises:
        UserError: it cannot be a folder, or it would be deleted with a submitted job's code.
    """
    try:
        path = user_path(folder).resolve()
        path.exists()  # raises, unlike resolve(), for a name that is too long
        if any(part.is_file() for part in (path, *path.parents)):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "it is a loop of symbolic links"
        raise UserError(f"{folder}: not a folder ({reason})") from None
    if _SUBMITTED_CODE in path.parts and JOB_CONFIG_VARIABLE in os.environ:
        raise UserError(
            f"{folder}: in this submitted job it lies in Ray's temporary copy of the code, which "
            "is deleted when the job ends; give an absolute path or a URL with --storage-path"
        )
    return path


def list_spaces(console: Console | None) -> int:
    """Print the shipped spaces with their question, factors and number of configurations.

    Without a console they are printed as one JSON object.
    """
    spaces = [_described(name) for name in SHIPPED]
    if console is None:
        print_json({"spaces": spaces, "examples": list(EXAMPLES)})
        return 0
    for space in spaces:
        number = space["num_configurations"]
        size = "any number of" if number is None else number
        print_line(console, f"{space['name']}  {size} configurations  {space['question']}")
        print_line(console, f"    factors: {', '.join(space['factors'])}")
    print_line(console, "studies of your own work, to run or to copy")
    for name in EXAMPLES:
        print_line(console, f"    {name}")
    return 0


def _described(name: str) -> dict[str, Any]:
    space = load_space(name)
    return {
        "name": name,
        "question": space.question,
        "num_configurations": None if space.has_domains else space.num_configurations(),
        "factors": list(space.factors),
    }
