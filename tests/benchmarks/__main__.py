"""``python -m tests.benchmarks [NAME ...]``: measure, write results.json and docs/performance.md.

What is measured replaces the same benchmark's lines of an earlier run; the others stay.
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

from tests.benchmarks import engine, estimate, gpu, overhead, report, scale, start, study, svm
from tests.benchmarks.comparison import Measurement
from tests.benchmarks.search import command as race
from tests.benchmarks.search import report as race_report
from tune_app.engine.connection import gpu_names
from tune_app.study.provenance import collect_provenance

BENCHMARKS: dict[str, Callable[..., Iterator[Measurement]]] = {
    "engine": engine.run,
    "gpu": gpu.run,
    "study": study.run,
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
BEGIN, END = "<!-- made by python -m tests.benchmarks -->\n", "<!-- end of what it made -->\n"
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
        lines = []
        for measurement in BENCHMARKS[name](args.rounds, **arguments):
            lines.append(measurement)
            print(_row(_as_json(measurement)), flush=True)
        if lines:
            _save(name, lines)
    return 0


def _as_json(measurement: Measurement) -> dict[str, Any]:
    return {**dataclasses.asdict(measurement), "met": measurement.met}


def _save(name: str, lines: Sequence[Measurement]) -> None:
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"benchmarks": {}}
    facts = collect_provenance([], gpu_names())
    packages = {name: facts["packages"][name] for name in PACKAGES if name in facts["packages"]}
    environment = {"hardware": facts["hardware"], "packages": packages}
    entry = {**environment, "measurements": [_as_json(line) for line in lines]}
    merged = {**known["benchmarks"], name: entry}
    known["benchmarks"] = {n: merged[n] for n in BENCHMARKS if n in merged}
    RESULTS.write_text(json.dumps(known, indent=1) + "\n")
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(), known))


def with_tables(page: str, results: dict[str, Any]) -> str:
    """Return the page with the tables of the results between its two marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n{table(results)}\n{end}{after}"


def table(results: dict[str, Any]) -> str:
    """Return all results as Markdown: a table for each machine and set of packages."""
    machines: dict[str, list[str]] = {}
    for entry in results["benchmarks"].values():
        rows = [_row(measurement) for measurement in entry["measurements"]]
        machines.setdefault(_machine(entry), []).extend(rows)
    head = (
        "| | measured | ours | baseline | ratio (rounds) | target | |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | --- |\n"
    )
    return "\n".join(f"{m}:\n\n{head}{chr(10).join(rows)}\n" for m, rows in machines.items())


def _machine(entry: dict[str, Any]) -> str:
    hardware, packages = entry["hardware"], entry["packages"]
    versions = ", ".join(f"{name} {version}" for name, version in packages.items())
    devices = [f"{hardware['num_cpus']} CPUs of {hardware['cpu']}", *hardware["gpus"]]
    return f"On {' and '.join(devices)}, {versions}"


def _row(m: dict[str, Any]) -> str:
    met = {None: "", True: "met", False: "not met"}[m["met"]]
    target = "" if m["target"] is None else f"{'≤' if m['at_most'] else '≥'} {m['target']:g}"
    remark = "; ".join(part for part in (met, m["note"]) if part)
    ours = f"{_figure(m['ours'])} {m['unit']}"
    ratio, baseline = "", ""
    if m["baseline"] is not None:
        baseline = f"{_figure(m['baseline'])} {m['unit']}"
        ratio = f"{m['ratio']:.2f} ({m['low']:.2f}–{m['high']:.2f})"
    return (
        f"| {m['benchmark']} | {m['case']} | {ours} | {baseline} | {ratio} | {target} | {remark} |"
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


if __name__ == "__main__":
    # The end of the race ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
