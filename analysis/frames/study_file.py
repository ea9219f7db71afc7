"""``study.json``, checked: what a study is, and what is expected of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from search_spaces.errors import UserError
from tune_app.study.json_text import parse_json

SCHEMA_VERSION = 1
_REQUIRED = {"study": str, "space": dict, "seeds": list, "configurations": list}


def read_study_file(path: Path) -> dict[str, Any]:
    """Return the ``study.json`` of a study directory, parsed.

    Raises:
        UserError: there is none, it cannot be read, or it lacks what every study has.
    """
    file = path / "study.json"
    if not _is_directory(path):
        raise UserError(f"{path}: no such directory; give the directory of a study")
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for
            raise UserError(f"{file}: not a regular file; restore it from a copy")
        meta = parse_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{path}: not a study, it has no study.json; give the directory that holds it"
        ) from None
    except ValueError as error:
        raise UserError(f"{file}: not valid JSON ({error}); restore it from a copy") from None
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from None
    version = meta.get("schema_version") if isinstance(meta, dict) else None
    if isinstance(version, bool) or version != SCHEMA_VERSION:
        raise UserError(
            f"{file}: schema_version is {version!r}, this program reads {SCHEMA_VERSION}; "
            "use the version of the program that wrote it"
        )
    for key, kind in _REQUIRED.items():
        if not isinstance(meta.get(key), kind):
            raise UserError(f"{file}: {key!r} must be a {kind.__name__}; restore it from a copy")
    if not all(isinstance(s, int) and not isinstance(s, bool) and s >= 0 for s in meta["seeds"]):
        raise UserError(f"{file}: 'seeds' must be whole numbers; restore it from a copy")
    for index, configuration in enumerate(meta["configurations"]):
        if not isinstance(configuration, dict) or not (
            isinstance(configuration.get("config_id"), str)
            and isinstance(configuration.get("config"), dict)
        ):
            raise UserError(f"{file}: configurations[{index}] needs a config_id and a config")
    ids = Counter(configuration["config_id"] for configuration in meta["configurations"])
    if ids and (most := ids.most_common(1)[0])[1] > 1:
        raise UserError(f"{file}: configuration {most[0]} stands twice; restore it from a copy")
    return dict(meta)


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, or a folder that must not be entered
        return False
