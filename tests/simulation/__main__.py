"""``python -m tests.simulation``: simulate, and write the tables of ``docs/statistics.md``."""

from __future__ import annotations

import argparse
import json
import math
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from pathlib import Path

import numpy as np

from tests.simulation.studies import IMAGES, LUCK, Cell, all_cells
from tests.simulation.verdicts import ALPHA, INTERVALS, VERDICTS

DOCUMENT = Path(__file__).parents[2] / "docs" / "statistics.md"
START = "<!-- from here on by python -m tests.simulation -->\n"
_WORDS = {0.0: "no", 0.5: "half", 1.0: "equal"}


def allowed(num: int) -> float:
    """Return the largest share that chance explains: three standard errors over 5 %."""
    return ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / num)


def wrong_shares(name: str, num: int) -> list[float]:
    """Return the share of wrong studies of each cell; NaN where nothing is said."""
    judge = (VERDICTS | INTERVALS)[name]
    seed = zlib.crc32(name.encode())
    return [
        judge(cell, num, np.random.default_rng([seed, place]))
        for place, cell in enumerate(all_cells())
    ]


def tables(shares: dict[str, Sequence[float]], num: int) -> str:
    """Return the tables as Markdown."""
    lines = [
        f"{num:,} studies a cell; 5 % and its Monte Carlo error of three standard errors are "
        f"{100 * allowed(num):.1f} %.",
        "",
    ]
    for title, names in (("wrong verdicts", VERDICTS), ("intervals that miss", INTERVALS)):
        lines += [f"### {title.capitalize()}, in %", ""]
        for name in names:
            if name in shares:
                lines += [f"**{name}**", "", *_table(shares[name]), ""]
    return "\n".join(lines)


def _table(shares: Sequence[float]) -> list[str]:
    heads = [f"{_WORDS[luck]}, {images:,}" for luck in LUCK for images in IMAGES]
    lines = ["| luck, test images | " + " | ".join(heads) + " |"]
    lines.append("| --- |" + " ---: |" * len(heads))
    cells = zip(all_cells(), shares, strict=True)
    for (one_seed, units), group in groupby(cells, lambda entry: _row(entry[0])):
        shown = [_MISSING if math.isnan(share) else f"{100 * share:.1f}" for _, share in group]
        label = f"1 seed, {units} settings" if one_seed else f"{units} seeds"
        lines.append(f"| {label} | " + " | ".join(shown) + " |")
    return lines


_MISSING = "–"


def _row(cell: Cell) -> tuple[bool, int]:
    return cell.one_seed, cell.units


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate, write the tables, and return 1 if a share is above what chance explains."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="verdicts (default: all)")
    parser.add_argument("--studies", type=int, default=2_000, help="a cell (default 2000)")
    parser.add_argument("--processes", type=int, default=2, help="at once (default 2)")
    parser.add_argument("--json", type=Path, help="write the shares there, not the document")
    args = parser.parse_args(argv)
    names = args.names or [*VERDICTS, *INTERVALS]
    with ProcessPoolExecutor(args.processes) as pool:
        found = pool.map(wrong_shares, names, [args.studies] * len(names))
        shares = {}
        for name, values in zip(names, found, strict=True):
            shares[name] = values
            print(name, f"at most {100 * np.nanmax(values):.1f} %", flush=True)
            if args.json:
                args.json.write_text(json.dumps(shares))
    if not args.json:
        kept = DOCUMENT.read_text().partition(START)[0]
        DOCUMENT.write_text(kept + START + "\n" + tables(shares, args.studies))
    return int(any(np.nanmax(values) > allowed(args.studies) for values in shares.values()))


if __name__ == "__main__":
    raise SystemExit(main())
