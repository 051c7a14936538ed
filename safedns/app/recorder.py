"""The recorder process: event links -> query log and minutes of use, totals -> metrics. Killing it loses no answer.

channel: link (one event pipe a resolver) | settings (metrics address, how long rows live) | facts (the supervisor's);
the other way: used (minutes of use have grown)
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import socket
from pathlib import Path

from safedns.app.line import Line
from safedns.clock import Clock, SystemClock
from safedns.metrics import serve_metrics
from safedns.record.recorder import Recorder
from safedns.settings.model import Endpoint
from safedns.supervisor.channel import Channel, Message, Received
from safedns.tasks import spawn

log = logging.getLogger(__name__)


class RecorderProcess:
    """Holds the recorder and its metrics endpoint together."""

    def __init__(self, state: Path, channel: Channel, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._recorder: Recorder | None = None
        self._metrics: asyncio.Server | None = None
        self._endpoint: Endpoint | None = None
        self._links: dict[str, socket.socket] = {}
        self._restarts: dict[str, int] = {}
        self._line = Line(channel, self._obey)

    async def run(self, stop: asyncio.Event) -> None:
        """Record until ``stop`` is set; everything received by then is written."""
        self._line.start()
        await stop.wait()
        self._line.close()
        if self._recorder is not None:
            self._recorder.close()

    async def _obey(self, received: Received) -> None:
        message, descriptors = received
        match message["do"]:
            case "link":
                self._link(f"resolver-{message['worker']}", socket.socket(fileno=descriptors[0]))
            case "settings":
                await self._configure(message)
            case "facts":
                self._note(message)

    def _link(self, worker: str, sock: socket.socket) -> None:
        if self._recorder is None:
            self._links[worker] = sock
        else:
            self._recorder.add_link(worker, sock)

    async def _configure(self, message: Message) -> None:
        """The first settings open the log; later ones change how long rows live and where metrics are."""
        if self._recorder is None:
            self._recorder = Recorder(self._clock, self._state, message["log_keep"], self._used)
            for worker, sock in self._links.items():
                self._recorder.add_link(worker, sock)
            self._links.clear()
            spawn(self._recorder.run(), "recorder")
            self._line.tell({"event": "ready"})
        self._recorder.keep = message["log_keep"]
        endpoint = Endpoint(*message["metrics"]) if message["metrics"] else None
        if endpoint != self._endpoint:
            await self._move_metrics(self._recorder, endpoint)

    async def _move_metrics(self, recorder: Recorder, endpoint: Endpoint | None) -> None:
        if self._metrics is not None:
            self._metrics.close()
            self._metrics = None
        self._endpoint = endpoint
        if endpoint is not None:
            try:
                self._metrics = await serve_metrics(endpoint, recorder.totals, recorder.refresh)
            except OSError as error:
                log.warning("metrics cannot be served on %s: %s; DNS goes on without", endpoint, error.strerror)

    def _used(self) -> None:
        self._line.tell({"event": "used"})

    def _note(self, facts: Message) -> None:
        """Take over what only the supervisor knows."""
        if self._recorder is None:
            return
        totals = self._recorder.totals
        totals.gauges["supervisor"] = {
            ("config_ok",): float(facts["config_ok"]),
            ("config_loaded",): facts["config_loaded"],
        }
        for process, restarts in facts["restarts"].items():
            totals.add({("restarts", process): restarts - self._restarts.get(process, 0)})
            self._restarts[process] = restarts


def run(arguments: argparse.Namespace) -> None:
    """The process: ends at SIGTERM."""
    asyncio.run(_main(arguments.state, Channel.inherited(arguments.channel)))


async def _main(state: Path, channel: Channel) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await RecorderProcess(state, channel, SystemClock()).run(stop)
