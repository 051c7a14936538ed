"""A small web server on loopback that answers as a test tells it, and remembers what it was asked."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass
class Answer:
    """What one address answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/plain"})
    etag: str = ""
    """Sent, and answered with 304 when it comes back."""
    announced: int | None = None
    """A ``Content-Length`` that is not the truth; the connection is then closed after the body."""


class ListServer:
    """Runs in a thread between ``with`` and its end; an address without an answer is 404."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.delay: dict[str, float] = {}
        """Seconds that the server takes to answer for an address."""
        self.requests: list[tuple[str, Message]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def url(self, path: str = "/list.txt") -> str:
        """The address of ``path``."""
        return f"http://127.0.0.1:{self._http.server_address[1]}{path}"

    def put(self, *names: str, etag: str = "") -> str:
        """Serve a plain list of ``names``; its address."""
        self.answers["/list.txt"] = Answer("".join(f"{name}\n" for name in names).encode(), etag=etag)
        return self.url()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append((self.path, self.headers))
                time.sleep(server.delay.get(self.path, 0.0))
                answer = server.answers.get(self.path, Answer(status=404))
                unchanged = bool(answer.etag) and self.headers.get("If-None-Match") == answer.etag
                self.send_response(304 if unchanged else answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.etag:
                    self.send_header("ETag", answer.etag)
                body = b"" if unchanged else answer.body
                if "Transfer-Encoding" not in answer.headers:
                    self.send_header("Content-Length", str(len(body) if answer.announced is None else answer.announced))
                self.end_headers()
                with suppress(ConnectionError):  # whoever asked may have been killed
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
                """Keep quiet."""

        return Handler
