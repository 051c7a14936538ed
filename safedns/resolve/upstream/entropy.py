"""Unpredictable 16-bit numbers (RFC 5452 section 4) from the kernel's generator, fetched many at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator

_AT_ONCE = 512
"""Numbers a system call: asking the kernel for each would cost more than sending half a query."""


def unpredictable() -> Iterator[int]:
    """Numbers of 0 ... 65535, without end."""
    while True:
        yield from memoryview(os.urandom(2 * _AT_ONCE)).cast("H")
