"""``tune-app best``: print the best configuration of a study, and export its model.

Exit status: 0 it was printed and exported, 1 nothing can be picked yet, 2 the command has to be
corrected.
"""

from __future__ import annotations

import argparse
import math
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from search_spaces.errors import UserError, one_line
from tune_app.cli.arguments import CommandParser, add_json, add_study
from tune_app.cli.places import shell_word
from tune_app.storage.output import answering_mistakes, print_json, print_text
from tune_app.study.command_name import command_name
from tune_app.study.objective import Objective

if TYPE_CHECKING:
    from analysis.frames.answer import Winner
    from tune_app.api.picks import Picks

MODULE = "tune_app.best"


def build_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = CommandParser(
        MODULE,
        "Print the best configuration of each data set of a study, and export a trained model.",
    )
    add_study(parser)
    parser.add_argument(
        "--export",
        metavar="FILE",
        help="write the model of the best configuration and its card, e.g. --export "
        "model.safetensors; also .pt, a plain state_dict, and .onnx (default: write nothing)",
    )
    parser.add_argument(
        "--where",
        action="append",
        metavar="NAME=VALUE",
        help="compare only rows with this value, e.g. --where model=resnet18; may be repeated "
        "(default: all rows)",
    )
    parser.add_argument(
        "--by",
        metavar="MEASURE[:MODE]",
        help="the measure to judge by, e.g. --by val_loss or --by score:min (default: the study's "
        "objective)",
    )
    parser.add_argument(
        "--row",
        metavar="ID",
        help="export this configuration instead of the best one: its id or the beginning of it, "
        "e.g. --row 0ba533 (default: the best)",
    )
    parser.add_argument(
        "--space",
        metavar="FILE",
        help="the search space that builds a model of your own, for --export to .onnx only, "
        "e.g. --space my_space.py (default: models of torchvision need none)",
    )
    add_json(parser, "one JSON object", "text")
    return parser


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    args = build_parser().parse_args(argv)
    _check(args)
    from tune_app.api.picks import read_picks  # pandas and more, which a mistake need not wait for

    picks = read_picks(args.study, args.where or (), args.by)
    files = picks.export(args.export, args.row, args.space) if args.export else []
    if args.json:
        picked = [_as_json(picks, winner) for winner in picks.winners]
        written = [str(file) for file in files]
        print_json({"study": picks.study.name, "best": picked, "files": written})
    elif not args.row:
        print_text("\n".join([*_lines(picks), *([] if files else _export_command(picks, args))]))
    if files and not args.json:
        print_text("\n".join(f"written: {file}" for file in files))
    return 0 if picks.winners or files else 1


def _check(args: argparse.Namespace) -> None:
    if args.row and not args.export:
        raise UserError(f"--row {args.row}: names what is exported; add --export FILE")
    if args.row and (args.where or args.by):
        raise UserError(f"--row {args.row}: names the row already; leave --where and --by out")
    for text in args.where or ():
        name, _, value = text.partition("=")
        if not (name and value):
            raise UserError(f"--where {text}: allowed: NAME=VALUE, e.g. --where model=resnet18")
    if args.space and not (args.export and args.export.endswith(".onnx")):
        raise UserError("--space: only an export to .onnx needs it; leave it out")


def _lines(picks: Picks) -> Iterator[str]:
    if not picks.winners:
        yield picks.nothing()
        return
    for winner in picks.winners:
        yield picks.words(winner)
        config_id = str(winner.config["config_id"])
        settings = {name: winner.config[name] for name in picks.study.config_keys}
        width = max(map(len, ["weights", *map(one_line, settings)]))
        shown = {"id": config_id, **settings, "weights": _weights(picks, config_id)}
        for name, value in shown.items():
            if value is not None and not (isinstance(value, float) and math.isnan(value)):
                yield f"  {one_line(name).ljust(width)}  {one_line(_text(value))}"
    others = [str(objective) for objective in Objective.all_of_study(picks.study.meta)]
    if len(others) > 1:
        yield f"judged by the first of {len(others)} objectives: {', '.join(others)}; --by chooses"
    if waiting := picks.unfinished():
        yield waiting


def _export_command(picks: Picks, args: argparse.Namespace) -> Iterator[str]:
    """Yield the command that exports the first winner whose weights are kept, if there is one."""
    kept = (w for w in picks.winners if picks.kept(str(w.config["config_id"])) is not None)
    winner = next(kept, None)
    if winner is None:
        return
    where = [*(args.where or ())]
    if len(picks.winners) > 1:
        where.append(f"dataset={winner.dataset}")
    chosen = [f" --where {shlex.quote(text)}" for text in where]
    chosen += [f" --by {shlex.quote(args.by)}"] if args.by else []
    store = picks.study.store
    yield (
        f"export: {command_name(MODULE)} {shell_word(store, store.root)}{''.join(chosen)}"
        " --export model.safetensors"
    )


def _weights(picks: Picks, config_id: str) -> str:
    kept = picks.kept(config_id)
    store = picks.study.store
    return shell_word(store, kept.weights.path) if kept else "not kept"


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _as_json(picks: Picks, winner: Winner) -> dict[str, Any]:
    config_id = str(winner.config["config_id"])
    kept, study = picks.kept(config_id), picks.study
    shown = picks.shown_metric
    values = {"value": winner.selected, "shown": winner.shown, "low": winner.low}
    values |= {"high": winner.high}
    return {
        "dataset": None if winner.dataset is None else str(winner.dataset),
        "config_id": config_id,
        "config": {name: _plain(winner.config[name]) for name in study.config_keys},
        "metric": study.metric,
        "mode": study.mode,
        "shown_metric": shown,
        **{name: _plain(value) for name, value in values.items()},
        "num_seeds": winner.num_seeds,
        "num_candidates": winner.num_candidates,
        "num_at_fewer_seeds": winner.num_at_fewer_seeds,
        "num_tied": winner.num_tied,
        "selected": picks.words(winner),
        "weights": None if kept is None else study.store.place_of(kept.weights.path),
    }


def _plain(value: Any) -> Any:
    plain = value.item() if hasattr(value, "item") else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain
