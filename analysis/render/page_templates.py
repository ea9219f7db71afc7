"""What the pages in HTML share: their templates, and the hash that admits a page's own script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any


def environment(read: Callable[[str], str]) -> Any:
    """Return the environment of templates that are read by their names; text is escaped."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(read),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def markup(text: str) -> Any:
    """Return text that is not escaped: only our own files, JSON and drawings."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704


def script_hash(script: str) -> str:
    """Return a script's hash, as a Content-Security-Policy names it."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
