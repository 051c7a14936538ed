"""What an upstream that gives cookies did not understand, and said so without ours, is asked over TCP.

That was a forger, an odd question, or a server that has taken the place of the one that gave them and knows none. Over
TCP nobody forges; if the question is understood there, or there is no TCP, the cookies are the trouble. Must not decide
what is believed over UDP: that is for ``udp``.
"""

from __future__ import annotations

from collections.abc import Callable

from safedns.errors import UpstreamError
from safedns.resolve.upstream import EDNS, Exchange
from safedns.resolve.upstream.cookies import Cookies
from safedns.wire.answer import FINDINGS, Answer
from safedns.wire.types import RCode

NOT_UNDERSTOOD = frozenset((int(RCode.FORMERR), int(RCode.NOTIMP)))
"""What is said by a server that cannot read cookies or EDNS (RFC 6891 section 7), will have nothing to do with them, or
does not know what it was asked for."""


class _OverTcp:
    """Carries one exchange, which is the only one to hold it; once more without EDNS where it is not understood."""

    def __init__(self, exchange: Exchange, start: Callable[[Exchange], None], cookies: Cookies) -> None:
        self._exchange = exchange
        self._start = start
        self._cookies = cookies
        self._way = exchange

    def drop(self, exchange: Exchange) -> None:  # noqa: ARG002 - a carrier of one exchange
        """It has ended."""
        self._way.cancel()

    def ask(self, without: int) -> None:
        """Send the question."""
        self._way = Exchange(self._exchange.query, self._ended)
        self._way.without = without
        self._start(self._way)

    def _ended(self, outcome: Answer | UpstreamError) -> None:
        if isinstance(outcome, UpstreamError):
            self._blame_cookies()
            self._exchange.fail(outcome)
        elif outcome.rcode in NOT_UNDERSTOOD and self._way.without != EDNS and not self._way.query.do:
            self.ask(EDNS)
        else:
            if outcome.rcode in FINDINGS:
                self._blame_cookies()
            self._exchange.answer(outcome)

    def _blame_cookies(self) -> None:
        """Once for all that were under way together: with the server's forgotten, UDP finds out what it can bear."""
        if self._cookies.given:
            self._cookies.missed()


def ask_over_tcp(exchange: Exchange, start: Callable[[Exchange], None], cookies: Cookies) -> None:
    """Go on over TCP, where ``start`` leads."""
    exchange.carrier = carrier = _OverTcp(exchange, start, cookies)
    carrier.ask(exchange.without)
