"""``python -m tune_app.run``: plan a study, run what is missing of it, say what came out."""

import os
import signal
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command on its arguments, by default those of the process; return its status."""
    from tune_app.cli.main import main as any_command

    return any_command(["run", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    # Until StopSignals takes over there is nothing to end in order, and an exception that is raised
    # in the middle of an import comes out as another. A shell may have SIGINT ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))
    sys.exit(main())
