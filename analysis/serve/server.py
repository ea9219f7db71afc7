"""The web server: this machine only, one address, reading only.

Python's own ``http.server`` is enough for it: a few pages for one user, no uploads, no forms. Its
warning not to use it in production is about servers that strangers reach. This one listens on
127.0.0.1 and answers nobody without the token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

from analysis.serve.access import Access
from analysis.serve.pages import Page, start_page, study_page, study_view
from analysis.serve.studies import ServedStudies
from analysis.serve.watching import WatchedStudy
from search_spaces.errors import UserError

ADDRESS = "127.0.0.1"
_SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_REPORT_POLICY = "frame-ancestors 'self'"
"""The report has its own policy inside, which forbids every request."""
_WHOLE_ADDRESS = (
    "403: this page needs its token. Open the whole address that the command printed; it ends with "
    "?token= and letters. It changes with every start of the server.\n"
)


class Response(NamedTuple):
    """What is sent back.

    Attributes:
        status: the HTTP status.
        kind: the content type.
        body: the content.
        headers: further headers.
    """

    status: int
    kind: str
    body: bytes
    headers: Mapping[str, str]


class Site:
    """The pages, without the network.

    Args:
        studies: what is served.
        access: who may see it.
    """

    def __init__(self, studies: ServedStudies, access: Access) -> None:
        self._studies = studies
        self._access = access

    def respond(self, target: str, host: str | None, cookies: str | None) -> Response:
        """Return the answer to a GET request.

        Args:
            target: the path of the request, with its query.
            host: the header ``Host``.
            cookies: the header ``Cookie``.
        """
        if not self._access.is_local(host):
            return _text(403, "403: open this page as http://127.0.0.1 or http://localhost\n")
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        path = unquote(parts.path)
        if self._access.has_token(query):
            # A path with two slashes in front would lead to another machine.
            to = quote("/" + path.lstrip("/\\"))
            return _redirect(to, {"Set-Cookie": self._access.cookie()})
        if not self._access.has_cookie(cookies):
            return _text(403, _WHOLE_ADDRESS)
        return self._page(path)

    def _page(self, path: str) -> Response:
        studies, single = self._studies.all(), self._studies.is_single
        match path.strip("/").split("/"):
            case [""] if single:
                return _redirect(f"/study/{next(iter(studies))}/")
            case [""]:
                return _html(start_page())
            case ["studies.json"]:
                found = [{"name": name, **study_view(s.state())} for name, s in studies.items()]
                return _json({"studies": found})
            case ["study", name, *file] if name in studies:
                if not file:
                    page = study_page(name, has_start_page=not single)
                    # Its script asks for files beside it, so its address ends with a slash.
                    return _html(page) if path.endswith("/") else _redirect(f"/study/{name}/")
                return _file(studies[name], "/".join(file))
        return _text(404, "404: no such page\n")


def _file(study: WatchedStudy, file: str) -> Response:
    """Return the data of a study's page: its state, or its newest report."""
    if file == "state.json":
        study.viewed()
        return _json(study_view(study.state()))
    report = study.report() if file == "report.html" else None
    if report is None:
        return _text(404, "404: no such page, or no report yet\n")
    headers = {"Content-Security-Policy": _REPORT_POLICY}
    return Response(200, "text/html; charset=utf-8", report, headers)


class LiveServer(ThreadingHTTPServer):
    """The server, on the loopback interface.

    Args:
        port: the port; 0 for a free one.

    Raises:
        UserError: the port is in use or not allowed.
    """

    daemon_threads = True
    site: Site

    def __init__(self, port: int) -> None:
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise UserError(
                f"--port {port}: cannot be used ({error.strerror}); name another one, or leave "
                "--port out for a free one"
            ) from None

    def server_bind(self) -> None:
        """Bind the socket. ``HTTPServer`` would also ask a name server, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.port

    @property
    def port(self) -> int:
        """The port."""
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the browser has closed a connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "tune-app", ""
    timeout = 60  # of a connection on which nothing is asked
    server: LiveServer

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: object) -> None:
        pass  # the terminal is the user's

    def _answer(self, *, with_body: bool) -> None:
        host, cookies = self.headers.get("Host"), self.headers.get("Cookie")
        response = self.server.site.respond(self.path, host, cookies)
        self.send_response(response.status)
        headers = {"Content-Type": response.kind, "Content-Length": str(len(response.body))}
        for name, value in (_SAFE_HEADERS | headers | dict(response.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(response.body)


def _text(status: int, text: str) -> Response:
    return Response(status, "text/plain; charset=utf-8", text.encode(), {})


def _json(value: object) -> Response:
    return Response(200, "application/json", json.dumps(value).encode(), {})


def _html(page: Page) -> Response:
    headers = {"Content-Security-Policy": page.policy}
    return Response(200, "text/html; charset=utf-8", page.html.encode(), headers)


def _redirect(path: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(303, "text/plain", b"", {"Location": path, **(headers or {})})
