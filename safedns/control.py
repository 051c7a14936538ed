"""The control socket: how ``safedns status`` and ``safedns reload`` reach the running daemon.

One JSON line each way over a Unix socket in the state folder, readable by its owner only. Knows no command: the
supervisor hands it a table.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from safedns.errors import NotRunningError, SafednsError

Answer = dict[str, Any]
Request = dict[str, Any]
"""``do`` says what, other keys say more."""
Handler = Callable[[Request], Awaitable[Answer]]

_MAX_LINE = 64 * 1024
_PATIENCE = 30.0


def socket_file(state: Path) -> Path:
    """Where the control socket of a state folder is."""
    return state / "run" / "control.sock"


class ControlServer:
    """Answers requests until closed."""

    def __init__(self, state: Path, handlers: Mapping[str, Handler]) -> None:
        self._file = socket_file(state)
        self._handlers = handlers
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket file left by a process that has gone is replaced."""
        self._file.unlink(missing_ok=True)
        sock = socket.socket(socket.AF_UNIX)
        with _short(self._file) as name:
            sock.bind(name)
        self._file.chmod(0o600)
        self._server = await asyncio.start_unix_server(self._serve, sock=sock, limit=_MAX_LINE)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._file.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                request = json.loads(await reader.readline())
                handler = self._handlers.get(request.get("do", "")) if isinstance(request, dict) else None
                answer = await handler(request) if handler else {"error": "unknown request"}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def ask(state: Path, request: str, **more: str) -> Answer:
    """What the running daemon answers to a request that brings ``more``.

    Raises ``NotRunningError`` when there is none, ``SafednsError`` when it refuses.
    """
    file = socket_file(state)
    try:
        with socket.socket(socket.AF_UNIX) as sock, _short(file) as name:
            sock.settimeout(_PATIENCE)
            sock.connect(name)
            sock.sendall(json.dumps({"do": request, **more}).encode() + b"\n")
            with sock.makefile("rb") as stream:
                answer = json.loads(stream.readline())
    except PermissionError as error:
        message = f"{file}: you may not talk to safedns; run this as root or as the user that runs safedns"
        raise SafednsError(message) from error
    except (OSError, ValueError) as error:
        message = f"safedns does not run with the state folder {state} (start it: safedns serve)"
        raise NotRunningError(message) from error
    if not isinstance(answer, dict):
        raise NotRunningError(f"what listens at {file} is not safedns")
    if "error" in answer:
        raise SafednsError(f"the safedns that runs cannot answer ({answer['error']}); restart it if it is an older one")
    return answer


@contextlib.contextmanager
def _short(file: Path) -> Iterator[str]:
    """A name for ``file`` that fits into a socket address (108 bytes) however deep its folder lies."""
    folder = os.open(file.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{file.name}"
    finally:
        os.close(folder)
