"""``python -m analysis.audit``: audit a CSV file, a published table or a study directory."""

import sys

from analysis.audit.command import main

sys.exit(main())
