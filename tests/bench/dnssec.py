"""CPU of validating one answer, on a small signed Internet in this process: no network, no cache but that of keys.

python -m tests.bench.dnssec
"""

from __future__ import annotations

import time
from functools import partial
from typing import NamedTuple

import dns.message
import dns.name
import dns.rdatatype

from safedns.resolve.dnssec.chain import Chain
from safedns.resolve.dnssec.response import validate
from safedns.resolve.dnssec.work import Fetched, Work
from tests.signed import NOW, World
from tests.worlds import MONO, chain_for, family_of_zones, world_of

NAMES = {
    "signed": "www.signed.example",
    "denied, with proof": "missing.signed.example",
    "from a wildcard": "any.wild.signed.example",
    "unsigned": "www.unsigned.example",
}
_ROUNDS = 50


class Cost(NamedTuple):
    """Microseconds of CPU."""

    whole: float
    longest: float
    """Of the steps between two questions."""


def cost(world: World, chain: Chain, name: str) -> Cost:
    """Of one verdict."""
    qname, qtype = dns.name.from_text(name), dns.rdatatype.A
    packet = _response(world, qname, qtype)
    whole = longest = 0.0
    began = time.process_time()
    steps = validate(chain, dns.message.from_wire(packet), Work(NOW), MONO)
    fetched: Fetched | None = None
    while True:
        try:
            need = steps.send(fetched)
        except StopIteration:
            step = time.process_time() - began
            return Cost((whole + step) * 1e6, max(longest, step) * 1e6)
        step = time.process_time() - began
        whole, longest = whole + step, max(longest, step)
        packet = b"" if need is None else _response(world, need.name, need.rdtype)
        fetched = partial(dns.message.from_wire, packet) if packet else None
        began = time.process_time()


def _response(world: World, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> bytes:
    return world.respond(dns.message.make_query(name, rdtype, want_dnssec=True)).to_wire(max_size=65_535)


def main() -> None:
    for nsec3 in (False, True):
        zones = family_of_zones(nsec3=nsec3)
        world = world_of(zones)
        for kind, name in NAMES.items():
            cold = min(cost(world, chain_for(zones), name) for _ in range(_ROUNDS))
            chain = chain_for(zones)
            warm = min(cost(world, chain, name) for _ in range(_ROUNDS))
            proofs = "NSEC3" if nsec3 else "NSEC"
            print(
                f"{proofs:5} {kind:18} keys known {warm.whole:5.0f} us, "
                f"none known {cold.whole:5.0f} us (longest step {cold.longest:4.0f} us)"
            )


if __name__ == "__main__":
    main()
