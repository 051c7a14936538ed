"""A web server on loopback that means ill: it says what a script says, byte by byte, over TLS if asked.

A script is what one address does with its connection; it ends when the script does or the client has left.
"""

from __future__ import annotations

import gzip
import io
import socket
import ssl
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Self

import zstandard

Script = Callable[[], Iterator[bytes]]
"""What is sent, piece by piece."""

CERTIFICATE = Path(__file__).parents[2] / "data" / "lists.example.pem"
"""For ``lists.example``; the client must be told to trust it."""


class HostileServer:
    """Runs between ``with`` and its end; an address without a script hangs up at once."""

    def __init__(self, *, tls: bool = False) -> None:
        self.scripts: dict[str, list[Script]] = {}
        """By path; each request takes the first away, the last one stays."""
        self.requests: list[str] = []
        """The heads of all requests."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
        if self._context is not None:
            self._context.load_cert_chain(CERTIFICATE)
        self._thread = threading.Thread(target=self._serve)
        self._ended = threading.Event()

    def url(self, path: str = "/list.txt", host: str = "127.0.0.1") -> str:
        """The address of ``path``."""
        return f"http{'s' if self._context else ''}://{host}:{self.port}{path}"

    def put(self, *scripts: Script, path: str = "/list.txt") -> str:
        """Play the scripts at ``path``, one a request; its address."""
        self.scripts[path] = list(scripts)
        return self.url(path)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            """Wakes the thread up."""
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            connection, _ = self._listener.accept()
            with connection, suppress(OSError):
                connection.settimeout(5)
                if self._context is None:
                    self._answer(connection)
                else:
                    with self._context.wrap_socket(connection, server_side=True) as wrapped:
                        self._answer(wrapped)

    def _answer(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4096)
            if not piece:
                return
            head += piece
        self.requests.append(head.decode())
        scripts = self.scripts.get(head.split()[1].decode(), [])
        script = scripts.pop(0) if len(scripts) > 1 else next(iter(scripts), None)
        for piece in script() if script else ():
            if self._ended.is_set():
                return
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while connection.recv(4096):
                """Until the client has read all and leaves."""


def answer(body: bytes = b"", status: str = "200 OK", *headers: str, length: int | None = None) -> Script:
    """A whole answer with a ``Content-Length``, true unless given."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return lambda: iter(["\r\n".join(head).encode() + body])


def redirect(location: str) -> Script:
    """To somewhere else."""
    return answer(b"", "302 Found", f"Location: {location}")


def hang_up() -> Iterator[bytes]:
    """Say nothing."""
    yield from ()


def endless_body() -> Iterator[bytes]:
    """One byte after the other, for ever."""
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    yield from repeat(b"a")


def endless_greeting() -> Iterator[bytes]:
    """Always about to begin (RFC 9110 section 15.2)."""
    yield from repeat(b"HTTP/1.1 100 Continue\r\n\r\n")


def endless_header() -> Iterator[bytes]:
    """A header without an end."""
    yield b"HTTP/1.1 200 OK\r\nX-Long: "
    yield from repeat(b"a" * 1024)


def endless_chunk_size() -> Iterator[bytes]:
    """A body whose first piece never comes to have a size."""
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield from repeat(b"0")


def endless_gzip() -> Iterator[bytes]:
    """Zeros by the thousand in every byte, for ever."""
    yield b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    packer = zlib.compressobj(9, wbits=31)
    while True:
        yield packer.compress(bytes(1 << 20))


def cut_chunks() -> Iterator[bytes]:
    """A chunked body without its end."""
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\na.example\r\n\r\n"


def gzip_bomb(size: int = 64 << 20) -> bytes:
    """``size`` bytes of nothing in a thousandth of that."""
    return gzip.compress(bytes(size), 9, mtime=0)


def endless_zstd() -> Iterator[bytes]:
    """Zeros by the hundred thousand in every four bytes, for ever."""
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    while True:
        yield packer.compress(bytes(1 << 20))


def zstd_bomb(size: int = 64 << 20) -> bytes:
    """``size`` bytes of nothing in a ten-thousandth of that."""
    return zstandard.ZstdCompressor(level=1).compress(bytes(size))


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of files, by name and content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return stream.getvalue()


def tarred(*members: tuple[str, bytes | None]) -> bytes:
    """A tar of files, by name and content; of symbolic links to ``/etc/passwd`` where there is none."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            info.size = len(content or b"")
            archive.addfile(info, io.BytesIO(content or b""))
    return stream.getvalue()
