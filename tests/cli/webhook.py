"""A web server on this machine that keeps what it is sent, as the receiver of notifications."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Webhook:
    """What a server got.

    Attributes:
        port: its port.
        status: what it answers; 0 for no answer at all until the test is over.
        got: path, headers and content of every message.
    """

    port: int
    status: int = 200
    got: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/secret-token") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [content for _, _, content in self.got]


@contextmanager
def webhook(status: int = 200) -> Iterator[Webhook]:
    """Run a server inside this context."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((self.path, dict(self.headers), json.loads(content)))
            if not found.status:
                found.is_over.wait(60)
                return
            self.send_response(found.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_words: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Webhook(server.server_port, status)
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield found
        finally:
            found.is_over.set()
            server.shutdown()
            thread.join()
