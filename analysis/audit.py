"""``python -m analysis.audit``: check a table of results for what cannot be right."""

import sys

from analysis.checks import audit
from analysis.checks.audit import *  # noqa: F403
from analysis.checks.audit.command import main

__all__ = ["main"]
__all__ += audit.__all__

if __name__ == "__main__":
    sys.exit(main())
