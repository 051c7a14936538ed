"""The only place that creates asyncio tasks: each has a name, is referenced while it runs, and never fails silently.

Failures that are expected are let go of here, with whatever they hold.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)

_running: set[asyncio.Task[Any]] = set()


def spawn(coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    """Run ``coroutine`` as a task; an exception that nobody awaits is logged once, with its traceback."""
    task = asyncio.get_running_loop().create_task(coroutine, name=name)
    _running.add(task)
    task.add_done_callback(_done)
    return task


@contextmanager
def let_go(*expected: type[BaseException]) -> Iterator[None]:
    """End the block at an exception of these classes, and free at once what its frames hold.

    Otherwise the collector has to: a stream or a handshake that fails keeps its exception, which keeps the frames,
    which keep the stream. With TLS that is tens of kilobytes.
    """
    try:
        yield
    except expected as error:
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None  # the frames that still run are to be held by nobody once they end


def _done(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("task %s failed", task.get_name(), exc_info=error)
