"""The pages around a report: the state of its study on top, and the list of studies.

A page is a frame for data that its script fetches and shows as text, so nothing of a study is ever
interpreted as markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from analysis.frames.cells import counted
from analysis.frames.labels import label, parameter_heading
from analysis.frames.measures import Measure as PrintedMeasure
from analysis.render.page_templates import environment, markup, script_hash
from search_spaces.errors import one_line
from tune_app.study.rows import STATES
from tune_app.study.trials import DONE

_MOST_LISTED, _MOST_SETTINGS = 50, 8


class Page(NamedTuple):
    """A page and what it may do.

    Attributes:
        html: the page.
        policy: its Content-Security-Policy.
    """

    html: str
    policy: str


def study_page(name: str, *, has_start_page: bool) -> Page:
    """Return the page of a study: its state, and its report in a frame.

    Args:
        name: the study's name in addresses.
        has_start_page: whether there is a list of studies to go back to.
    """
    scripts = ("common.js", "page_state.js", "study.js")
    return _page("study.html.j2", scripts, name=name, has_start_page=has_start_page)


def start_page() -> Page:
    """Return the list of studies."""
    return _page("start.html.j2", ("common.js", "start.js"))


def study_view(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page shows of a study, as text and numbers.

    Args:
        found: ``WatchedStudy.state()``; its ``state`` is that of ``tune-app status --json``.
    """
    view = {key: value for key, value in found.items() if key != "state"}
    state = found["state"]
    if state is None:
        return view | {"study": None}
    failures = list(state["failures"].items())
    reasons = Counter(str(entry["reason"]) for entry in state["open"])
    kept = ("running", "rows", "seconds_left", "last_result")
    num_done = sum(state["rows"].get(name, 0) for name in DONE)
    num_rows = state["num_rows"] + state["num_to_ask"]
    return view | {
        **{key: state[key] for key in kept},
        "num_rows": num_rows,
        "num_done": num_done,
        "is_finished": num_done == num_rows,
        "rows_text": _rows_text(state["rows"], num_done, num_rows),
        "study": one_line(str(state["study"])),
        "driver": _driver(state["driver"]),
        "best": [_best(entry) for entry in state["best"][:_MOST_LISTED]],
        "failures": [[name, one_line(reason)] for name, reason in failures[:_MOST_LISTED]],
        "num_failures": len(failures),
        "open": [[number, one_line(reason)] for reason, number in reasons.most_common(5)],
    }


def _rows_text(states: Mapping[str, int], num_done: int, num_rows: int) -> str:
    others = [
        f"{number} {STATES[name]}"
        for name, number in states.items()
        if number and name != "finished"
    ]
    return ", ".join([f"{num_done} of {counted(num_rows, 'row')}", *others])


def _driver(driver: object) -> str:
    if isinstance(driver, dict):
        host, pid = driver.get("host"), driver.get("pid")
        return "another process" if pid is None else one_line(f"process {pid} on {host}")
    return one_line(str(driver)) if driver else ""


def _best(entry: Mapping[str, Any]) -> dict[str, str]:
    scores = [
        _score(entry[name], entry[unit], entry[score], entry[items])
        for name, unit, score, items in (
            ("metric", "unit", "score", "num_items"),
            ("test_metric", "test_unit", "test_score", "num_test_items"),
        )
        if entry[score] is not None
    ]
    seeds = [f"mean of {entry['num_seeds']} seeds"] if entry["num_seeds"] > 1 else []
    others = [
        f"{parameter_heading(name)} {label(name, value)}"
        for name, value in entry["config"].items()
        if name not in entry["group"]
    ]
    more = ["…"] if len(others) > _MOST_SETTINGS else []
    settings = ", ".join([*others[:_MOST_SETTINGS], *more])
    group = " ".join(label(name, value) for name, value in entry["group"].items())
    text = f"{', '.join([*scores, *seeds])} ({settings})" if others else ", ".join(scores + seeds)
    return {"label": one_line(group or entry["config_id"]), "text": one_line(text)}


def _score(name: str, unit: str, score: float, num_items: int | None) -> str:
    """Return a measure in words, with its value as the report has it."""
    printed = PrintedMeasure(name, unit=unit)
    return f"{printed.words} {printed.value(score, num_items)}"


def _page(template: str, scripts: tuple[str, ...], **values: Any) -> Page:
    script, style = "\n".join(map(_resource, scripts)), _resource("live.css")
    policy = (
        f"default-src 'none'; script-src {script_hash(script)}; style-src 'unsafe-inline'; "
        "connect-src 'self'; frame-src 'self'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    page = _environment().get_template(template)
    html = page.render(script=markup(script), style=markup(style), **values)
    return Page(str(html), policy)


@cache
def _environment() -> Any:
    return environment(_resource)


@cache
def _resource(name: str) -> str:
    return (files("analysis.serve") / "templates" / name).read_text(encoding="utf-8")
