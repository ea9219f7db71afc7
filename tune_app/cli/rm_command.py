"""``tune-app rm``: delete a study, after asking. A study that is being run is never deleted.

Exit status: 0 the study was deleted, 1 the answer was no, 2 the command has to be corrected.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from search_spaces.errors import UserError, one_line
from tune_app.cli.arguments import CommandParser, add_study
from tune_app.cli.places import missing_study, study_at
from tune_app.storage.open_store import open_store
from tune_app.storage.output import answering_mistakes, print_text
from tune_app.storage.published import is_published
from tune_app.storage.store import STUDY_FILE, StudyStore
from tune_app.storage.user_path import is_file
from tune_app.study.trials import ENDED


def build_parser() -> CommandParser:
    """Return the command line's parser."""
    parser = CommandParser(
        "tune_app.rm", "Delete a study with its results, checkpoints and report, after asking."
    )
    add_study(parser, to_change=True)
    parser.add_argument("--yes", action="store_true", help="do not ask, for scripts (default: ask)")
    return parser


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    args = build_parser().parse_args(argv)
    if is_published(args.study):
        raise UserError(f"{args.study}: it is a part of the package and cannot be deleted")
    with open_store(args.study) as store:
        if not is_file(store.root / STUDY_FILE):
            raise missing_study(store, ", so nothing is deleted")
        with store.lock():
            if not args.yes and not _confirmed(store):
                print_text(f"{store.place}: kept")
                return 1
            with store.guarded():
                store.delete()
    print_text(one_line(f"{store.place}: deleted"))
    return 0


def _confirmed(store: StudyStore) -> bool:
    if not sys.stdin.isatty():
        raise UserError(
            f"{store.place}: nobody can be asked here, so nothing is deleted; add --yes to delete "
            "it without a question"
        )
    print_text(one_line(f"delete {store.place} ({_content(store)})? [y/N]"), end=" ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _content(store: StudyStore) -> str:
    """Return what would be lost, in words. A damaged study can be deleted too."""
    try:
        ledger = study_at(store)
    except UserError:
        return "a damaged study"
    outcomes = ledger.read_trials().outcomes(ledger.study)
    num_ended = sum(outcome.status in ENDED for outcome in outcomes.values())
    return f"{num_ended} of {len(outcomes)} rows have results"
