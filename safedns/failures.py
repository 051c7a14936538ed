"""Unexpected exceptions where strangers' bytes pass: each place is logged with its traceback at most once a minute."""

from __future__ import annotations

import logging

from safedns.clock import Clock

log = logging.getLogger(__name__)

_SECONDS = 60.0


class FailureLog:
    """Keeps a broken place from filling the disk."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[tuple[str, int], float] = {}

    def report(self, error: Exception, what: str = "a query failed inside safedns and was answered SERVFAIL") -> None:
        """Log ``error``, and ``what`` came of it, unless the same line failed within the last minute."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        site = (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace is not None else ("", 0)
        now = self._clock.monotonic()
        if now - self._last.get(site, -_SECONDS) >= _SECONDS:
            self._last[site] = now
            log.error(what, exc_info=error)
