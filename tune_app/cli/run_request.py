"""What the options of ``tune-app run`` ask for, as one request."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence

from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tune_app.cli.arguments import parse_rungs, parse_seeds
from tune_app.cli.notify import without_addresses
from tune_app.planning.durations import parse_duration
from tune_app.planning.limits import Limits, parse_cost, parse_target
from tune_app.planning.order import parse_order
from tune_app.planning.request import StudyRequest
from tune_app.planning.search_options import SearchOptions
from tune_app.planning.set_values import with_values
from tune_app.planning.typed_values import given_values, parse_point, parse_values
from tune_app.storage.store import StudyStore

_MOST_TRIALS_PER_GPU = 10_000
"""Ray assigns resources in ten-thousandths."""
_AS_GIVEN = (
    *("accept_code_change", "vary_split", "device", "check_sharing", "trials_per_gpu"),
    *("max_concurrent", "max_failures", "retry_errors", "checkpoint_seconds", "fresh", "log_to"),
)
"""Options that a request has under the same name and with the same value."""


def make_request(
    args: argparse.Namespace,
    arguments: Sequence[str],
    space: SearchSpace,
    store: StudyStore,
    code: Mapping[str, str],
) -> StudyRequest:
    """Return what the options ask for.

    Args:
        args: the options.
        arguments: the same as words, for the record of the launch.
        space: the search space.
        store: where the study is kept.
        code: the user's code: file name -> its fingerprint.

    Raises:
        UserError: the options contradict each other.
    """
    _check_together(args)
    space = with_values(space, given_values("--set", args.set))
    budget, wait = args.budget, args.wait_for_nodes
    return StudyRequest(
        space=space,
        store=store,
        code=code,
        arguments=tuple(without_addresses(arguments)),
        seeds=parse_seeds(args.seeds) if args.seeds else (),
        source=args.data or "full",
        num_images=args.images,
        budget_seconds=parse_duration(budget, "--budget") if budget else None,
        sharing=not args.no_sharing,
        shared_storage=bool(args.storage_path),
        address=_address(args),
        wait_seconds=parse_duration(wait, "--wait-for-nodes") if wait else 0.0,
        search=_search(args),
        limits=_limits(args, space),
        further=_further(args),
        has_objective=bool(args.objective),
        add=tuple(parse_point("--add", text) for text in args.add),
        where=tuple(parse_values("--where", text) for text in args.where),
        order=parse_order(args.order) if args.order else None,
        **{name: getattr(args, name) for name in _AS_GIVEN},
    )


def _check_together(args: argparse.Namespace) -> None:
    """Check that options do not contradict each other.

    Raises:
        UserError: they do.
    """
    if args.images is not None and args.budget:
        raise UserError("--images and --budget both choose the subset; leave one out")
    if not 1 <= args.trials_per_gpu <= _MOST_TRIALS_PER_GPU:
        raise UserError(
            f"--trials-per-gpu {args.trials_per_gpu}: allowed: 1 to {_MOST_TRIALS_PER_GPU:,}"
        )
    if args.log_to:
        from tune_app.engine.trackers import check_usable

        check_usable(args.log_to)
    if args.wait_for_nodes and _address(args) is None:
        raise UserError("--wait-for-nodes: only a running cluster gets nodes; add --address")
    if args.best_of and (args.set or args.add):
        other = "--set" if args.set else "--add"
        raise UserError(f"--best-of repeats what a study has picked, as it is; leave out {other}")
    if args.json and not args.plan:
        raise UserError(
            "--json prints a plan or a list; add --plan or --list, or use tune-app status STUDY "
            "--json"
        )


def _address(args: argparse.Namespace) -> str | None:
    """Return the address of the cluster to use; a submitted job finds it in ``RAY_ADDRESS``."""
    return args.address or os.environ.get("RAY_ADDRESS") or None


def _search(args: argparse.Namespace) -> SearchOptions:
    """Return what the options say about a search."""
    return SearchOptions(
        args.search,
        args.num_trials,
        args.search_seed,
        args.stopping,
        parse_rungs(args.rungs) if args.rungs else None,
        args.reduction,
    )


def _limits(args: argparse.Namespace, space: SearchSpace) -> Limits:
    """Return the limits that the options set."""
    whole, trial = args.time_limit, args.trial_time_limit
    return Limits(
        seconds=parse_duration(whole, "--time-limit") if whole else None,
        trial_seconds=parse_duration(trial, "--trial-time-limit") if trial else None,
        target=parse_target(args.target, space) if args.target else None,
        max_cost=parse_cost(args.max_cost) if args.max_cost else None,
    )


def _further(args: argparse.Namespace) -> tuple[str, int] | None:
    """Return the configuration that is to be taken further, and its number of epochs."""
    if (args.further is None) != (args.epochs is None):
        raise UserError("--continue ROW and --epochs N belong together; one of them is missing")
    return None if args.further is None else (args.further, args.epochs)
