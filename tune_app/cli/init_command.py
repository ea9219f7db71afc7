"""``tune-app init NAME``: write a search space to start from.

Exit status: 0 the file was written, 2 the command has to be corrected.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from search_spaces.errors import UserError
from tune_app.cli.arguments import CommandParser
from tune_app.storage.output import answering_mistakes, print_text
from tune_app.storage.user_path import user_path
from tune_app.storage.whole_file import write_named
from tune_app.study.command_name import command_name

TEMPLATE = '''\
"""A study to start from: which learning rate fits a line through noisy points best?

tune-app run --space ./NAME.py --plan     prints what would run; writes nothing
tune-app run --space ./NAME.py            runs it; the same again runs what is left
tune-app status results/NAME              tells how far it is
tune-app report results/NAME              writes its tables and figures
"""

import json
import random
import tempfile
from pathlib import Path

from ray import tune
from tune_app import SearchSpace


def train(config):
    """Run one trial. Put your own training here, as in any script of Ray Tune."""
    rng = random.Random(config["seed"])  # the seed of the row, from --seeds 0-5
    xs = [rng.random() for _ in range(200)]
    points = [(x, 3 * x + rng.gauss(0, 0.1)) for x in xs]
    slope, first = 0.0, 1

    # A trial that was interrupted goes on from its newest checkpoint.
    checkpoint = tune.get_checkpoint()
    if checkpoint:
        with checkpoint.as_directory() as folder:
            state = json.loads(Path(folder, "state.json").read_text())
        slope, first = state["slope"], state["epoch"] + 1

    for epoch in range(first, config["epochs"] + 1):
        for x, y in points[:150]:
            slope -= config["lr"] * 2 * x * (slope * x - y)
        loss = sum((slope * x - y) ** 2 for x, y in points[150:]) / 50

        # Report whatever you measure: names with val_ and test_ are told apart.
        with tempfile.TemporaryDirectory() as folder:
            state = json.dumps({"epoch": epoch, "slope": slope})
            Path(folder, "state.json").write_text(state)
            saved = tune.Checkpoint.from_directory(folder)
            tune.report({"epoch": epoch, "val_loss": loss}, checkpoint=saved)


SPACE = SearchSpace(
    name="NAME",
    question="Which learning rate fits the line best?",
    trainable=train,
    metric="val_loss",  # the measure that selects the best configuration
    mode="min",
    # Each grid_search is an axis, each combination of their values a configuration.
    param_space={"lr": tune.grid_search([0.001, 0.01, 0.1]), "epochs": 5},
    resources={"cpu": 1},  # of one trial; {"cpu": 1, "gpu": 1} asks for a GPU too
)
'''
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def build_parser() -> CommandParser:
    """Return the command line's parser."""
    parser = CommandParser("tune_app.init", "Write a commented search space to start from.")
    parser.add_argument(
        "name", metavar="NAME", help="the name of the study, e.g. my_study: writes my_study.py"
    )
    return parser


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    path = write_space(build_parser().parse_args(argv).name)
    run = command_name("tune_app.run")
    print_text(f"wrote {path}; next: {run} --space {shlex.quote(str(path))} --plan")
    return 0


def write_space(name: str) -> Path:
    """Write a search space to start from; return its file.

    Args:
        name: the name of the study, with or without a folder before it and ``.py`` behind it. A
            folder that is missing is made.

    Raises:
        UserError: the name cannot be a study's or a path, or the file cannot be written or is
            there already.
    """
    path = user_path(f"{name.removesuffix('.py')}.py")
    if not _NAME.fullmatch(path.stem):
        raise UserError(
            f"{name}: use lower-case letters, digits and _, beginning with a letter, at most 40, "
            "as in my_study"
        )
    if os.path.lexists(path):
        raise UserError(f"{path} is there already; choose another name, or remove it")
    return write_named(path, TEMPLATE.replace("NAME", path.stem).encode())
