"""The options of ``tune-app run --best-of STUDY``, which follow from the study that is named."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tune_app.planning.best_of import Repeat, find_repeat
from tune_app.storage.open_store import is_path, open_store
from tune_app.storage.remote_folder import RemoteFolder, is_url
from tune_app.storage.store import STUDY_FILE
from tune_app.storage.user_path import is_file, user_path

_NOT_WITH = {
    "search": "--search",
    "num_trials": "--num-trials",
    "search_seed": "--search-seed",
    "stopping": "--stopping",
    "rungs": "--rungs",
    "reduction": "--reduction",
    "objective": "--objective",
    "further": "--continue",
    "budget": "--budget",
}
_MOST_PICKS = 100


def repeat_of(args: argparse.Namespace, own: SearchSpace | None, code: Mapping[str, str]) -> Repeat:
    """Return what the options repeat, and fill those that follow from it.

    The name of the study, its data and its split are those of the other study unless they are
    named.

    Args:
        args: the options.
        own: the space that ``--space`` names, or None.
        code: the code of that space.

    Raises:
        UserError: the options contradict each other or the other study.
    """
    option = next((flag for name, flag in _NOT_WITH.items() if getattr(args, name) is not None), "")
    if option:
        raise UserError(
            f"{option}: --best-of repeats what a study has picked, without a search and on the "
            "same data; leave the option out"
        )
    count = 1 if args.count is None else args.count
    if not 1 <= count <= _MOST_PICKS:
        raise UserError(f"--count {count}: allowed: 1 to {_MOST_PICKS}")
    with open_store(_place(args)) as store:
        repeat = find_repeat(store, count, own, code, accept_code_change=args.accept_code_change)
    data, name = repeat.data, repeat.best_of.study
    known = data.get("num_images")
    if args.images not in (None, known):
        raise UserError(
            f"--images {args.images}: {name} was made with {known or 'all images'}, and its "
            "results can be compared on the same images only; leave the option out"
        )
    args.data, args.images = args.data or data.get("source"), known
    args.vary_split = args.vary_split or data.get("vary_split") is True
    args.study = args.study or f"{name}_best"
    return repeat


def _place(args: argparse.Namespace) -> str:
    """Return the path or the URL of the study that ``--best-of`` names."""
    named = str(args.best_of)
    if not is_path(named):
        return named
    if "/" in named or is_file(Path(named, STUDY_FILE)):
        return str(user_path(named).absolute())
    results = args.storage_path or args.results_dir
    if is_url(results):
        return RemoteFolder(results).child_url(named)
    return str(user_path(results).absolute() / named)
