"""HTTP to one address that was checked before: what is connected to is what was looked at, and never for too long.

The name in the URL is still what the certificate must be for and what ``Host`` says. Nothing is looked up a second
time, so an answer of DNS that changes in between (rebinding) changes nothing.

The only module of lists that knows requests and sockets: imported by a process that fetches, when it does (19 MB).
"""

from __future__ import annotations

import io
import socket
from functools import partial
from http.client import HTTPResponse
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from safedns.blocklist.addresses import Address
from safedns.clock import Clock


class PinnedAdapter(HTTPAdapter):
    """Sends to ``address``, whatever name the URL has; every read ends by ``deadline`` (of ``clock.monotonic``)."""

    def __init__(self, address: Address, clock: Clock, deadline: float) -> None:
        super().__init__()
        self._address = address
        self._clock = clock
        self._deadline = deadline
        self._pools: list[Any] = []

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> tuple[Any, Any]:
        """Connect to the address; ask for, and insist on, a certificate for the name."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        return {**host, "host": str(self._address)}, {**pool, "server_hostname": urlsplit(request.url).hostname}

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """A pool whose connections keep to the deadline."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        connect = pool.ConnectionCls

        def connection(**options: Any) -> Any:
            made = connect(**options)
            made.response_class = partial(_respond, self._clock, self._deadline)
            return made

        pool.ConnectionCls = connection
        self._pools.append(pool)
        return pool

    def close(self) -> None:
        """Hang up now; urllib3 alone would wait until the garbage is collected."""
        for pool in self._pools:
            pool.close()
        super().close()

    def add_headers(self, request: requests.PreparedRequest, **_: Any) -> None:
        """``Host`` is the name, not the address that is connected to."""
        request.headers["Host"] = urlsplit(str(request.url)).netloc.rpartition("@")[2]


def _respond(clock: Clock, deadline: float, sock: socket.socket, *args: Any, **kwargs: Any) -> HTTPResponse:
    return HTTPResponse(cast("socket.socket", _Source(sock, clock, deadline)), *args, **kwargs)


class _Source:
    """As much of a socket as a response needs."""

    __slots__ = ("_clock", "_deadline", "_sock")

    def __init__(self, sock: socket.socket, clock: Clock, deadline: float) -> None:
        self._sock, self._clock, self._deadline = sock, clock, deadline

    def makefile(self, _mode: str) -> BinaryIO:
        return io.BufferedReader(_TimedReader(self._sock, self._clock, self._deadline))


class _TimedReader(io.RawIOBase):
    """Reads from a socket until a deadline: a timeout alone starts anew with every byte, in headers too."""

    def __init__(self, sock: socket.socket, clock: Clock, deadline: float) -> None:
        self._sock, self._clock, self._deadline = sock, clock, deadline
        self._raw = sock.makefile("rb", buffering=0)
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - self._clock.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
