"""``python -m tune_app.status``: print how far a study is. Only its directory is read."""

import sys
from collections.abc import Sequence

from tune_app.cli.main import main as any_command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: those of the process); return its status."""
    return any_command(["status", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    sys.exit(main())
