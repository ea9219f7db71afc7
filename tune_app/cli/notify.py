"""Where ``--notify`` sends the end of a launch, and how: webhooks, and services through Apprise.

An address often holds a secret, so it is never printed, logged or written. What is printed of it is
its scheme, and of a web address also its host.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import logging
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from search_spaces.errors import UserError, one_line
from tune_app.cli.notice import Notice

VARIABLE = "TUNE_APP_NOTIFY"
"""The environment variable with addresses, separated by spaces."""
OPTION = "--notify"
SECONDS = 10.0
"""How long a launch waits for all its notifications together."""
_WEB = ("http", "https")


@dataclass(frozen=True)
class Address:
    """Where a notification goes. Its text has no secret in it.

    Attributes:
        url: the whole address.
    """

    url: str

    def __repr__(self) -> str:
        return f"Address({self})"

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        if parts.scheme not in _WEB:  # in some of Apprise's addresses the host is the token
            return f"{parts.scheme}://…"
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}/…"

    @property
    def is_web(self) -> bool:
        """Whether it is a webhook, which needs no further package."""
        return urlsplit(self.url).scheme in _WEB


def addresses(urls: Iterable[str]) -> tuple[Address, ...]:
    """Return where to send notifications: what ``--notify`` names, and the environment variable.

    Raises:
        UserError: an address cannot be used. The message does not have the address in it.
    """
    named = [(OPTION, url) for url in urls]
    named += [(VARIABLE, url) for url in os.environ.get(VARIABLE, "").split()]
    return tuple(dict.fromkeys(_checked(where, url) for where, url in named))


def without_addresses(words: Sequence[str]) -> list[str]:
    """Return the words of a command line without ``--notify`` and its addresses."""
    kept, skips = [], False
    for word in words:
        if not skips and word != OPTION and not word.startswith(f"{OPTION}="):
            kept.append(word)
        skips = not skips and word == OPTION
    return kept


def deliver(found: Sequence[Address], notice: Notice, seconds: float = SECONDS) -> list[str]:
    """Send a notice to all addresses at the same time.

    Returns:
        One line for each address that did not get it in time.
    """
    reasons = dict.fromkeys(found, f"no answer within {seconds:g} s")

    def send(address: Address) -> None:
        try:
            reasons[address] = _post(address, notice) if address.is_web else _tell(address, notice)
        except Exception as error:  # its text might have the address in it
            reasons[address] = type(error).__name__

    # Not a pool: at the end of the process Python would wait for its threads.
    threads = [threading.Thread(target=send, args=[a], daemon=True) for a in found]
    until = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [f"no notification sent to {a}: {reason}" for a, reason in reasons.items() if reason]


def _checked(where: str, url: str) -> Address:
    """Return an address that can be used.

    Raises:
        UserError: it cannot.
    """
    allowed = "allowed: https://..., http://..., or an address of Apprise such as mailto://..."
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname and (parts.port is None or parts.port))  # may raise
        is_plain = url.isascii() and url.isprintable() and " " not in url
        is_usable = is_plain and "://" in url and (has_host or parts.scheme not in _WEB)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise UserError(f"{where}: not an address of a notification (it is not shown); {allowed}")
    address = Address(url)
    if not address.is_web:
        _check_apprise(where, address)
    return address


def _check_apprise(where: str, address: Address) -> None:
    if importlib.util.find_spec("apprise") is None:
        raise UserError(
            f"{where} {address}: this address needs the package apprise; install it with "
            "pip install apprise, or give a webhook, https://..."
        )
    if not _known_to_apprise(address):
        raise UserError(f"{where} {address}: Apprise does not understand this address")


def _known_to_apprise(address: Address) -> Any:
    """Return Apprise with the address, or None if it does not understand it."""
    for logger in ("apprise", "urllib3"):  # their lines may have addresses in them
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    import apprise

    service = apprise.Apprise()
    return service if service.add(address.url) else None


def _tell(address: Address, notice: Notice) -> str:
    """Send a notice through Apprise; return why that failed, or an empty text."""
    service = _known_to_apprise(address)
    is_sent = service and service.notify(title=notice.title, body=notice.text)
    return "" if is_sent else "Apprise could not deliver it"


def _post(address: Address, notice: Notice) -> str:
    """Send a notice to a webhook; return why that failed, or an empty text."""
    parts = urlsplit(address.url)
    headers = {"Content-Type": "application/json", "User-Agent": "tune-app"}
    host = parts.netloc.rpartition("@")[2]
    if parts.username is not None:  # urllib would take it for a part of the host
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    url = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    data = json.dumps(notice.payload()).encode()
    request = urllib.request.Request(url, data, headers, method="POST")  # noqa: S310 (http, https)
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS):
            return ""
    except urllib.error.HTTPError as error:
        return one_line(f"it answered {error.code} {_phrase(error.code)}")
    except urllib.error.URLError as error:
        return _why(error.reason)
    except OSError as error:
        return _why(error)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Takes a redirection for a failure: after one, urllib would send no message."""

    def redirect_request(self, *_arguments: Any, **_named: Any) -> None:
        return None


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return ""


def _why(reason: object) -> str:
    return str(getattr(reason, "strerror", None) or type(reason).__name__)
