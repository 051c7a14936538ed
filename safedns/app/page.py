"""The page process: shows one static page to browsers that were sent here. Killing it harms no answer.

channel: serve (listening socket, language, contact)
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket

from safedns.app.line import Line
from safedns.page import serve_page
from safedns.supervisor.channel import Channel, Received


class PageProcess:
    """Holds the page's server."""

    def __init__(self, channel: Channel) -> None:
        self._server: asyncio.Server | None = None
        self._line = Line(channel, self._obey)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop`` is set."""
        self._line.start()
        await stop.wait()
        self._line.close()
        if self._server is not None:
            self._server.close()

    async def _obey(self, received: Received) -> None:
        message, descriptors = received
        if message["do"] == "serve":
            if self._server is not None:
                self._server.close()
            sock = socket.socket(fileno=descriptors[0])
            self._server = await serve_page(sock, message["language"], message["contact"])
            self._line.tell({"event": "ready"})


def run(arguments: argparse.Namespace) -> None:
    """The process: ends at SIGTERM."""
    asyncio.run(_main(Channel.inherited(arguments.channel)))


async def _main(channel: Channel) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await PageProcess(channel).run(stop)
