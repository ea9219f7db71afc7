"""Who may see the pages: whoever has the address with the token, from this machine's browser."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

LOCAL_NAMES = frozenset(("127.0.0.1", "localhost", "[::1]"))
"""What the browser may call this machine. A page elsewhere whose name is made to lead here, by a
DNS server of its own (DNS rebinding), has another name. The port is free: of a tunnel through ssh
it is another one."""


class Access:
    """The token in the printed address, and the cookie that takes its place.

    The cookie has a value of its own, so that the token of an address in the browser's history does
    not equal what the browser sends.

    Args:
        port: the server's port. Cookies count for all ports of a machine, so the name has it.
    """

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(24)
        self._secret = secrets.token_urlsafe(24)
        self._name = f"tune_app_{port}"

    def is_local(self, host: str | None) -> bool:
        """Return whether a request's ``Host`` names this machine."""
        name, colon, port = (host or "").lower().rpartition(":")
        if not colon or not port.isdecimal():
            name = (host or "").lower()
        return name in LOCAL_NAMES

    def has_token(self, query: Mapping[str, list[str]]) -> bool:
        """Return whether an address has the token."""
        return any(_equal(given, self.token) for given in query.get("token", []))

    def has_cookie(self, header: str | None) -> bool:
        """Return whether a request's ``Cookie`` is the one that :meth:`cookie` set."""
        try:
            morsel = SimpleCookie(header or "").get(self._name)
        except CookieError:
            return False
        return morsel is not None and _equal(morsel.value, self._secret)

    def cookie(self) -> str:
        """Return the header ``Set-Cookie``.

        ``Lax``: pages of other sites cannot have the browser send it with their requests, but a
        link in a terminal or a mail opens the page.
        """
        return f"{self._name}={self._secret}; Path=/; HttpOnly; SameSite=Lax"


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
