"""``python -m tests.benchmarks [NAME ...]``: measure, write results.json and docs/performance.md.

What is measured replaces the same benchmark's lines of the same machine and those of other versions
of this package; the others stay.
``search`` and ``search-report`` are commands of their own, with options of their own.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from tests.benchmarks import engine, estimate, gpu, overhead, report, scale, start, study, svm
from tests.benchmarks.comparison import Measurement
from tests.benchmarks.peers import suite as peers
from tests.benchmarks.peers.suite import SystemMeasured
from tests.benchmarks.search import command as race
from tests.benchmarks.search import report as race_report
from tests.benchmarks.tables import machine_of, rows_of, with_tables
from tune_app.engine.gpus import gpu_names
from tune_app.study.provenance import collect_provenance

Measured = Measurement | SystemMeasured
BENCHMARKS: dict[str, Callable[..., Iterator[Measured]]] = {
    "engine": engine.run,
    "gpu": gpu.run,
    "study": study.run,
    "peers": peers.run,
    "svm": svm.run,
    "overhead": overhead.run,
    "start": start.run,
    "analysis": report.run,
    "estimate": estimate.run,
    "scale": scale.run,
}
COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "search": race.main,
    "search-report": race_report.main,
}
RESULTS = Path(__file__).with_name("results.json")
DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
PACKAGES = ("tune-app", "torch", "ray", "scikit-learn", "scikit-learn-intelex")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the named benchmarks, or all."""
    words = sys.argv[1:] if argv is None else list(argv)
    if words and words[0] in COMMANDS:
        return COMMANDS[words[0]](words[1:])
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each (default 3)")
    parser.add_argument("--data", default="sample", help="images for svm: sample, full or a folder")
    args = parser.parse_args(words)
    names = args.names or list(BENCHMARKS)
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"no benchmark {', '.join(unknown)}; allowed: {', '.join(BENCHMARKS)}")
    for name in names:
        arguments = {"source": args.data} if name == "svm" else {}
        lines: list[dict[str, Any]] = []
        for measurement in BENCHMARKS[name](args.rounds, **arguments):
            lines.append(_as_json(measurement))
            print(rows_of(name, lines)[-1], flush=True)
        if lines:
            _save(name, lines)
    return 0


def _as_json(measured: Measured) -> dict[str, Any]:
    met = {"met": measured.met} if isinstance(measured, Measurement) else {}
    return dataclasses.asdict(measured) | met


def _save(name: str, lines: Sequence[dict[str, Any]]) -> None:
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"benchmarks": {}}
    entry = {**_environment(), "measurements": lines}
    merged = {**known["benchmarks"], name: replaced(known["benchmarks"].get(name, []), entry)}
    known["benchmarks"] = {n: merged[n] for n in BENCHMARKS if n in merged}
    RESULTS.write_text(json.dumps(known, indent=1) + "\n")
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(), known))


def _environment() -> dict[str, Any]:
    """Return the machine and the versions; a processor's name alone does not tell its vectors."""
    facts = collect_provenance([], gpu_names())
    packages = {name: facts["packages"][name] for name in PACKAGES if name in facts["packages"]}
    hardware = facts["hardware"]
    hardware["cpu"] += f" ({torch.backends.cpu.get_cpu_capability()})"
    return {"hardware": hardware, "packages": packages}


def replaced(entries: Sequence[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the runs of a benchmark that stay beside a new one, and the new one."""
    version = new["packages"].get("tune-app")
    others = [entry for entry in entries if machine_of(entry) != machine_of(new)]
    return [*(e for e in others if e["packages"].get("tune-app") == version), new]


if __name__ == "__main__":
    # The end of the race ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
