"""Entries of ``study.json`` read without trust: anybody can edit that file."""

from __future__ import annotations

from typing import Any

from tune_app.study.arithmetic import mapping


def datasets_of(data: object) -> dict[str, dict[str, Any]]:
    """Return what the entry ``data`` of ``study.json`` records of each data set, by its name."""
    entries = mapping(mapping(data).get("datasets"))
    return {str(name): mapping(entry) for name, entry in entries.items()}
