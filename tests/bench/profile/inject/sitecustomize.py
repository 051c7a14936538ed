"""Loaded by each Python process of the measured safedns at its start: counts, when told to, where user time goes.

``SIGUSR1`` begins, ``SIGUSR2`` ends and writes ``PID.json`` to the folder ``SAFEDNS_BENCH_SAMPLES``: file -> samples.
The timer runs on user time alone, so whatever the kernel does is left out. Python sees a signal between two of its own
instructions, so time in C is counted where it was called from. ``PID.ready`` says that the process listens.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path
from types import FrameType

_EVERY = 0.001
"""Seconds of user time; the kernel looks at its ticks, so that it comes less often."""
_OURS = ("/safedns/", "/asyncio/", "/selectors.py")

_counts: Counter[str] = Counter()


def _sample(_: int, frame: FrameType | None) -> None:
    """Count for the innermost frame that is safedns or the event loop: what it calls works for it."""
    while frame is not None:
        file = frame.f_code.co_filename
        if any(part in file for part in _OURS):
            _counts[file] += 1
            return
        frame = frame.f_back
    _counts[""] += 1


def _begin(_: int, __: FrameType | None) -> None:
    _counts.clear()
    signal.setitimer(signal.ITIMER_VIRTUAL, _EVERY, _EVERY)


def _end(_: int, __: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    file = _folder / f"{os.getpid()}.json"
    file.with_suffix(".new").write_text(json.dumps(_counts))
    file.with_suffix(".new").rename(file)


if "SAFEDNS_BENCH_SAMPLES" in os.environ:
    _folder = Path(os.environ["SAFEDNS_BENCH_SAMPLES"])
    signal.signal(signal.SIGVTALRM, _sample)
    signal.signal(signal.SIGUSR1, _begin)
    signal.signal(signal.SIGUSR2, _end)
    (_folder / f"{os.getpid()}.ready").touch()
