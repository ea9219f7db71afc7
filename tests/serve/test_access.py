from __future__ import annotations

import pytest

from analysis.serve.access import Access


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("127.0.0.1:8800", True),
        ("localhost:8800", True),
        ("LOCALHOST", True),
        ("[::1]:8800", True),
        ("localhost:18800", True),  # a tunnel through ssh
        ("evil.example:8800", False),
        ("127.0.0.1.evil.example:8800", False),
        ("localhost.evil.example", False),
        ("evil.example:localhost", False),
        ("192.168.1.7:8800", False),
        ("", False),
        (None, False),
    ],
)
def test_only_names_of_this_machine_are_answered(host: str | None, is_local: bool) -> None:
    assert Access(8800).is_local(host) is is_local


def test_the_token_is_the_whole_token() -> None:
    access = Access(8800)
    assert len(access.token) >= 32 and access.token != Access(8800).token
    assert access.has_token({"token": [access.token]})
    for given in ("", access.token[:-1], access.token.swapcase(), f"{access.token}x", "é"):
        assert not access.has_token({"token": [given]})
    assert not access.has_token({})


def test_the_cookie_is_no_copy_of_the_token_and_scripts_cannot_read_it() -> None:
    access = Access(8800)
    cookie, *attributes = access.cookie().split("; ")
    assert set(attributes) == {"Path=/", "HttpOnly", "SameSite=Lax"}
    assert access.token not in cookie
    assert access.has_cookie(cookie) and access.has_cookie(f"other=1; {cookie}; more=2")
    name = cookie.partition("=")[0]
    for header in (None, "", f"{name}={access.token}", f"{name}=", "\0;;=", "other=1"):
        assert not access.has_cookie(header)


def test_servers_on_several_ports_keep_their_cookies_apart() -> None:
    one, two = Access(8800), Access(8801)
    both = "; ".join(access.cookie().partition(";")[0] for access in (one, two))
    assert one.has_cookie(both) and two.has_cookie(both)
