"""Tune's register of trainables, once it remembers what it was asked."""

from __future__ import annotations

from ray.tune.registry import TRAINABLE_CLASS, _Registry

from tune_app.engine.tune_registry import remember_trainables


def test_what_is_registered_last_counts() -> None:
    remember_trainables()
    remember_trainables()
    registry, other = _Registry("mine"), _Registry("theirs")
    assert not registry.contains(TRAINABLE_CLASS, "train")
    registry.register(TRAINABLE_CLASS, "train", {"version": 1})
    assert registry.contains(TRAINABLE_CLASS, "train")
    first = registry.get(TRAINABLE_CLASS, "train")
    assert first == {"version": 1} and registry.get(TRAINABLE_CLASS, "train") is first
    registry.register(TRAINABLE_CLASS, "train", {"version": 2})
    assert registry.get(TRAINABLE_CLASS, "train") == {"version": 2}
    assert not other.contains(TRAINABLE_CLASS, "train")
    registry.unregister(TRAINABLE_CLASS, "train")
    assert not registry.contains(TRAINABLE_CLASS, "train")
