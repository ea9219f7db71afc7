"""``run_study``: ``tune-app run`` as a function."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import replace
from keyword import iskeyword
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError, choices, did_you_mean, one_line
from search_spaces.space import SearchSpace
from tune_app.api.loaded import LoadedStudy, load_study
from tune_app.api.own_code import code_of_space
from tune_app.cli.notify import addresses
from tune_app.cli.run_command import requested
from tune_app.cli.run_console import run_console
from tune_app.cli.run_display import RunDisplay
from tune_app.cli.run_parser import build_parser
from tune_app.planning.objectives import with_recorded_objectives
from tune_app.planning.space_file import code_files, load_space
from tune_app.planning.typed_values import joined
from tune_app.study.ledger import open_ledger

_OF_THE_COMMAND = ("space", "list", "plan", "json", "help")
"""Options of the command that the function has no use for."""
_OF_PARAMETERS = ("set", "where", "add")
"""Options that may be mappings: parameter -> values."""


def run_study(space: SearchSpace | str | Path, **options: Any) -> LoadedStudy:
    """Run what is not finished of a study, and return the study.

    It does what ``tune-app run`` does, in a script, in a notebook and inside an existing
    ``ray.init()``, whose cluster it then uses and leaves running. Ctrl-C, or the stop button of a
    notebook, ends the trials in order; the same call goes on. Failed trials do not raise: the
    ``status`` of their rows says so.

    Args:
        space: a search space, the name of a shipped one, the path of a file with one, or a module
            such as ``search_spaces.examples.table``.
        **options: the options of ``tune-app run``, with ``_`` for ``-``: ``study="night"``,
            ``data="sample"``, ``images=500``, ``seeds=range(3)``, ``results_dir="results"``,
            ``max_concurrent=2``, ``fresh=True`` and so on. Parameters are named by mappings:
            ``set={"lr": [1e-3, 1e-4]}``, ``where={"model": "resnet18"}`` and
            ``add={"lr": 3e-4, "batch_size": 64}``, or a list of such points. ``continue`` is a word
            of Python: ``**{"continue": "3fa9c1"}``.

    Raises:
        UserError: the space or an option has to be changed; the message says how.
        KeyboardInterrupt: the study was stopped. What was recorded is kept.
    """
    if isinstance(space, Path):
        space = str(space)
    if not isinstance(space, (SearchSpace, str)):
        raise UserError(
            f"run_study: the space is a {type(space).__name__}; allowed: a SearchSpace, the name "
            "of a shipped one, or the path of a file with one"
        )
    words = _words(options)
    parser = build_parser()
    name = space if isinstance(space, str) else space.name
    args = parser.parse_args(["--space", name, *words])
    declared = load_space(space) if isinstance(space, str) else space
    code = code_files(space, declared) if isinstance(space, str) else code_of_space(declared)
    with requested(args, ["--space", name, *words], declared, code) as asked:
        call = "" if isinstance(space, str) else _call(space, options)
        request = replace(asked, call=call)
        place = request.store.place
        _launch(request, RunDisplay(run_console("the study goes on"), addresses(args.notify or ())))
        ledger = open_ledger(request.store)
        judged = request if ledger is None else with_recorded_objectives(request, ledger)
    # By the objective of this call, also if the study lies where its record cannot be changed.
    return load_study(place, metric=judged.space.metric, mode=judged.space.mode)


def _call(space: SearchSpace, options: Mapping[str, Any]) -> str:
    """Return a call of ``run_study`` as text; the space stands in it by its name.

    Addresses of notifications, which may hold secrets, are left out.
    """
    words = [
        f"**{ {name: value}!r}" if iskeyword(name) else f"{name}={value!r}"
        for name, value in options.items()
        if name != "notify"
    ]
    return one_line(f"run_study({', '.join([space.name, *words])})")


def _launch(request: Any, display: RunDisplay) -> None:
    from tune_app.engine import connection
    from tune_app.engine.launch import Launch
    from tune_app.engine.signals import StopSignals

    request = connection.in_existing_cluster(request)
    signals = StopSignals()
    launch = Launch(request, display, signals, ends_process=False)
    with signals:
        try:
            status = launch.run()
        except KeyboardInterrupt:
            status = launch.stopped()
    if status > 128:
        raise KeyboardInterrupt(
            "the study was stopped; the same call goes on, and load_study reads what is there"
        )


def _words(options: dict[str, Any]) -> list[str]:
    """Return the options as the words of a command line.

    Raises:
        UserError: there is no such option.
    """
    actions = build_parser()._option_string_actions
    allowed = [
        flag.removeprefix("--").replace("-", "_") for flag in actions if flag.startswith("--")
    ]
    allowed = [name for name in allowed if name not in _OF_THE_COMMAND]
    words = []
    for name, value in options.items():
        if name not in allowed:
            raise UserError(
                f"run_study: no option {name!r}{did_you_mean(name, allowed)}; allowed: "
                f"{choices(allowed)}"
            )
        if isinstance(value, Mapping) and name not in _OF_PARAMETERS:
            raise UserError(
                f"run_study: {name} is a mapping; write it as on the command line, for example "
                "objective='val_accuracy,train_seconds:min' or target='val_accuracy=0.99'"
            )
        flag = f"--{name.replace('_', '-')}"
        if value is None or value is False:
            continue
        repeats = isinstance(actions[flag], argparse._AppendAction) and not isinstance(value, str)
        for each in _each(name, value) if repeats else [value]:
            words += [flag] if each is True else [flag, _text(each)]
    return words


def _each(name: str, value: Any) -> Iterable[Any]:
    """Return the values of an option that may be repeated; of parameters, the texts of each."""
    if name in ("set", "where") and isinstance(value, Mapping):
        return [f"{key}={_text(values)}" for key, values in value.items()]
    if name == "add":
        points = [value] if isinstance(value, Mapping) else value
        return [
            p if isinstance(p, str) else joined(f"{key}={v}" for key, v in p.items())
            for p in points
        ]
    return list(value)


def _text(value: Any) -> str:
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return joined(value)
    return str(value)
