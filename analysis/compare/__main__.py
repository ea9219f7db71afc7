"""``python -m analysis.compare``: compare studies with the first of them."""

import sys

from analysis.compare.command import main

if __name__ == "__main__":
    sys.exit(main())
