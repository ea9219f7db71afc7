"""``tune-app`` and ``python -m tune_app``."""

import sys

from tune_app.cli.interrupts import end_at_once, ending_at_once


def main() -> int:
    """Run a command as a process of its own; return its exit status."""
    with ending_at_once():
        from tune_app.cli.main import main as any_command

    status = any_command()
    end_at_once()
    return status


if __name__ == "__main__":
    sys.exit(main())
