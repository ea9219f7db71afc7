"""Tune looks its trainable up in this process, not in the head node, several times a trial.

The trainable of a launch never changes, and each question to the head node takes milliseconds of a
driver that has thousands of trials to hand out.
"""

from __future__ import annotations

from typing import Any

from ray.tune import registry

_MARK = "_tune_app_remembers"


def remember_trainables() -> None:
    """Mend Tune in this process; a second call changes nothing."""
    kind: Any = registry._Registry
    if hasattr(kind, _MARK):
        return
    register, get, contains, unregister = kind.register, kind.get, kind.contains, kind.unregister
    known: dict[tuple[int, str, str], Any] = {}

    def register_anew(self: Any, category: str, key: str, value: Any) -> None:
        known.pop((id(self), category, key), None)
        register(self, category, key, value)

    def get_once(self: Any, category: str, key: str) -> Any:
        place = (id(self), category, key)
        if place not in known:
            known[place] = get(self, category, key)
        return known[place]

    def contains_known(self: Any, category: str, key: str) -> bool:
        return (id(self), category, key) in known or bool(contains(self, category, key))

    def forget(self: Any, category: str, key: str) -> None:
        known.pop((id(self), category, key), None)
        unregister(self, category, key)

    kind.register, kind.get = register_anew, get_once
    kind.contains, kind.unregister = contains_known, forget
    setattr(kind, _MARK, True)
