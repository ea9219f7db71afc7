"""``python -m tests.simulation``: simulate, and write the tables of ``docs/error_rates.md``."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.simulation import aggregates, best, effects, family, halves, images, pairs, rows
from tests.simulation.alternatives import ALTERNATIVES
from tests.simulation.studies import ALPHA, IMAGES, LUCK, Cell, Judged, all_cells

DOCUMENT = Path(__file__).parents[2] / "docs" / "error_rates.md"
START = "<!-- from here on by python -m tests.simulation -->\n"
_WORDS = {0.0: "no", 0.5: "half", 1.0: "equal"}
_MISSING = "–"

VERDICTS: dict[str, Callable[[Cell, int, np.random.Generator], Judged]] = {
    "a family of nine false claims, by Holm": family.any_wrong,
    "Higher": pairs.higher,
    "Higher, for other test images, too": images.on_other_images,
    "LargerAt": pairs.larger_at,
    "Same: within the margin": pairs.same,
    "Same: not within it": pairs.not_same,
    "Usually": pairs.usually,
    "Usually: not": pairs.not_usually,
    "the sign depends on a setting": pairs.turning,
    "BestOf": best.best_of,
    "BestOf and compare_predictions, image by image": best.image_by_image,
    "BestHas": best.best_has,
    "BestHas, eight configurations": best.best_of_many_has,
    "MostRows": rows.most_rows,
    "MostRows of a difference": rows.most_gaps,
    "MostRows of the best": rows.most_best_rows,
    "RatioWithin": rows.ratio_within,
    "LongerThan": rows.longer_than,
    "GrowsFaster": rows.grows_faster,
    "two halves of a random search": halves.compared,
    "share of variance: a factor": effects.effect,
    "share of variance: a pair of factors": effects.interaction,
    "share of variance: a pair, one setting noisier": effects.unequal_noise,
}
INTERVALS: dict[str, Callable[[Cell, int, np.random.Generator], NDArray[np.float64]]] = {
    "mean difference": pairs.mean_interval,
    "mean difference, 90 %, of Same": pairs.equality_interval,
    "share of pairs": pairs.share_interval,
    "one accuracy": best.accuracy_interval,
    "ours beside a published accuracy": best.beside_published,
    "exponent": rows.exponent_interval,
    "mean difference, for other test images, too": images.interval,
    "interquartile mean over data sets": aggregates.interval,
}
STATED = {"mean difference, 90 %, of Same": 0.1}
"""The share of errors that is stated, where it is not 5 %."""


def allowed(num: int, stated: float = ALPHA) -> float:
    """Return the largest share that chance explains: three standard errors over what is stated."""
    return stated + 3 * math.sqrt(stated * (1 - stated) / num)


def wrong_share(name: str, cell: Cell, num: int, rng: np.random.Generator) -> float:
    """Return the share of wrong studies of a cell; NaN where nothing is said."""
    if name in VERDICTS:
        return VERDICTS[name](cell, num, rng).share()
    found = INTERVALS[name](cell, num, rng)
    return float(np.nanmean(found)) if np.isfinite(found).any() else math.nan


def _simulated(task: tuple[str, int, int, int]) -> float:
    name, place, num, seed = task
    rng = np.random.default_rng([seed, place])
    if name in ALTERNATIVES:
        return ALTERNATIVES[name][1](num, rng)
    return wrong_share(name, list(all_cells())[place], num, rng)


def tables(shares: dict[str, Sequence[float]], num: int, seed: int) -> str:
    """Return the tables as Markdown: the largest shares, then those of every cell."""
    lines = [
        f"{num:,} studies a cell, drawn with `--seed {seed}`; 5 % and its Monte Carlo error of "
        f"three standard errors are {100 * allowed(num):.1f} %.",
        "",
        "| | says something in | largest share, in % |",
        "| --- | ---: | ---: |",
    ]
    titles = (("Wrong verdicts", VERDICTS), ("Intervals that miss", INTERVALS))
    for title, names in titles:
        lines.append(f"| **{title}** | | |")
        for name in filter(shares.__contains__, names):
            known = [share for share in shares[name] if not math.isnan(share)]
            lines.append(f"| {name} | {len(known)} cells | {100 * max(known):.1f} |")
    lines += ["", "### Not used, because of this", ""]
    lines += ["| | in | wrong or missed, in % |", "| --- | --- | ---: |"]
    for name, (where, _) in ALTERNATIVES.items():
        if name in shares:
            lines.append(f"| {name} | {where} | {100 * shares[name][0]:.1f} |")
    lines.append("")
    for title, names in titles:
        lines += [f"### {title}, in %", ""]
        for name in filter(shares.__contains__, names):
            lines += [f"**{name}**", "", *_table(shares[name]), ""]
    return "\n".join(lines)


def _table(shares: Sequence[float]) -> Iterator[str]:
    """Yield the lines of a table; those in which nothing is said are left out."""
    heads = [f"{_WORDS[luck]}, {images:,}" for luck in LUCK for images in IMAGES]
    yield "| luck, test images | " + " | ".join(heads) + " |"
    yield "| --- |" + " ---: |" * len(heads)
    cells = zip(all_cells(), shares, strict=True)
    for (one_seed, units), group in groupby(cells, lambda entry: _row(entry[0])):
        values = [share for _, share in group]
        if all(map(math.isnan, values)):
            continue
        shown = [_MISSING if math.isnan(share) else f"{100 * share:.1f}" for share in values]
        label = f"1 seed, {units} settings" if one_seed else f"{units} seeds"
        yield f"| {label} | " + " | ".join(shown) + " |"


def _row(cell: Cell) -> tuple[bool, int]:
    return cell.one_seed, cell.units


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate, write the tables, and return 1 if a share is above what chance explains."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="verdicts (default: all)")
    parser.add_argument("--studies", type=int, default=2_000, help="a cell (default 2000)")
    parser.add_argument("--seed", type=int, default=5, help="of the studies (default 5)")
    parser.add_argument("--processes", type=int, default=2, help="at once (default 2)")
    parser.add_argument(
        "--keep", type=Path, help="a JSON file of shares: add to it, and write all of its tables"
    )
    args = parser.parse_args(argv)
    known: dict[str, list[float]] = {}
    if args.keep and args.keep.exists():
        known = json.loads(args.keep.read_text())
    names = args.names or [
        name for name in (*VERDICTS, *INTERVALS, *ALTERNATIVES) if name not in known
    ]
    num_cells = len(list(all_cells()))
    with ProcessPoolExecutor(args.processes) as pool:
        for name in names:
            places = range(1 if name in ALTERNATIVES else num_cells)
            tasks = [(name, place, args.studies, args.seed) for place in places]
            known[name] = list(pool.map(_simulated, tasks))
            print(name, f"at most {100 * np.nanmax(known[name]):.1f} %", flush=True)
            if args.keep:
                args.keep.write_text(json.dumps(known))
    kept = DOCUMENT.read_text().partition(START)[0]
    DOCUMENT.write_text(kept + START + "\n" + tables(known, args.studies, args.seed))
    judged = [name for name in known if name not in ALTERNATIVES]
    return int(any(_too_large(name, known[name], args.studies) for name in judged))


def _too_large(name: str, shares: Sequence[float], num: int) -> bool:
    return bool(np.nanmax(shares) > allowed(num, STATED.get(name, ALPHA)))


if __name__ == "__main__":
    raise SystemExit(main())
