"""The hyperparameters of the studies, and the machines and versions they ran with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from analysis.frames.arithmetic import launch_records, launches_in_words, warning
from analysis.frames.columns import levels
from analysis.frames.labels import MISSING, label, parameter_heading
from analysis.frames.load import Study
from analysis.frames.searched import domains_in_words, search_of
from analysis.render.document import Table
from search_spaces.errors import one_line
from tune_app.study.arithmetic import mapping

Studies = Mapping[str, Study]
"""Name of its tables -> study, for the studies of a report."""

_PACKAGES = (
    *("tune-app", "torch", "torchvision", "ray", "numpy"),
    *("scikit-learn", "scikit-learn-intelex"),
)
_DOMAIN = "drawn from"
_MOST_LISTED = 3
_NOT_SETTINGS = ("seed", "device")


def parameters_data(studies: Studies) -> pd.DataFrame:
    """Return the values of every hyperparameter of every study, varied and fixed.

    Those of a search have what it draws them from, too.
    """
    records = []
    for name, study in studies.items():
        settings, domains = _settings(study), domains_in_words(study)
        fixed = [key for key in study.trials if key in settings]
        for key in dict.fromkeys([*study.config_keys, *fixed]):
            rows = study.rows if key in study.rows else study.trials
            values = levels(rows, key)
            texts = [label(key, value) for value in values]
            shown = ", ".join(texts[:12]) + (f", … ({len(texts)})" if len(texts) > 12 else "")
            role = "varied" if len(values) > 1 or key in domains else "fixed"
            if values:
                record = {"study": name, "parameter": key, "role": role, "values": shown}
                records.append(record | {_DOMAIN: domains.get(key, MISSING)})
    frame = pd.DataFrame(records, columns=["study", "parameter", "role", "values", _DOMAIN])
    return frame if any(map(search_of, studies.values())) else frame.drop(columns=_DOMAIN)


def _settings(study: Study) -> set[str]:
    """Return the parameters in the trials' configs, including those left at their defaults."""
    trials = (outcome.trial for outcome in study.outcomes.values())
    named = {name for trial in trials if trial is not None for name in trial.config}
    return named - {*study.metric_keys, *_NOT_SETTINGS}


def parameters_table(studies: Studies) -> Table:
    """Return ``parameters_data`` as it is printed, one column per study."""
    frame = parameters_data(studies)
    if len(studies) == 1:
        cells = {
            "parameter": [parameter_heading(name) for name in frame["parameter"]],
            "values": list(frame["values"]),
            "role": list(frame["role"]),
        }
        if _DOMAIN in frame:
            cells[_DOMAIN] = list(frame[_DOMAIN])
    else:
        names = list(dict.fromkeys(frame["parameter"]))
        cells = {"parameter": [parameter_heading(name) for name in names]}
        for index, (key, study) in enumerate(studies.items()):
            mine = frame[frame["study"] == key].set_index("parameter")["values"]
            title = one_line(study.name)
            title = title if title not in cells else f"{title} ({index + 1})"
            cells[title] = [str(mine.get(name, MISSING)) for name in names]
    notes = tuple(
        f"{one_line(study.name)}: {text}" if len(studies) > 1 else text
        for study in studies.values()
        for text in _search(study)
    )
    return Table("hyperparameters", "Hyperparameters and their values.", cells, frame, notes)


def _search(study: Study) -> list[str]:
    """Return what proposed the configurations of a study; nothing for a grid."""
    search = search_of(study)
    return [] if search is None else [one_line(f"Search: {search.in_words()}.")]


def environment_table(studies: Studies) -> Table:
    """Return ``environment`` of all studies; one column if they agree."""
    facts = [environment(study) for study in studies.values()]
    names = list(dict.fromkeys(name for fact in facts for name in fact))
    if len({tuple(fact.items()) for fact in facts}) == 1:
        columns = [("value", facts[0])]
    else:
        columns = [(one_line(s.name), f) for s, f in zip(studies.values(), facts, strict=True)]
    frame = pd.DataFrame({"fact": names})
    for index, (name, fact) in enumerate(columns):
        title = name if name not in frame else f"{name} ({index + 1})"
        frame[title] = [fact.get(key) or MISSING for key in names]
    cells = {str(c): [str(value) for value in frame[c]] for c in frame}
    notes = tuple(dict.fromkeys(text for study in studies.values() for text in warning(study)))
    caption = f"Where the {'study' if len(studies) == 1 else 'studies'} ran."
    return Table("environment", caption, cells, frame, notes)


def environment(study: Study) -> dict[str, str]:
    """Return the machine, versions, commit and command of a study, each as one line.

    A fact in which launches differ has one line for each group of launches that agree.
    """
    records = launch_records(study.meta)
    facts: dict[str, Any] = {"begun": _moment(study.meta.get("created_at"))}
    for fact, text_of in _OF_A_LAUNCH.items():
        groups: dict[str, list[str]] = {}
        for name, record in records.items():
            groups.setdefault(one_line(text_of(record)), []).append(name)
        for text, names in groups.items():
            facts[fact if len(groups) == 1 else f"{fact}, {launches_in_words(names)}"] = text
    facts |= _launches([mapping(launch) for launch in study.meta["launches"]])
    for name, column in (("arithmetic", "precision"), ("SVM solver", "solver")):
        if column in study.rows and not study.is_own:
            facts[name] = ", ".join(map(str, study.rows[column].dropna().unique()))
    return {name: one_line(str(value)) for name, value in facts.items() if value}


def _processor(record: Mapping[str, Any]) -> str:
    hardware = mapping(record.get("hardware"))
    number = hardware.get("num_cpus")
    size = f"{number} CPU{'s' * (number != 1)}, {hardware.get('memory_gb')} GB"
    return f"{hardware['cpu']}, {size}" if hardware.get("cpu") else ""


def _gpus(record: Mapping[str, Any]) -> str:
    gpus = mapping(record.get("hardware")).get("gpus")
    return (", ".join(map(str, gpus)) or "none") if isinstance(gpus, list) else ""


def _software(record: Mapping[str, Any]) -> str:
    packages = mapping(record.get("packages"))
    versions = [f"{name} {packages[name]}" for name in _PACKAGES if name in packages]
    if record.get("python"):
        versions.insert(0, f"Python {record['python']}")
    return ", ".join(versions)


def _commit(record: Mapping[str, Any]) -> str:
    if not record.get("git_commit"):
        return ""
    return f"{record['git_commit']}{' with local changes' if record.get('git_dirty') else ''}"


_OF_A_LAUNCH = {
    "processor": _processor,
    "GPUs": _gpus,
    "software": _software,
    "commit of tune-app": _commit,
}
"""Fact -> the function from the record of a launch to its text."""


def _launches(launches: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return how many launches a study has, with their hosts and commands."""
    facts = {"launches": str(len(launches))} if launches else {}
    for key in ("host", "command"):
        values = list(dict.fromkeys(one_line(str(of[key])) for of in launches if of.get(key)))
        if not values:
            continue
        more = len(values) - _MOST_LISTED
        text = "; ".join(values[:_MOST_LISTED]) + (f"; and {more} more" if more > 0 else "")
        facts[key if len(values) == 1 else f"{key}s"] = text
    return facts


def _moment(value: object) -> str:
    """Return an ISO 8601 time to the minute, as a person writes it; other text unchanged."""
    try:
        moment = datetime.fromisoformat(str(value or ""))
    except ValueError:
        return str(value or "")
    return moment.strftime("%Y-%m-%d %H:%M %Z").strip()
