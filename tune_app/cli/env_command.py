"""``tune-app env``: what a bug report needs to say of this machine.

Exit status: 0 everything was found, 2 the command has to be corrected.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError
from tune_app.cli.arguments import RESULTS, CommandParser, add_json
from tune_app.storage.lock import FileLock
from tune_app.storage.output import answering_mistakes, print_json, print_text
from tune_app.storage.user_path import user_path
from tune_app.study.provenance import collect_provenance


def build_parser() -> CommandParser:
    """Return the command line's parser."""
    parser = CommandParser(
        "tune_app.env",
        "Print what a bug report needs: versions, processor, cores and GPUs as Ray will see them, "
        "and whether studies can be kept here.",
    )
    parser.add_argument("--results-dir", **RESULTS)
    add_json(parser, "one JSON object", "text")
    return parser


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    args = build_parser().parse_args(argv)
    facts = environment(user_path(args.results_dir).absolute())
    if args.json:
        print_json(facts)
    else:
        print_text("\n".join(_lines(facts)))
    return 0


def environment(results: Path) -> dict[str, Any]:
    """Return the facts: versions, hardware, resources of a local cluster, storage.

    Args:
        results: the folder that is to hold studies.
    """
    from tune_app.engine.connection import local_cluster
    from tune_app.engine.gpus import gpu_names

    facts = collect_provenance((), gpu_names())
    kept = ("git_commit", "git_dirty", "python", "packages", "hardware")
    cluster = local_cluster()
    return {
        **{name: facts[name] for name in kept},
        "system": platform.platform(),
        "ray_resources": {name: cluster.total(name) for name in ("CPU", "GPU")},
        "storage": _storage(results),
    }


def _storage(folder: Path) -> dict[str, Any]:
    """Return whether a study can be locked and written in a folder. What is tried is removed."""
    try:
        with FileLock(folder / f".tune-app-env-{platform.node()}"):
            free = shutil.disk_usage(folder).free
        return {"folder": str(folder), "problem": "", "free_gb": round(free / 1e9, 1)}
    except (UserError, OSError) as error:
        return {"folder": str(folder), "problem": str(error), "free_gb": None}


def _lines(facts: Mapping[str, Any]) -> Iterator[str]:
    hardware, storage = facts["hardware"], facts["storage"]
    commit = facts["git_commit"]
    yield f"system: {facts['system']}"
    yield f"python: {facts['python']}"
    yield "packages: " + ", ".join(f"{name} {v}" for name, v in facts["packages"].items())
    if commit:
        yield f"commit: {commit}{' with changes' if facts['git_dirty'] else ''}"
    yield f"processor: {hardware['cpu']}, {hardware['memory_gb']:g} GB of memory"
    yield f"GPUs: {', '.join(hardware['gpus']) or 'none'}"
    resources = facts["ray_resources"]
    yield f"a local cluster has: {resources['CPU']:g} CPU, {resources['GPU']:g} GPU"
    state = storage["problem"] or f"can be written and locked, {storage['free_gb']:g} GB free"
    yield f"storage: {storage['folder']}: {state}"
