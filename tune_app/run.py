"""``python -m tune_app.run``: plan a study, run what is missing of it, say what came out."""

import sys
from collections.abc import Sequence

from tune_app.cli.main import main as any_command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command on its arguments, by default those of the process; return its status."""
    return any_command(["run", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    sys.exit(main())
