"""``tune-app predict``: the classes of images, by a model that ``tune-app best --export`` wrote.

Exit status: 0 all images were predicted, 1 some could not be read, 2 the command has to be
corrected.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_spaces.errors import UserError, one_line
from tune_app.cli.arguments import CommandParser
from tune_app.cli.table import Column, table_lines
from tune_app.storage.csv_text import csv_text
from tune_app.storage.output import answering_mistakes, print_json, print_text
from tune_app.storage.user_path import user_path
from tune_app.storage.wrapping import terminal_width
from tune_app.study.objective import finite_number

if TYPE_CHECKING:
    from tune_app.training.predictor import Prediction, Predictor

MODULE = "tune_app.predict"
_MOST_NAMED = 3


def build_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = CommandParser(
        MODULE, "Print the class of images, and its probability, as a trained model sees them."
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a model that `tune-app best STUDY --export` wrote: .safetensors, or .pt with its "
        ".json beside it, e.g. model.safetensors",
    )
    parser.add_argument(
        "images", nargs="+", metavar="IMAGE", help="image files, or folders of them, e.g. digit.png"
    )
    parser.add_argument(
        "--invert",
        action="store_true",
        help="exchange bright and dark, e.g. for dark ink on white paper (default: as it is)",
    )
    parser.add_argument(
        "--space",
        metavar="FILE",
        help="the search space that builds a model of your own, e.g. --space my_space.py (default: "
        "models of torchvision need none)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object with all probabilities, for programs (default: a table)",
    )
    form.add_argument("--csv", action="store_true", help="print CSV (default: a table)")
    return parser


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    args = build_parser().parse_args(argv)
    from tune_app.data.image_files import find_images

    predictor = _predictor(user_path(args.model), args.space)
    images, problems = predictor.read(find_images(args.images), invert=args.invert)
    for problem in problems:
        print_text(f"error: {problem}", to_stderr=True)
    for note in _notes(predictor, images, inverted=args.invert):
        print_text(f"note: {one_line(note)}", to_stderr=True)
    predictions = list(predictor.predict(images))
    if args.json:
        print_json(_as_json(predictor, predictions, problems))
    elif args.csv:
        print_text(csv_text(*_table(predictor, predictions)), end="", wrap=False)
    elif predictions:
        names, lines = _table(predictor, predictions)
        columns = [
            Column(name, list(map(_text, cells)), is_number=isinstance(cells[0], float))
            for name, cells in zip(names, zip(*lines, strict=True), strict=True)
        ]
        print_text("\n".join(table_lines(columns, terminal_width(sys.stdout))))
    return 1 if problems else 0


def _predictor(path: Path, space: str | None) -> Predictor:
    from tune_app.training.model_file import read_model
    from tune_app.training.predictor import Predictor
    from tune_app.training.saved_model import load_model, own_build

    state, info = read_model(path)
    build = None
    if space is not None:
        from tune_app.planning.space_file import load_space
        from tune_app.training.registry import find_trainable

        build = own_build(info, find_trainable(load_space(space)))
        if build is None:
            raise UserError(f"--space {space}: it builds no model {info.model}, as {path} is one")
    elif info.is_own:
        raise UserError(
            f"{path}: {info.model} is a model of your own; name the search space that builds it: "
            "--space my_space.py"
        )
    return Predictor(load_model(info, state, build), info)


def _notes(predictor: Predictor, images: Sequence[Any], *, inverted: bool) -> Iterator[str]:
    """Yield what was done to images, and which do not look like those of the training."""
    height, width, *_ = predictor.item.shape
    resized = [image for image in images if image.was_resized]
    if resized:
        rows, columns = resized[0].found
        others = f" and {len(resized) - 1} more" if len(resized) > 1 else ""
        size = f"{columns}×{rows} pixels"  # the width first, as in every tool for images
        yield f"{resized[0].path} ({size}){others}: resized to {width}×{height}"
    coloured = [image.path for image in images if image.was_coloured]
    if coloured:
        yield f"colours turned into grey: {_named(coloured)}"
    bright = [image.path for image in images if predictor.looks_inverted(image)]
    if bright:
        advice = "leave --invert out" if inverted else "add --invert for dark on bright"
        yield f"bright border: {_named(bright)}; the model expects {predictor.expects()}; {advice}"


def _named(paths: Iterable[Path]) -> str:
    names = list(map(str, paths))
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _table(
    predictor: Predictor, predictions: Sequence[Prediction]
) -> tuple[list[str], list[list[Any]]]:
    names = predictor.info.class_names
    if names is None:
        count = len(predictions[0].outputs) if predictions else 1
        values = ["value"] if count == 1 else [f"value_{place}" for place in range(count)]
        return ["image", *values], [[str(p.image.path), *p.outputs] for p in predictions]
    lines: list[list[Any]] = []
    for one in predictions:
        probability = max(one.outputs)
        place = one.outputs.index(probability)
        lines.append([str(one.image.path), names[place], round(probability, 4)])
    return ["image", "class", "probability"], lines


def _text(cell: Any) -> str:
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)


def _as_json(
    predictor: Predictor, predictions: Sequence[Prediction], problems: Sequence[UserError]
) -> dict[str, Any]:
    names = predictor.info.class_names
    found = []
    for one in predictions:
        entry: dict[str, Any] = {"image": str(one.image.path)}
        if names is None:
            entry["values"] = list(map(finite_number, one.outputs))
        else:
            place = one.outputs.index(max(one.outputs))
            outputs = list(map(finite_number, one.outputs))
            entry |= {"class": names[place], "label": place, "probability": outputs[place]}
            entry["probabilities"] = dict(zip(names, outputs, strict=True))
        found.append(entry)
    return {"predictions": found, "errors": list(map(str, problems))}
