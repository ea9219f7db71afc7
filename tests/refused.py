"""What a user reads when a call refuses what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from search_spaces.errors import UserError


def refused(call: Callable[..., object], *arguments: Any) -> str:
    """Return the message with which a call ends; it is one line."""
    with pytest.raises(UserError) as caught:
        call(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message
