"""How much one answer may cost: one that was made to be expensive fails (CVE-2023-50387, CVE-2023-50868).

An ordinary answer takes one or two checks of a signature, and up to some twenty where all keys on the way from the
root are still unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

import dns.message

from safedns.resolve.dnssec.verdict import Exhausted, Need

T = TypeVar("T")
Fetched = Callable[[], dns.message.Message | None]
"""Reads the response, which takes its time; ``None``: there is none, or none that can be read."""
Steps = Generator[Need | None, Fetched | None, T]
"""Yields what it needs, is sent what came of that, and returns a ``T``.

Where it yields ``None`` it needs nothing but a pause, for others to get their turn.
"""

MAX_CHECKS = 40
"""Checks of signatures for one answer, its whole chain of keys included."""
MAX_LOOKUPS = 64
"""Questions of our own for one answer; the longest names, of reverse zones, have 34 labels."""
MAX_HASHES = 2000
"""SHA-1 rounds for proofs with NSEC3: a name of ten labels with the most iterations takes 500."""
_DAY = 86_400


class Work:
    """What validating one answer has used up, and the time it goes by."""

    __slots__ = ("_hashes", "_lookups", "asked_of", "checks", "fresh", "now")

    def __init__(self, now: float | None, asked_of: int = 0) -> None:
        """``now``: epoch seconds; ``None`` = the machine's clock is plainly wrong, so that dates mean nothing.

        ``asked_of``: number of the set of upstreams.
        """
        self.now = now
        self.asked_of = asked_of
        self.fresh = False
        """Whatever has to be asked is asked of an upstream."""
        self.checks = 0
        """Signatures that were checked."""
        self._lookups = MAX_LOOKUPS
        self._hashes = MAX_HASHES

    def check(self) -> None:
        """One signature is about to be checked."""
        self.checks += 1
        if self.checks > MAX_CHECKS:
            raise Exhausted(f"it takes more than {MAX_CHECKS} checks of signatures")

    def look_up(self) -> None:
        """One question is about to be asked."""
        self._lookups -= 1
        if self._lookups < 0:
            raise Exhausted(f"it takes more than {MAX_LOOKUPS} questions for keys")

    def hash(self, iterations: int) -> None:
        """One name is about to be hashed, and ``iterations`` times again."""
        self._hashes -= 1 + iterations
        if self._hashes < 0:
            raise Exhausted(f"it takes more than {MAX_HASHES} rounds of hashing")

    def seconds_until(self, expiration: int) -> int:
        """Seconds that something which ends at ``expiration`` (epoch seconds) may still be kept."""
        return _DAY if self.now is None else max(0, int(expiration - self.now))
