"""DNS over HTTPS by HTTP/2, and by HTTP/3 where the upstream offers it (RFC 7838): whichever is well is asked.

    HTTP/2 --a response offers HTTP/3--> HTTP/3 is connected beside it --> carries what is asked
       ^                                                                       |
       '---- cannot be reached, breaks off, says something wrong, is silent ---'  and rests: 1 minute, 2, 4 ... 1 hour

A network that lets no QUIC through costs nobody an answer: what waits for HTTP/3 or fails there goes over HTTP/2. Must
not know how either is spoken; what HTTP/3 needs is loaded when it is first offered, beside the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from safedns.errors import UpstreamError
from safedns.resolve.upstream import Exchange, Facts
from safedns.resolve.upstream.connection import SILENT_SECONDS, ConnectionCarrier
from safedns.resolve.upstream.http import Offer
from safedns.resolve.upstream.https import HttpsCarrier
from safedns.tasks import spawn
from safedns.wire.types import Ede

log = logging.getLogger(__name__)

HEAD_START = 0.35
"""Seconds that a question waits for HTTP/3 before HTTP/2 is asked: less than a race waits before it asks again."""
REST_MIN = 60.0
REST_MAX = 3600.0
"""Seconds before HTTP/3 is tried again: first and longest."""


class UpgradingCarrier:
    """Carries exchanges over HTTP/2 or HTTP/3 to one upstream."""

    __slots__ = (
        "_closing",
        "_http3",
        "_https",
        "_label",
        "_last",
        "_make",
        "_offer",
        "_offered_until",
        "_pause",
        "_port",
        "_rest_until",
        "_since",
        "_timer",
        "_trial",
    )

    def __init__(self, https: HttpsCarrier, make: Callable[[int], ConnectionCarrier]) -> None:
        """``make`` the carrier for HTTP/3 on a port; is called in a thread, for it may load what it needs."""
        self._https = https
        self._make = make
        self._label = ""
        self._closing = False
        self._http3: ConnectionCarrier | None = None
        self._port = 0
        """Of ``_http3``."""
        self._last: ConnectionCarrier = https
        """Who was given the last question."""
        self._offer: Offer | None = None
        self._offered_until = 0.0
        self._since: float | None = None
        """When HTTP/3 was connected, as long as nothing has gone wrong; until then no question waits for it."""
        self._pause = REST_MIN / 2
        self._rest_until = 0.0
        self._trial: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        https.on_offer = self._offered

    @property
    def label(self) -> str:
        """What the upstream is called in the log."""
        return self._label

    @label.setter
    def label(self, name: str) -> None:
        self._label = self._https.label = name

    @property
    def facts(self) -> Facts:
        """What was learned of it so far."""
        return self._last.facts._replace(http3=self._https.facts.http3)

    def start(self, exchange: Exchange) -> None:
        """Begin asking; see ``Upstream``."""
        self._last = self._choose()
        self._last.start(exchange)

    async def close(self) -> None:
        """Close both; everything under way fails."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._trial is not None:
            self._trial.cancel()
            await asyncio.wait([self._trial])
        if self._http3 is not None:
            await self._http3.close()
        await self._https.close()
        self._closing = False

    def _offered(self, offer: Offer | None) -> None:
        self._offer = offer
        if offer is not None:
            self._offered_until = asyncio.get_running_loop().time() + offer.seconds

    def _choose(self) -> ConnectionCarrier:
        """Who carries the next question."""
        if self._offer is None:
            return self._https
        now = asyncio.get_running_loop().time()
        if now >= self._offered_until or now < self._rest_until:
            return self._https
        http3 = self._http3
        if http3 is None or not http3.connected:
            self._try_soon(self._offer)
            return self._https if http3 is None or self._since is None else http3
        if http3.silence > SILENT_SECONDS:
            self._rest("it does not answer")
            http3.abort()
            return self._https
        return self._https if http3.silence > HEAD_START else http3

    def _try_soon(self, offer: Offer) -> None:
        if self._trial is None:
            self._trial = spawn(self._try(offer), "connect over HTTP/3")
        if self._since is not None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HEAD_START, self._wait_no_longer)

    async def _try(self, offer: Offer) -> None:
        """Connect, with the questions that wait for it or with none."""
        try:
            http3 = self._http3
            if http3 is None or self._port != offer.port:
                if http3 is not None:
                    await http3.close()
                http3 = self._http3 = await asyncio.to_thread(self._make, offer.port)
                http3.instead = self._instead
                self._port = offer.port
            if (error := await http3.open()) is not None:
                self._rest(str(error))
            elif self._since is None:
                self._since = asyncio.get_running_loop().time()
        finally:
            self._trial = None

    def _wait_no_longer(self) -> None:
        self._timer = None
        for exchange in self._http3.waiting if self._http3 is not None else ():
            exchange.hand_over(self._https.start)

    def _instead(self, exchange: Exchange, error: UpstreamError) -> None:
        """Nothing came of it over HTTP/3."""
        if self._closing:
            exchange.fail(UpstreamError("the upstream is being closed", Ede.NETWORK_ERROR))
            return
        self._rest(str(error))
        exchange.hand_over(self._https.start)

    def _rest(self, reason: str) -> None:
        """Leave HTTP/3 alone, twice as long as before unless it did well in between. One trouble counts once."""
        now = asyncio.get_running_loop().time()
        if now < self._rest_until:
            return
        worked = 0.0 if self._since is None else now - self._since
        self._pause = REST_MIN if worked >= self._pause else min(self._pause * 2, REST_MAX)
        self._rest_until = now + self._pause
        self._since = None
        log.warning("upstream %s: HTTP/3 is left alone for %d s, HTTP/2 goes on: %s", self._label, self._pause, reason)
