"""One point of a search space and its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

Config = dict[str, Any]
"""The values of a configuration: parameter name -> string, number, boolean or None."""


@dataclass(frozen=True)
class Configuration:
    """One configuration with its identity.

    Attributes:
        config_id: the first 10 hex digits of the SHA-256 of the configuration's canonical JSON.
            Parameters at their defaults are left out of it, so the id stays the same when a default
            is written out, or when a later version adds a parameter.
        config: parameter name -> value, as declared (``device`` may still be ``"auto"``).
    """

    config_id: str
    config: Config = field(hash=False)


def canonical_json(value: Any) -> str:
    """Return JSON text that is the same for equal values: keys sorted, no spaces, 1.0 as 1.

    Raises:
        ValueError: the value is or holds NaN or an infinity.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def make_configuration(
    config: Config, defaults: Mapping[str, Any] = MappingProxyType({})
) -> Configuration:
    """Return the configuration with its ``config_id``.

    Args:
        config: the values as declared.
        defaults: the trainable's value of each parameter that a configuration may leave out.
    """
    chosen = {k: v for k, v in config.items() if k not in defaults or not is_same(v, defaults[k])}
    digest = hashlib.sha256(canonical_json(chosen).encode()).hexdigest()
    return Configuration(digest[:10], config)


def is_same(value: Any, other: Any) -> bool:
    """Return whether two values of a parameter are the same: 1 and 1.0 are, 1 and True are not."""
    return canonical_json(value) == canonical_json(other)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
