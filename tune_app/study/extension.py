"""Extends a study by the configurations and the seeds of a new request, if both are one study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from search_spaces.configuration import Config
from search_spaces.errors import UserError
from tune_app.study.code_fingerprint import CODE
from tune_app.study.ledger import REMEDY, Ledger
from tune_app.study.search_settings import SEARCH
from tune_app.study.study_file import LAUNCHES


def extend_ledger(ledger: Ledger, wanted: Ledger) -> int:
    """Add the configurations and seeds of a new request to a study; return the number of new rows.

    Raises:
        UserError: the study was made with other data, another split, trainable or search space.
    """
    old, new = ledger.study, wanted.study
    for what, a, b in _identity(old, new):
        if a != b:
            raise UserError(f"study {ledger.name} was made with {what} {a}, not {b}; {REMEDY}")
    old_ids = {c["config_id"] for c in old["configurations"]}
    added = [c for c in new["configurations"] if c["config_id"] not in old_ids]
    if old_ids and added and len(added) == len(new["configurations"]):
        commands = [launch.get("command") for launch in old[LAUNCHES]]
        made = f"; it was made with `{commands[-1]}`" if commands and commands[-1] else ""
        raise UserError(
            f"study {ledger.name} holds another search space (no configuration in common{made}); "
            f"{REMEDY}"
        )
    before = len(ledger.row_keys())
    # A parameter that the study left out at its default becomes an axis: its rows name it now.
    wanted_configs = {c["config_id"]: c["config"] for c in new["configurations"]}
    for entry in old["configurations"]:
        entry["config"] = {**entry["config"], **wanted_configs.get(entry["config_id"], {})}
    old["configurations"] += added
    old["seeds"] = sorted({*old["seeds"], *new["seeds"]})
    old["space"] = new["space"]
    old.pop(CODE, None)
    old |= {key: new[key] for key in (CODE, SEARCH) if key in new}
    known, wanted_data = old["data"]["datasets"], new["data"]["datasets"]
    recorded = {name: {**wanted_data.get(name, {}), **entry} for name, entry in known.items()}
    old["data"]["datasets"] = {**wanted_data, **recorded}
    return len(ledger.row_keys()) - before


def _identity(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[tuple[str, Any, Any]]:
    yield "trainable", old["space"]["trainable"], new["space"]["trainable"]
    yield "search space", old["space"]["name"], new["space"]["name"]
    yield "--device", old["device"], new["device"]
    yield from _defaults(old["space"].get("defaults") or {}, new["space"]["defaults"])
    yield "split seed", old["data"]["split_seed"], new["data"]["split_seed"]
    yield "images split", _split_of(old["data"]), _split_of(new["data"])
    for name in sorted({*old["data"]["datasets"]} & {*new["data"]["datasets"]}):
        a, b = old["data"]["datasets"][name], new["data"]["datasets"][name]
        yield f"{name} images", a["num_images"], b["num_images"]
        yield f"{name} data of SHA-256", _checksums(a), _checksums(b)


def _checksums(entry: Mapping[str, Any]) -> list[str]:
    return sorted(str(checksum)[:16] for checksum in entry["sha256"].values())


def _defaults(old: Config, new: Config) -> Iterable[tuple[str, Any, Any]]:
    """Yield the defaults in both versions; a parameter that one of them lacks changes no row."""
    for name in sorted(old.keys() & new.keys()):
        yield f"the default of {name},", old[name], new[name]


def _split_of(data: Mapping[str, Any]) -> str:
    return "anew for every seed (--vary-split)" if data.get("vary_split") else "once for all seeds"
