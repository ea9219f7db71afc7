"""Reads and checks ``study.json`` and the records of a study's launches.

A study directory may be edited, damaged, or from someone else. ``study.json`` is read as a whole or
refused with the reason. Each launch has a file of its own, ``launches/<name>.json``, which is
written once. It names the versions, the hardware and the command with which its rows were made.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from search_spaces.configuration import make_configuration
from search_spaces.errors import UserError
from tune_app.storage.store import STUDY_FILE, StudyStore
from tune_app.study.best_of import BEST_OF, BestOf
from tune_app.study.bounded import MOST_PARAMS_BYTES, MOST_STUDY_BYTES, read_bounded
from tune_app.study.json_text import parse_json
from tune_app.study.objective import OBJECTIVES
from tune_app.study.rows import MOST_ROWS
from tune_app.study.search_log import SEARCH_FILE, asked_configurations, read_events
from tune_app.study.search_settings import SEARCH, SearchSettings
from tune_app.study.trial_directory import launch_order
from tune_app.study.trial_record import is_seed

SCHEMA_VERSION = 2
LAUNCHES = "launches"
SAME_AT_EVERY_SEED = "same_at_every_seed"
"""The entry of ``study.json`` with the config_ids whose rows repeat one result at every seed. It is
absent if there are none."""
RESTORE = "restore it from a copy"
_LAUNCH_FILE = re.compile(r"([0-9]{3,9})\.json")


def read_json(path: Path) -> Any:
    """Return the value in a JSON file, or None if it is no regular file, too large or not JSON."""
    most_bytes = MOST_STUDY_BYTES if path.name == STUDY_FILE else MOST_PARAMS_BYTES
    try:
        return parse_json(read_bounded(path, most_bytes, follow=True).decode())
    except (OSError, ValueError):
        return None


def read_study(store: StudyStore, remedy: str = RESTORE) -> dict[str, Any] | None:
    """Return the checked content of ``study.json``, or None if there is no study.

    Args:
        store: where the study is kept.
        remedy: for the message: what to do about a study that cannot be read.

    Returns:
        The content of the file, and under ``launches`` the record of each launch, oldest first.
        Configurations that a search has proposed since the file was written are added to it.

    Raises:
        UserError: the file cannot be read, has another schema version, or is damaged.
    """
    root = store.root
    path = root / STUDY_FILE
    where = store.place_of(path)
    try:
        if not path.exists():
            return None
    except OSError as error:
        raise UserError(f"{where}: cannot be read ({error.strerror}); {remedy}") from None
    _refuse_links(store)
    study = read_json(path)
    if not isinstance(study, dict) or "schema_version" not in study:
        raise UserError(f"{where}: not a study file (damaged, or of another program); {remedy}")
    version = study["schema_version"]
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise UserError(
            f"{where}: schema version {version!r}, this program reads {SCHEMA_VERSION}; use the "
            "version of the program that wrote it, or begin anew: --fresh keeps the old study "
            "beside the new one, --study NAME begins another"
        )
    study[LAUNCHES] = read_launches(root)
    problem = next(_problems(study), None)
    if problem:
        raise UserError(f"{where}: {problem}; {remedy}")
    known = {entry["config_id"] for entry in study["configurations"]}
    asked = asked_configurations(read_events(store))
    study["configurations"] += [entry for entry in asked if entry["config_id"] not in known]
    problem = next(_size_problems(study), None)
    if problem:
        raise UserError(f"{store.place_of(root / SEARCH_FILE)}: {problem}; {remedy}")
    return study


def _refuse_links(store: StudyStore) -> None:
    for name in ("tune", "weights", LAUNCHES):
        if (store.root / name).is_symlink():
            raise UserError(
                f"{store.place_of(store.root / name)}: a symbolic link, which is not followed "
                "inside a study; move the whole study to another disk and link its folder"
            )


def read_launches(root: Path) -> list[dict[str, Any]]:
    """Return the record of each launch, oldest first; of a damaged record only the name."""
    folder = root / LAUNCHES
    files = [_LAUNCH_FILE.fullmatch(path.name) for path in folder.glob("*.json")]
    names = sorted((match[1] for match in files if match), key=launch_order)
    launches = []
    for name in names:
        path = folder / f"{name}.json"
        record = None if path.is_symlink() else read_json(path)
        launches.append({**(record if isinstance(record, dict) else {}), "name": name})
    return launches


def check_unedited(study: Mapping[str, Any], where: str, remedy: str) -> None:
    """Check that the name and the configurations of a study are as they were written.

    The id of each configuration is computed again from its values.

    Raises:
        UserError: the name or a configuration was edited.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]+", study["study"]):
        raise UserError(f"{where}: the study's name is damaged; {remedy}")
    defaults = study["space"].get("defaults")
    for entry in study["configurations"]:
        try:
            expected = make_configuration(entry["config"], defaults or {}).config_id
        except ValueError:
            problem = "a configuration holds a value that no search space has"
            raise UserError(f"{where}: {problem}; {remedy}") from None
        if expected != entry["config_id"]:
            problem = f"configuration {entry['config_id']} was edited (its id does not match)"
            raise UserError(f"{where}: {problem}; {remedy}")


def _problems(study: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a study file. A check may rely on the checks before it."""
    shape = {"study": str, "space": dict, "seeds": list, "configurations": list, "data": dict}
    for key, kind in {**shape, "device": str}.items():
        if not isinstance(study.get(key), kind):
            yield f"{key} is missing or damaged"
    yield from _size_problems(study)
    if not all(is_seed(seed) for seed in study["seeds"]):
        yield "seeds must be whole numbers"
    if len(set(study["seeds"])) < len(study["seeds"]):
        yield "a seed is listed twice"
    yield from _space_problems(study["space"])
    for key, read in ((SEARCH, SearchSettings.from_json), (BEST_OF, BestOf.from_json)):
        try:
            if key in study:
                read(study[key])
        except ValueError as error:
            yield str(error)
    same = study.get(SAME_AT_EVERY_SEED, [])
    if not isinstance(same, list) or not all(isinstance(config_id, str) for config_id in same):
        yield f"{SAME_AT_EVERY_SEED} is damaged"
    yield from _configuration_problems(study["configurations"])
    yield from _data_problems(study["data"])


def _space_problems(space: Mapping[str, Any]) -> Iterator[str]:
    for key in ("name", "trainable"):
        if not isinstance(space.get(key), str):
            yield f"space: {key} is missing or damaged"
    for key in ("defaults", "resources", OBJECTIVES):
        if not isinstance(space.get(key, {}), dict):
            yield f"space: {key} is damaged"
    if any(mode not in ("max", "min") for mode in space.get(OBJECTIVES, {}).values()):
        yield f"space: {OBJECTIVES} is damaged"
    if math.inf in space.get("resources", {}).values():
        yield "space: resources is damaged"


def _size_problems(study: Mapping[str, Any]) -> Iterator[str]:
    num_rows = len(study["configurations"]) * len(study["seeds"])
    if num_rows > MOST_ROWS:
        yield f"{num_rows:,} rows; no study has more than {MOST_ROWS:,}"


def _configuration_problems(configurations: list[Any]) -> Iterator[str]:
    for index, entry in enumerate(configurations):
        if not isinstance(entry, dict) or not (
            isinstance(entry.get("config_id"), str) and isinstance(entry.get("config"), dict)
        ):
            yield f"configurations[{index}] needs a config_id and a config"
    counts = Counter(entry["config_id"] for entry in configurations)
    yield from (f"configuration {i} is listed twice" for i, count in counts.items() if count > 1)


def _data_problems(data: Mapping[str, Any]) -> Iterator[str]:
    if "split_seed" not in data or not isinstance(data.get("datasets"), dict):
        yield "data is damaged"
    for key in ("split_seed", "num_images"):
        if not _is_count(data.get(key)):
            yield f"data: {key} is damaged"
    if not isinstance(data.get("vary_split", False), bool):
        yield "data: vary_split is damaged"
    for name, entry in data["datasets"].items():
        sha256 = entry.get("sha256") if isinstance(entry, dict) else None
        if not isinstance(sha256, dict) or not all(isinstance(s, str) for s in sha256.values()):
            yield f"data: the entry of {name} is damaged"
        if "num_images" not in entry or not _is_count(entry["num_images"]):
            yield f"data: the entry of {name} is damaged"


def _is_count(value: object) -> bool:
    """Return whether a value is a whole number, or null, which stands for no choice."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool))
