"""One device's share of the questions under way: who asks for what never comes keeps nobody else from asking.

    miss -> any place left for this device? -- yes --> resolver --> outcome, and the place is free again
                                            '- no ---> a failure, at once

Must not count what is answered from a cache: that takes no place.
"""

from __future__ import annotations

from functools import partial

from safedns.asked import Miss
from safedns.errors import UpstreamError
from safedns.peers import Peer
from safedns.resolve.resolver import Done, Resolved, Resolver
from safedns.wire.types import Ede


def fetch(resolver: Resolver, miss: Miss, done: Done) -> None:
    """Ask upstream what ``miss`` needs; ``done`` gets it, or why not, exactly once."""
    peer = miss.asked.peer
    if peer.places[0] <= 0:
        done(UpstreamError("too many questions of this device are under way already", Ede.OTHER))
        return
    peer.places[0] -= 1
    resolver.resolve(miss.lookup, partial(_ended, peer, done))


def _ended(peer: Peer, done: Done, outcome: Resolved | UpstreamError) -> None:
    peer.places[0] += 1
    done(outcome)
