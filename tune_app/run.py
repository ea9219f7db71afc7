"""``python -m tune_app.run``: plan a study, run what is not finished, and print the outcome."""

import os
import signal
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: those of the process); return its status."""
    from tune_app.cli.main import main as any_command

    return any_command(["run", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    # Until StopSignals takes over, nothing has to be ended in order, so Ctrl-C ends the process at
    # once. A KeyboardInterrupt raised during an import could come out as another exception. If the
    # shell had SIGINT ignored, it stays ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))
    sys.exit(main())
