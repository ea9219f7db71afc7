"""The tables of docs/performance.md, made of results.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.benchmarks.peers.table import figure, peers_rows, peers_table

BEGIN, END = "<!-- made by python -m tests.benchmarks -->\n", "<!-- end of what it made -->\n"
BEGIN_PEERS = "<!-- made by python -m tests.benchmarks peers -->\n"


def with_tables(page: str, results: dict[str, Any]) -> str:
    """Return the page with the tables of the results between their marks."""
    page = _filled(page, BEGIN, table(results))
    peers = [
        f"{_environment(entry)}:\n\n{peers_table(entry['measurements'])}"
        for entry in results["benchmarks"].get("peers", [])
    ]
    return _filled(page, BEGIN_PEERS, "\n".join(peers))


def rows_of(name: str, measurements: Sequence[dict[str, Any]]) -> list[str]:
    """Return the measurements of a benchmark as rows of its table."""
    return peers_rows(measurements) if name == "peers" else [_row(m) for m in measurements]


def table(results: dict[str, Any]) -> str:
    """Return all results but those of peers: a table for each machine and set of packages."""
    machines: dict[str, list[str]] = {}
    for name, entries in results["benchmarks"].items():
        for entry in entries if name != "peers" else ():
            rows = rows_of(name, entry["measurements"])
            machines.setdefault(_environment(entry), []).extend(rows)
    head = (
        "| | measured | ours | baseline | ratio (rounds) | target | |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | --- |\n"
    )
    return "\n".join(f"{m}:\n\n{head}{chr(10).join(rows)}\n" for m, rows in machines.items())


def _filled(page: str, begin: str, tables: str) -> str:
    before, begin, rest = page.partition(begin)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n{tables}\n{end}{after}"


def machine_of(entry: dict[str, Any]) -> str:
    """Return the processors and the GPUs of a run."""
    hardware = entry["hardware"]
    return " and ".join([f"{hardware['num_cpus']} CPUs of {hardware['cpu']}", *hardware["gpus"]])


def _environment(entry: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in entry["packages"].items())
    return f"On {machine_of(entry)}, {versions}"


def _row(m: dict[str, Any]) -> str:
    met = {None: "", True: "met", False: "not met"}[m["met"]]
    target = "" if m["target"] is None else f"{'≤' if m['at_most'] else '≥'} {m['target']:g}"
    remark = "; ".join(part for part in (met, m["note"]) if part)
    ours = f"{figure(m['ours'])} {m['unit']}"
    ratio, baseline = "", ""
    if m["baseline"] is not None:
        baseline = f"{figure(m['baseline'])} {m['unit']}"
        ratio = f"{m['ratio']:.2f} ({m['low']:.2f}–{m['high']:.2f})"
    return (
        f"| {m['benchmark']} | {m['case']} | {ours} | {baseline} | {ratio} | {target} | {remark} |"
    )
