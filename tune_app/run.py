"""``python -m tune_app.run``: plan a study, run what is not finished, and print the outcome."""

import sys
from collections.abc import Sequence

from tune_app.cli.interrupts import end_at_once, ending_at_once


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: those of the process); return its status."""
    with ending_at_once():
        from tune_app.cli.main import main as any_command

    return any_command(["run", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    status = main()
    end_at_once()
    sys.exit(status)
