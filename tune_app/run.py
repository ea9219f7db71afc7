"""``python -m tune_app.run``: plan a study, run what is missing of it, say what came out."""

import sys

from tune_app.cli.run_command import main

if __name__ == "__main__":
    sys.exit(main())
