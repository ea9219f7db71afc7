"""``python -m tune_app``: the same as the console command ``tune-app``."""

import sys

from tune_app.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
