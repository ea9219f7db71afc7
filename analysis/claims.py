"""``python -m analysis.claims``: judge claims, the published ones and a user's own."""

import sys

from analysis.checks import claims
from analysis.checks.claims import *  # noqa: F403
from analysis.checks.claims.command import main
from analysis.labs.claims import PUBLISHED, REPORT_A, REPORT_B

__all__ = ["PUBLISHED", "REPORT_A", "REPORT_B", "main"]
__all__ += claims.__all__

if __name__ == "__main__":
    sys.exit(main())
