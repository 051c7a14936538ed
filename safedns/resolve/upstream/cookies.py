"""DNS cookies with one upstream (RFC 7873): who does not see our datagrams cannot forge an answer to them.

    ours (8 octets, random) --> with each query --> the server's beside it --> with each query from then on

From a server that has given a cookie an answer without ours is not believed: it is asked again over TCP. One that
answers so again and again (several machines behind one address, a router between) is asked without cookies for a while,
and so is one that takes them for an error, be it that it took the place of one that gave them (``doubted``).
"""

from __future__ import annotations

import os

from safedns.clock import Clock
from safedns.errors import WireError
from safedns.wire.edns import option_of, response_edns
from safedns.wire.query import Query, option
from safedns.wire.types import EdnsOption

MISSES = 3
"""How often an upstream may answer without the cookie that it had given before it is asked without cookies."""
WITHOUT_COOKIES = 600.0
"""Seconds until a server that could not bear cookies is asked with them again."""
_OURS = 8
_WHOLE = range(16, 41)
"""Octets of both cookies together (RFC 7873 section 4)."""


class Cookies:
    """The cookies of one upstream."""

    __slots__ = ("_clock", "_for_address", "_misses", "_without_until", "given", "option", "ours")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._for_address = ""
        self._misses = 0
        self._without_until = 0.0
        self.given = False
        """Whether the server has given one."""
        self.ours = b""
        """Ours, empty when there are none: it stands in every believable answer once the server has given one."""
        self.option = b""
        """What goes into every query."""

    def leave_from(self, address: str) -> None:
        """Queries leave from this address of ours: another one gets another cookie, so that nobody can link them."""
        if address == self._for_address and self.ours:
            return
        if self._clock.monotonic() >= self._without_until:
            self._for_address = address
            self._misses = 0
            self._begin()

    def learn(self, packet: bytes, query: Query) -> None:
        """Take the server's cookie out of an answer that has ours."""
        try:
            edns = response_edns(packet, query.question)
            cookie = option(edns.options, EdnsOption.COOKIE) if edns is not None else None
        except WireError:
            return
        if cookie is not None and cookie.startswith(self.ours) and len(cookie) in _WHOLE:
            self.given = True
            self.option = option_of(EdnsOption.COOKIE, cookie)

    def missed(self) -> None:
        """An answer came without them, or an error that TCP knew better than: forget the server's, and after a few
        times do without for a while."""
        self._misses += 1
        if self._misses < MISSES:
            self._begin()
        else:
            self.do_without()

    def do_without(self) -> None:
        """The server cannot bear them: forget them for a while."""
        self._without_until = self._clock.monotonic() + WITHOUT_COOKIES
        self.given = False
        self.ours = self.option = b""

    def _begin(self) -> None:
        self.given = False
        self.ours = os.urandom(_OURS)
        self.option = option_of(EdnsOption.COOKIE, self.ours)
