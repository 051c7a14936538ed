"""What HTTP/2 connections of this process keep in memory."""

from __future__ import annotations

import gc

from h2.connection import H2Connection


def closed_streams(*, client_side: bool) -> int:
    """How many streams a connection of one side remembers after their end: the one that remembers most."""
    gc.collect()  # those of other tests
    connections = (each for each in gc.get_objects() if isinstance(each, H2Connection))
    return max(len(each._closed_streams) for each in connections if each.config.client_side == client_side)
