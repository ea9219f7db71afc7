"""The parser of ``tune-app run``: its options in groups, as its help shows them."""

from __future__ import annotations

from tune_app.cli.arguments import CommandParser
from tune_app.cli.run_options import OPTIONS

GROUPS: dict[str, tuple[str, ...]] = {
    "the study": (
        *("--space", "--list", "--study", "--results-dir", "--storage-path"),
        *("--fresh", "--accept-code-change"),
    ),
    "its rows": (
        *("--set", "--add", "--where", "--seeds", "--vary-split", "--continue", "--epochs"),
        *("--best-of", "--count"),
    ),
    "its data": ("--data", "--images", "--budget"),
    "a plan instead of a run": ("--plan", "--json"),
    "how trials run": (
        *("--device", "--trials-per-gpu", "--max-concurrent", "--order"),
        *("--no-sharing", "--check-sharing"),
        *("--max-failures", "--retry-errors", "--checkpoint-seconds"),
    ),
    "when a launch ends early": ("--time-limit", "--trial-time-limit", "--target", "--max-cost"),
    "a search instead of the grid": (
        *("--search", "--objective", "--num-trials", "--search-seed"),
        *("--stopping", "--rungs", "--reduction"),
    ),
    "clusters, trackers and messages": ("--address", "--wait-for-nodes", "--log-to", "--notify"),
}
"""Title -> options. Each option is in one of the groups."""


def build_parser() -> CommandParser:
    """Return the command line's parser."""
    parser = CommandParser(
        "tune_app.run",
        "Run a hyperparameter study. The same command again runs only what is not finished.",
    )
    parser.usage = "%(prog)s --space NAME|FILE.py [option ...]"
    for title, flags in GROUPS.items():
        group = parser.add_argument_group(title)
        for flag in flags:
            group.add_argument(flag, **OPTIONS[flag])
    return parser
