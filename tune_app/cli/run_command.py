"""``python -m tune_app.run``: plan a study, run what is missing of it, say what came out.

Exit status: 0 all rows finished, 1 trials failed, 2 the command has to be mended, 3 rows are open
because the cluster lacks something, 130 or 143 stopped by SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from search_spaces import SHIPPED
from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tune_app.cli.arguments import CommandParser, check_study_name, parse_seeds
from tune_app.cli.run_console import run_console
from tune_app.cli.run_display import RunDisplay
from tune_app.engine.ray_internals import JOB_CONFIG_VARIABLE
from tune_app.planning.durations import parse_duration
from tune_app.planning.request import StudyRequest
from tune_app.planning.space_file import load_space
from tune_app.storage.open_store import open_store
from tune_app.storage.output import answering_mistakes
from tune_app.storage.remote_folder import RemoteFolder, is_url
from tune_app.storage.store import StudyStore
from tune_app.study.command_name import command_name

_MOST_TRIALS_PER_GPU = 10_000
"""Ray hands out resources in ten-thousandths."""
_SUBMITTED_CODE = "working_dir_files"
"""The folder of a node that holds the code of submitted jobs, each in its working directory."""


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number >= 0")
    return int(text)


def build_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = CommandParser(
        "tune_app.run",
        "Run a hyperparameter study. The same command again runs only what is not finished.",
    )
    add = parser.add_argument
    add("--space", metavar="NAME|FILE.py", help="a shipped search space or a file with your own")
    add("--list", action="store_true", help="list the shipped search spaces and stop")
    add("--plan", action="store_true", help="print what would run and how long; write nothing")
    add("--data", default="full", metavar="full|sample|FOLDER", help="images (default: full)")
    add("--images", type=_count, metavar="N", help="a stratified subset of N images per data set")
    add("--budget", metavar="10m", help="the largest subset for which the study fits in this time")
    add("--seeds", default="0", metavar="0-5", help="replicates: every configuration at each seed")
    add("--vary-split", action="store_true", help="a split of its own for every seed")
    add("--device", default="auto", choices=("auto", "cpu", "cuda"), help="what auto means")
    add("--study", metavar="NAME", help="name of the study (default: the space's)")
    add("--results-dir", default="results", metavar="DIR", help="where studies live")
    add("--storage-path", metavar="DIR|URL", help="where all nodes reach: a folder, s3://…")
    add("--fresh", action="store_true", help="start over; an old study of the name is kept aside")
    add("--no-sharing", action="store_true", help="run every row on its own")
    add("--max-concurrent", type=_count, default=0, metavar="N", help="at most N trials at once")
    add("--trials-per-gpu", type=_count, default=1, metavar="K", help="trials sharing one GPU")
    add("--max-failures", type=_count, default=2, metavar="N", help="retries of a failed trial")
    add("--checkpoint-seconds", type=_count, default=30, metavar="S", help="between checkpoints")
    add("--log-to", choices=("mlflow", "wandb"), help="an experiment tracker that gets results too")
    add("--address", metavar="auto|HOST:PORT", help="a running Ray cluster (default: start one)")
    add("--wait-for-nodes", metavar="15m", help="how long to wait for nodes that rows need")
    return parser


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = build_parser().parse_args(arguments)
    if args.list:
        return list_spaces(run_console())
    if not args.space:
        raise UserError(f"--space is missing; allowed: {', '.join(SHIPPED)}, or a .py file")
    return _open_and_run(args, arguments)


def _open_and_run(args: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Find the search space and the study that the options name, and run it."""
    if args.log_to:
        from tune_app.engine.tracking import check_installed

        check_installed(args.log_to)
    space = load_space(args.space)
    name = check_study_name(args.study or space.name)
    results = args.storage_path or args.results_dir
    place = (
        RemoteFolder(results).child_url(name)
        if is_url(results)
        else _absolute_folder(results) / name
    )
    with open_store(str(place)) as store:
        request = _make_request(args, arguments, space, store)
        goes_on = f"the study goes on; `{command_name('tune_app.status')}` says how far it is"
        display = RunDisplay(run_console(None if args.plan else goes_on))
        return _run_or_plan(request, display, only_plan=args.plan)


def _run_or_plan(request: StudyRequest, display: RunDisplay, *, only_plan: bool) -> int:
    """Run the study, or print its plan, and end in order on SIGINT and SIGTERM."""
    from tune_app.engine.launch import Launch
    from tune_app.engine.signals import StopSignals

    signals = StopSignals()
    launch = Launch(request, display, signals)
    with signals:
        try:
            return launch.show_plan() if only_plan else launch.run()
        except KeyboardInterrupt:
            return launch.stopped()


def _make_request(
    args: argparse.Namespace, arguments: Sequence[str], space: SearchSpace, store: StudyStore
) -> StudyRequest:
    if args.images is not None and args.budget:
        raise UserError("--images and --budget both choose the subset; give one of them")
    if not 1 <= args.trials_per_gpu <= _MOST_TRIALS_PER_GPU:
        raise UserError(
            f"--trials-per-gpu {args.trials_per_gpu}: allowed: 1 or more, at most "
            f"{_MOST_TRIALS_PER_GPU:,}"
        )
    # A job that was submitted to a cluster finds it in RAY_ADDRESS.
    address = args.address or os.environ.get("RAY_ADDRESS") or None
    if args.wait_for_nodes and address is None:
        raise UserError("--wait-for-nodes: only a running cluster gets nodes; add --address")
    budget, wait = args.budget, args.wait_for_nodes
    return StudyRequest(
        space=space,
        store=store,
        arguments=tuple(arguments),
        seeds=parse_seeds(args.seeds),
        source=args.data,
        num_images=args.images,
        budget_seconds=parse_duration(budget, "--budget") if budget else None,
        vary_split=args.vary_split,
        device=args.device,
        sharing=not args.no_sharing,
        trials_per_gpu=args.trials_per_gpu,
        max_concurrent=args.max_concurrent,
        max_failures=args.max_failures,
        checkpoint_seconds=args.checkpoint_seconds,
        fresh=args.fresh,
        shared_storage=bool(args.storage_path),
        address=address,
        wait_seconds=parse_duration(wait, "--wait-for-nodes") if wait else 0.0,
        log_to=args.log_to,
    )


def _absolute_folder(folder: str) -> Path:
    expanded = os.path.expanduser(folder)  # noqa: PTH111 (pathlib takes ./~ for a home folder too)
    if expanded.startswith("~"):
        raise UserError(f"{folder}: home folder unknown; write the full path, or ./{folder}")
    try:
        path = Path(expanded).resolve()
        path.exists()  # raises, unlike resolve(), for a name that is too long
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "it is a loop of symbolic links"
        raise UserError(f"{folder}: not a folder ({reason})") from None
    if _SUBMITTED_CODE in path.parts and JOB_CONFIG_VARIABLE in os.environ:
        raise UserError(
            f"{folder}: in this submitted job a folder of Ray's temporary copy of the code, which "
            "goes when the job ends; name an absolute path or a URL with --storage-path"
        )
    return path


def list_spaces(console: Console) -> int:
    """Print the shipped spaces with question, factors and number of configurations."""
    for name in SHIPPED:
        space = load_space(name)
        console.print(
            f"[bold]{name}[/bold]  {space.num_configurations()} configurations  {space.question}\n"
            f"    factors: {', '.join(space.factors)}",
            highlight=False,
        )
    return 0
