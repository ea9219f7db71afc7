"""What differs between two studies: space, data, code, package versions, hardware.

``study.json`` says what a study is, and the record of each launch says where and with what its rows
were computed. Only launches that reported something count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analysis.compare.joined import settings_of
from analysis.compare.measure import judged
from analysis.frames.arithmetic import launch_records
from analysis.frames.labels import label
from analysis.frames.load import FINISHED, Study
from analysis.frames.meta import datasets_of
from analysis.frames.split import varies
from search_spaces.errors import one_line
from tune_app.study.arithmetic import mapping
from tune_app.study.code_fingerprint import changed_files, code_of

KINDS = ("space", "data", "code", "packages", "hardware")
_MOST_VALUES = 12
_NOT_THERE, _NOT_RECORDED = "not there", "not recorded"
_OF_RESULTS = {
    "num_concurrent_trials": "trials at once",
    "num_threads": "threads of a trial",
    "device": "device",
}
"""Column of the rows -> the condition of their results."""
_USERS_CODE = "the user's code"
_DIGITS = 12

Facts = dict[tuple[str, str], str]
"""(kind, name) -> its value as text; what is not recorded is left out."""


def changes_data(first: Study, second: Study) -> pd.DataFrame:
    """Return every fact of either study.

    Returns:
        ``kind`` (one of ``KINDS``), ``fact``, ``a`` and ``b`` (texts that stand for "nothing" where
        only the other study has it), ``note`` (which files of the user's code changed, else empty)
        and ``differs``.
    """
    facts = facts_of(first), facts_of(second)
    records = []
    for kind, name in sorted({**facts[0], **facts[1]}, key=lambda key: KINDS.index(key[0])):
        if name in _OF_RESULTS.values() and not all((kind, name) in of for of in facts):
            continue  # a study without results has no conditions yet
        nothing = _NOT_THERE if kind in ("space", "data") else _NOT_RECORDED
        a, b = (of.get((kind, name), nothing) for of in facts)
        is_code = name == _USERS_CODE and a != b
        note = one_line(changed_files(first.meta, second.meta)) if is_code else ""
        records.append({"kind": kind, "fact": name, "a": a, "b": b, "note": note})
    frame = pd.DataFrame(records, columns=["kind", "fact", "a", "b", "note"])
    return frame.assign(differs=frame["a"] != frame["b"])


def facts_of(study: Study) -> Facts:
    """Return what a study and its launches recorded."""
    launches = _working_launches(study)
    kinds = {
        "space": {**_space(study), **_parameters(study)},
        "data": _data(study),
        "code": _code(study, launches),
        "packages": _packages(launches),
        "hardware": {**_hardware(launches), **_conditions(study)},
    }
    return {
        (kind, name): text for kind, of in kinds.items() for name, text in of.items() if text != ""
    }


def _working_launches(study: Study) -> list[Mapping[str, Any]]:
    """Return the records of the launches that reported something; of all if none did."""
    records = launch_records(study.meta)
    used = set(study.epochs["launch"]) if "launch" in study.epochs else set()
    return [r for name, r in records.items() if name in used] or list(records.values())


def _space(study: Study) -> dict[str, str]:
    space = study.meta["space"]
    return {
        "trainable": one_line(str(space.get("trainable") or "")),
        "objective": _objective(study),
        "configurations": str(len(study.meta["configurations"])),
        "seeds": ", ".join(map(str, sorted(study.meta["seeds"]))),
        "result of a trial": one_line(str(space.get("result") or "")),
        "resources of a trial": ", ".join(
            f"{label('', value)} {one_line(str(name)).upper()}"
            for name, value in mapping(space.get("resources")).items()
            if isinstance(value, (int, float, str))
        ),
    }


def _objective(study: Study) -> str:
    objective = judged(study, study.metric)
    return ", ".join(filter(None, (objective.scale.axis, objective.direction)))


def _parameters(study: Study) -> dict[str, str]:
    values: dict[str, dict[str, None]] = {}
    for settings in settings_of(study).values():
        for name, value in settings.items():
            values.setdefault(name, {})[label(name, value)] = None
    return {f"parameter {one_line(name)}": _listed(found) for name, found in values.items()}


def _listed(texts: Iterable[str]) -> str:
    found = list(dict.fromkeys(texts))
    more = f", … ({len(found)})" if len(found) > _MOST_VALUES else ""
    return ", ".join(found[:_MOST_VALUES]) + more


def _data(study: Study) -> dict[str, str]:
    data = mapping(study.meta.get("data"))
    datasets = datasets_of(data)
    if not datasets:
        return {}
    facts = {"split seed": "the row's seed" if varies(data) else str(data.get("split_seed"))}
    for name, entry in datasets.items():
        counts = [
            f"{entry[f'num_{part}']} {words}"
            for part, words in (("train", "train"), ("val", "validation"), ("test", "test"))
            if entry.get(f"num_{part}") is not None
        ]
        facts[f"{one_line(name)}, items"] = ", ".join(map(one_line, counts))
        sums = sorted(map(str, mapping(entry.get("sha256")).values()))
        facts[f"{one_line(name)}, SHA-256"] = ", ".join(one_line(s)[:_DIGITS] for s in sums)
    return facts


def _code(study: Study, launches: list[Mapping[str, Any]]) -> dict[str, str]:
    own = [code for launch in launches if (code := code_of(launch))]
    commits = [
        f"{str(launch['git_commit'])[:_DIGITS]}"
        f"{' with local changes' if launch.get('git_dirty') else ''}"
        for launch in launches
        if launch.get("git_commit")
    ]
    return {
        _USERS_CODE: _listed(map(one_line, own or filter(None, [code_of(study.meta)]))),
        "tune-app": _listed(
            one_line(str(mapping(launch.get("packages")).get("tune-app") or ""))
            for launch in launches
        ),
        "commit of tune-app": _listed(map(one_line, commits)),
    }


def _packages(launches: list[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, dict[str, None]] = {}
    for launch in launches:
        versions = {"Python": launch.get("python"), **mapping(launch.get("packages"))}
        for name, version in versions.items():
            if version and name != "tune-app":
                found.setdefault(one_line(str(name)), {})[one_line(str(version))] = None
    return {name: _listed(versions) for name, versions in found.items()}


def _hardware(launches: list[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, dict[str, None]] = {}
    for launch in launches:
        hardware = mapping(launch.get("hardware"))
        gpus = hardware.get("gpus")
        facts = {
            "host": launch.get("host"),
            "processor": hardware.get("cpu"),
            "CPUs": hardware.get("num_cpus"),
            "memory (GB)": hardware.get("memory_gb"),
            "GPUs": (", ".join(map(str, gpus)) or "none") if isinstance(gpus, list) else None,
        }
        for name, value in facts.items():
            if value is not None:
                found.setdefault(name, {})[one_line(str(value))] = None
    return {name: _listed(values) for name, values in found.items()}


def _conditions(study: Study) -> dict[str, str]:
    rows = study.rows[study.rows["status"].isin(FINISHED)]
    return {
        words: ", ".join(sorted(label(name, value) for value in rows[name].dropna().unique()))
        for name, words in _OF_RESULTS.items()
        if name in rows
    }
