"""The service manager's side of the start-up and watchdog protocol (sd_notify): datagrams to ``$NOTIFY_SOCKET``."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(state: str) -> None:
    """Tell the service manager ``state`` (e.g. ``READY=1``); without one, or if it does not listen, do nothing."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(state.encode(), address)


def watchdog_seconds() -> float | None:
    """How long the service manager waits for a sign of life, if it waits for ours."""
    micros = os.environ.get("WATCHDOG_USEC", "")
    pid = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not micros.isdigit() or pid != str(os.getpid()):
        return None
    return int(micros) / 1e6
