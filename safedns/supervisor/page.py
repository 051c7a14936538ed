"""The page's socket and process: there for as long as the configuration wants a page. DNS never waits for either."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

from safedns.supervisor.children import Child
from safedns.supervisor.plan import Page
from safedns.tasks import spawn

log = logging.getLogger(__name__)

_BACKLOG = 64
_PATIENCE = 3.0
"""Seconds that the process has to end."""


class PageKeeper:
    """At most one socket and one process."""

    def __init__(self, make: Callable[[str, Callable[[Child], None]], Child]) -> None:
        """``make`` (role, what a new process is handed) gives a child that is not started yet."""
        self._make = make
        self._page: Page | None = None
        self._sock: socket.socket | None = None
        self.child: Child | None = None

    def sync(self, page: Page | None) -> None:
        """Show this page from now on, or none; an address that cannot be had is logged, and tried again at a change."""
        before, self._page = self._page, page
        if page is None or before is None or page.endpoint != before.endpoint or self._sock is None:
            self._close()
            self._sock = None if page is None else _bound(*page.endpoint)
        if self._sock is None:
            if self.child is not None:
                spawn(self.child.stop(_PATIENCE), "end the page")
                self.child = None
        elif self.child is None:
            self.child = self._make("page", self._hand_out)
            self.child.start()
        elif page != before:
            self._hand_out(self.child)

    async def stop(self, patience: float) -> None:
        """End the process and close the socket."""
        if self.child is not None:
            await self.child.stop(patience)
        self._close()

    def _hand_out(self, child: Child) -> None:
        if self._page is not None and self._sock is not None:
            _, language, contact = self._page
            child.send({"do": "serve", "language": language, "contact": contact}, (self._sock.fileno(),))

    def _close(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None


def _bound(host: str, port: int) -> socket.socket | None:
    try:
        # The IPv6 wildcard is every address, IPv4 too.
        return socket.create_server(
            (host, port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=_BACKLOG,
            dualstack_ipv6=host == "::",
        )
    except OSError as error:
        log.warning("the page cannot be shown on %s port %d: %s; DNS goes on without", host, port, error.strerror)
        return None
