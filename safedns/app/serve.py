"""The supervisor process: the tree's parent with its control socket and signals."""

from __future__ import annotations

import asyncio
import fcntl
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from safedns.clock import SystemClock
from safedns.control import Answer, ControlServer, Handler, Request
from safedns.errors import SafednsError
from safedns.supervisor.plan import Prepared
from safedns.supervisor.supervisor import Supervisor
from safedns.wire.names import parse_name


def serve(config: Path, state: Path, ready: Callable[[Prepared], None]) -> None:
    """Run everything until SIGTERM or SIGINT; ``ready`` is called once queries are answered.

    Raises ``SafednsError`` when it cannot start: wrong configuration, busy port, a state folder that cannot be used or
    that another safedns uses.
    """
    with _only_one(state):
        asyncio.run(_serve(config, state, ready))


async def _serve(config: Path, state: Path, ready: Callable[[Prepared], None]) -> None:
    supervisor = Supervisor(config, state, SystemClock())
    handlers: dict[str, Handler] = {
        "status": lambda _: supervisor.status(),
        "reload": lambda _: supervisor.reload(),
        "live": lambda _: supervisor.live(),
        "cache": lambda request: _answer("caches", supervisor.each("cache", flush=_name(request))),
        "clients": lambda _: _answer("resolvers", supervisor.each("clients")),
    }
    control = ControlServer(state, handlers)
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, supervisor.stop)
    await control.start()
    try:
        await supervisor.run(ready)
    finally:
        await control.close()


async def _answer(key: str, told: Awaitable[list[Answer]]) -> Answer:
    return {key: await told}


def _name(request: Request) -> str:
    """Canonical name that is to be forgotten, empty where none is; raises ``ValueError``."""
    return parse_name(str(request["flush"])) if "flush" in request else ""


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    try:
        (state / "run").mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (state / "run" / "lock").open("w")
    except OSError as error:
        raise SafednsError(f"the state folder {state} cannot be used: {error.strerror} ({error.filename})") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SafednsError(f"another safedns already runs with the state folder {state}") from None
        yield
