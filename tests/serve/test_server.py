"""What is answered to whom."""

from __future__ import annotations

import http.client
import json
import queue
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.serve.access import Access
from analysis.serve.server import ADDRESS, LiveServer, Response, Site
from analysis.serve.studies import ServedStudies
from analysis.serve.watching import WatchedStudy
from search_spaces.errors import UserError
from tests.studies import shared_study

HOST = f"{ADDRESS}:8800"


class Served:
    """A site of studies that nothing reads: tests say what is known of them."""

    def __init__(self, *places: str) -> None:
        self.access = Access(8800)
        self.followed: dict[str, WatchedStudy] = {}
        studies = ServedStudies(places, self._follow)
        studies.all()
        self.site = Site(studies, self.access)

    def _follow(self, place: str) -> WatchedStudy:
        self.followed[place] = WatchedStudy(place, queue.SimpleQueue())
        return self.followed[place]

    def get(self, path: str, host: str = HOST, cookie: bool = True) -> Response:
        cookies = self.access.cookie().partition(";")[0] if cookie else None
        return self.site.respond(path, host, cookies)


@pytest.fixture
def one(tmp_path: Path) -> Served:
    return Served(str(shared_study(tmp_path / "grid")))


@pytest.fixture
def many(tmp_path: Path) -> Served:
    for name in ("a", "b c", "b-c"):
        shared_study(tmp_path / "results" / name)
    return Served(str(tmp_path / "results"))


def test_the_address_with_the_token_sets_a_cookie_and_hides_the_token(one: Served) -> None:
    answer = one.get(f"/study/grid/?token={one.access.token}", cookie=False)
    assert answer.status == 303 and answer.headers["Location"] == "/study/grid/"
    assert one.access.has_cookie(answer.headers["Set-Cookie"].partition(";")[0])


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/%5Cevil.example"])
def test_a_token_leads_nowhere_else(one: Served, path: str) -> None:
    answer = one.get(f"{path}?token={one.access.token}", cookie=False)
    assert re.fullmatch(r"/(evil\.example)?/?", answer.headers["Location"])


@pytest.mark.parametrize("path", ["/", "/studies.json", "/study/grid/", "/study/grid/state.json"])
def test_without_token_or_under_another_name_nothing_is_shown(one: Served, path: str) -> None:
    assert one.get(path).status in (200, 303)
    for answer in (
        one.get(path, cookie=False),
        one.get(f"{path}?token=wrong", cookie=False),
        one.get(path, host="evil.example:8800"),
        one.get(f"{path}?token={one.access.token}", host="evil.example"),
    ):
        assert answer.status == 403 and b"grid" not in answer.body
        assert "Set-Cookie" not in answer.headers


def test_the_report_is_framed_by_our_page_only_and_keeps_its_own_policy(one: Served) -> None:
    assert one.get("/study/grid/report.html").status == 404, "none was built"
    [study] = one.followed.values()
    study._report = b"<!doctype html>the report"
    answer = one.get("/study/grid/report.html?version=1")
    assert answer.body == b"<!doctype html>the report"
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'self'"


def test_the_page_asks_this_server_only(one: Served) -> None:
    answer = one.get("/study/grid/")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "connect-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy.partition("style-src")[0]
    assert b"http" not in answer.body.replace(b"http-equiv", b"").partition(b"<script>")[0]


def test_one_study_has_no_list(one: Served, many: Served) -> None:
    assert one.get("/").headers["Location"] == "/study/grid/"
    assert b"All studies" not in one.get("/study/grid/").body
    assert b"<h1>Studies</h1>" in many.get("/").body
    assert b"All studies" in many.get("/study/a/").body
    listed = json.loads(many.get("/studies.json").body)["studies"]
    assert [study["name"] for study in listed] == ["a", "b-c", "b-c-2"]
    assert many.get("/study/a").headers["Location"] == "/study/a/"


@pytest.mark.parametrize(
    "path", ["/x", "/study/x/", "/study/grid/../../etc", "/study/grid/a/b", "/%00"]
)
def test_other_pages_do_not_exist(one: Served, path: str) -> None:
    assert one.get(path).status == 404


def test_asking_for_the_state_counts_as_looking(many: Served) -> None:
    many.get("/studies.json")
    assert all(study._viewed == float("-inf") for study in many.followed.values())
    many.get("/study/a/state.json")
    assert sum(study._viewed > 0 for study in many.followed.values()) == 1


@pytest.fixture
def server(one: Served) -> Iterator[LiveServer]:
    with LiveServer(0) as server:
        server.site = one.site
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_over_the_network(server: LiveServer, one: Served) -> None:
    connection = http.client.HTTPConnection(ADDRESS, server.port, timeout=30)
    headers = {"Cookie": one.access.cookie().partition(";")[0]}
    for method, status in (("GET", 200), ("HEAD", 200), ("POST", 501), ("PUT", 501)):
        connection.request(method, "/study/grid/", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == status
        assert bool(body) == (method != "HEAD")
        if status == 200:
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "Python" not in answer.headers["Server"]
    connection.close()


def test_it_listens_on_the_loopback_interface_and_says_if_a_port_is_taken(
    server: LiveServer,
) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"
    with pytest.raises(
        UserError, match=rf"^--port {server.port}: cannot be used \(Address already"
    ):
        LiveServer(server.port)


def test_a_browser_that_leaves_in_the_middle_is_no_error(
    server: LiveServer, one: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    [study] = one.followed.values()
    study._report = b"x" * 30_000_000
    cookie = one.access.cookie().partition(";")[0]
    with socket.create_connection((ADDRESS, server.port)) as client:
        request = (
            f"GET /study/grid/report.html HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookie}\r\n\r\n"
        )
        client.sendall(request.encode())
        assert client.recv(15).startswith(b"HTTP/1.1 200")
    connection = http.client.HTTPConnection(ADDRESS, server.port, timeout=30)
    connection.request("GET", "/study/grid/", headers={"Cookie": cookie})
    assert connection.getresponse().status == 200
    connection.close()
    assert capfd.readouterr() == ("", "")
