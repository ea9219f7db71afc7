"""``python -m tune_app.status``: how far a study is, read from its directory alone."""

import sys

from tune_app.cli.status_command import main

if __name__ == "__main__":
    sys.exit(main())
