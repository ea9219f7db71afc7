"""The tables of docs/performance.md, made of results.json."""

from __future__ import annotations

from typing import Any

BEGIN, END = "<!-- made by python -m tests.benchmarks -->\n", "<!-- end of what it made -->\n"


def with_tables(page: str, results: dict[str, Any]) -> str:
    """Return the page with the tables of the results between its two marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n{table(results)}\n{end}{after}"


def table(results: dict[str, Any]) -> str:
    """Return all results as Markdown: a table for each machine and set of packages."""
    machines: dict[str, list[str]] = {}
    for entry in results["benchmarks"].values():
        rows = [row(measurement) for measurement in entry["measurements"]]
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


def row(m: dict[str, Any]) -> str:
    """Return a measurement as a row of its table."""
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
