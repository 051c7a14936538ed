"""A control server in a thread of its own, for commands that talk to the running daemon."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safedns.control import ControlServer

Answers = Mapping[str, dict[str, Any]]
"""Request -> answer. What a request brings besides is told behind its name: ``cache flush=example.com``."""


@contextmanager
def daemon(state: Path, answers: Answers) -> Iterator[list[str]]:
    """Answers each request with what ``answers`` has for it; the list fills with what was asked."""
    asked: list[str] = []
    ready = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    (state / "run").mkdir(parents=True, exist_ok=True)

    async def serve() -> None:
        def handler(request: str) -> Any:
            async def answer(brought: dict[str, Any]) -> dict[str, Any]:
                more = [f"{key}={value}" for key, value in brought.items() if key != "do"]
                asked.append(" ".join([request, *more]))
                return answers[request]

            return answer

        server = ControlServer(state, {request: handler(request) for request in answers})
        await server.start()
        stop.append((asyncio.get_running_loop(), asyncio.Event()))
        ready.set()
        await stop[0][1].wait()
        await server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="daemon")
    thread.start()
    ready.wait()
    try:
        yield asked
    finally:
        loop, ended = stop[0]
        loop.call_soon_threadsafe(ended.set)
        thread.join()
