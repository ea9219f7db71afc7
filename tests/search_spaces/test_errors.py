"""A mistake of the user's is one line, in a terminal and in a notebook."""

from __future__ import annotations

from search_spaces.errors import UserError


def test_a_notebook_shows_the_message_without_a_traceback() -> None:
    assert UserError("no\nsuch name")._render_traceback_() == ["error: no such name"]
