"""The files of a study directory, read without trusting them.

A study directory may have been edited, damaged, or sent by someone else. ``study.json`` is read
whole or refused with the reason; a trial's ``params.json`` and ``result.json`` say nothing where
they do not say it properly. Symbolic links inside of a study are not followed, so nothing outside
of it is read, or deleted once it counts as spent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError
from search_spaces.space import make_configuration
from tune_app.storage.store import STUDY_FILE, StudyStore
from tune_app.study.json_text import parse_json

SCHEMA_VERSION = 1
LARGEST_SEED = 10**9
_REMEDY = "use --study NAME for another study or --fresh to put this one aside"
_MEASUREMENT = re.compile(
    r"(?:train|val|test)_(?:loss|accuracy|(?:precision|recall|f1)(?:_weighted)?)|\w+_seconds"
)


@dataclass(frozen=True)
class TrialParams:
    """What a trial's ``params.json`` says of its plan.

    Attributes:
        trial_key: identity of the trial over launches.
        seed: its seed.
        serves: milestone -> config_ids of the rows that end there.
    """

    trial_key: str
    seed: int
    serves: Mapping[int, tuple[str, ...]]


def read_json(path: Path) -> Any:
    """Return what a JSON file holds, or None if it is no regular file or not JSON."""
    try:
        return parse_json(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError):
        return None


def read_study(store: StudyStore) -> dict[str, Any] | None:
    """Return the checked content of ``study.json``, or None if no study is there.

    Raises:
        UserError: it cannot be read, is of another version, or was damaged.
    """
    root, path = store.root, store.root / STUDY_FILE
    where = store.shown(path)
    try:
        if not path.exists():
            return None
    except OSError as error:
        raise UserError(f"{where}: cannot be read ({error.strerror}); {_REMEDY}") from None
    for name in ("tune", "weights"):
        if (root / name).is_symlink():
            raise UserError(
                f"{root / name}: a symbolic link, which is not followed inside of a study; "
                "move the whole study and link that"
            )
    study = read_json(path)
    if not isinstance(study, dict) or "schema_version" not in study:
        raise UserError(f"{where}: not a study file (damaged or of another program); {_REMEDY}")
    version = study["schema_version"]
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise UserError(
            f"{where}: schema version {version!r}, this program reads {SCHEMA_VERSION}; {_REMEDY}"
        )
    problem = next(_problems(study), None)
    if problem:
        raise UserError(f"{where}: {problem}; {_REMEDY}")
    return study


def read_params(directory: Path) -> TrialParams | None:
    """Return what a trial's ``params.json`` says of its plan, or None if it does not say it."""
    config = read_json(directory / "params.json")
    plan = config.get("plan") if isinstance(config, dict) else None
    if not isinstance(plan, dict) or not isinstance(plan.get("trial_key"), str):
        return None
    serves = plan.get("serves")
    if not _is_seed(config.get("seed")) or not isinstance(serves, dict):
        return None
    return TrialParams(
        plan["trial_key"],
        config["seed"],
        {
            int(milestone): tuple(entry for entry in ids if isinstance(entry, str))
            for milestone, ids in serves.items()
            if re.fullmatch(r"[1-9][0-9]{0,8}", milestone) and isinstance(ids, list)
        },
    )


def read_results(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a ``result.json``; a torn or damaged line is left out.

    Damaged is a line without a whole ``epoch`` from 1, with another ``milestone`` than its epoch,
    an unknown ``status``, or a loss, accuracy or time that is no number (null, which some encoders
    write for NaN, is one).
    """
    try:
        is_plain = path.is_file() and not path.is_symlink()
        lines = path.read_bytes().split(b"\n") if is_plain else []
    except OSError:
        return []
    rows = []
    for line in lines:
        try:
            row = parse_json(line.decode())
        except ValueError:
            continue
        if isinstance(row, dict) and _is_sound(row):
            rows.append(row)
    return rows


def plain_glob(root: Path, pattern: str) -> list[Path]:
    """Return what matches inside of a study, by name, without anything behind a symbolic link."""
    top = root.resolve()
    parents: dict[Path, bool] = {}
    found = []
    for path in sorted(root.glob(pattern)):
        parent = path.parent
        if parent not in parents:
            parents[parent] = parent.resolve() == top / parent.relative_to(root)
        if parents[parent] and not path.is_symlink():
            found.append(path)
    return found


def _is_sound(row: Mapping[str, Any]) -> bool:
    epoch = row.get("epoch")
    milestone = row.get("milestone")
    return (
        _is_epoch(epoch)
        and (milestone is None or (milestone == epoch and not isinstance(milestone, bool)))
        and row.get("status", "ok") in ("ok", "unconverged", "diverged")
        and all(
            value is None
            or value == "null"
            or (isinstance(value, (int, float)) and not isinstance(value, bool))
            for key, value in row.items()
            if _MEASUREMENT.fullmatch(key)
        )
    )


def _is_epoch(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 < value < 10**9 and value == int(value)


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST_SEED


def _problems(study: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a study file; later checks rely on the earlier ones."""
    shape = {"study": str, "space": dict, "seeds": list, "configurations": list, "data": dict}
    shape |= {"launches": list, "device": str, "provenance": dict}
    for key, kind in shape.items():
        if not isinstance(study.get(key), kind):
            yield f"{key} is missing or damaged"
    if not re.fullmatch(r"[A-Za-z0-9._-]+", study["study"]):
        yield "the study's name is damaged"
    if not all(_is_seed(seed) for seed in study["seeds"]):
        yield "seeds must be whole numbers"
    if len(set(study["seeds"])) < len(study["seeds"]):
        yield "a seed stands twice"
    for key in ("name", "trainable"):
        if not isinstance(study["space"].get(key), str):
            yield f"space: {key} is missing or damaged"
    if not all(isinstance(launch, dict) for launch in study["launches"]):
        yield "launches is damaged"
    yield from _configuration_problems(study["configurations"])
    yield from _data_problems(study["data"])


def _configuration_problems(configurations: list[Any]) -> Iterator[str]:
    for entry in configurations:
        if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
            yield "configurations is damaged"
        try:
            config_id = make_configuration(entry["config"]).config_id
        except ValueError:
            yield "a configuration holds a value that no search space has"
        if config_id != entry.get("config_id"):
            yield f"configuration {entry.get('config_id')} was edited (its id does not match)"
    counts = Counter(entry["config_id"] for entry in configurations)
    yield from (f"configuration {i} stands twice" for i, count in counts.items() if count > 1)


def _data_problems(data: Mapping[str, Any]) -> Iterator[str]:
    if "split_seed" not in data or not isinstance(data.get("datasets"), dict):
        yield "data is damaged"
    number = data.get("num_images")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        yield "data: num_images is damaged"
    if not isinstance(data.get("vary_split", False), bool):
        yield "data: vary_split is damaged"
    for name, entry in data["datasets"].items():
        sha256 = entry.get("sha256") if isinstance(entry, dict) else None
        if not isinstance(sha256, dict) or not all(isinstance(s, str) for s in sha256.values()):
            yield f"data: the entry of {name} is damaged"
        if "num_images" not in entry:
            yield f"data: the entry of {name} is damaged"
