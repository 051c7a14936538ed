"""Whose keys count for a name: down from the trust anchor, one label after the other (RFC 4035 section 5).

    anchor --DNSKEY--> zone --DS?--> signed zone (DNSKEY) | unsigned zone | no zone begins here --> next label

What was found out is kept as long as signatures and TTLs allow, for later answers need the same keys. As it was proven,
it does not matter which upstream said it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterator
from typing import NamedTuple, TypeVar, cast

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from safedns.resolve.dnssec.denial import Cut
from safedns.resolve.dnssec.keys import Zone, usable_ds, vouched_for, zone_keys
from safedns.resolve.dnssec.proofs import proofs_of
from safedns.resolve.dnssec.records import Sections, sections_of
from safedns.resolve.dnssec.signatures import check
from safedns.resolve.dnssec.trust import Trust, ancestors
from safedns.resolve.dnssec.verdict import Bogus, Need, Unreachable, shown
from safedns.resolve.dnssec.work import Work
from safedns.wire.types import Ede

T = TypeVar("T")
Steps = Generator[Need | None, dns.message.Message | None, T]
"""Yields what it needs, is sent the response to that (``None``: there is none), and returns a ``T``.

Where it yields ``None`` it needs nothing but a pause, for others to get their turn.
"""

MAX_KNOWN = 2000
"""Names about which the outcome is kept; one with keys takes some 2 kB."""
MAX_KEPT = 86_400
"""Seconds."""


class Known(NamedTuple):
    """What was found out about a name."""

    zone: Zone
    """The one that the name belongs to."""
    nothing_below: bool
    until: float
    """Monotonic seconds."""


class Chain:
    """Finds the zone of a name, and remembers."""

    def __init__(self, trust: Trust) -> None:
        self.trust = trust
        self._known: OrderedDict[dns.name.Name, Known] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def zone_of(self, target: dns.name.Name, work: Work, mono: float) -> Steps[Known]:
        """The zone that ``target`` would be in; ``mono``: monotonic seconds. Raises ``Bogus`` or ``Unreachable``."""
        below: list[dns.name.Name] = []
        for name in ancestors(target):
            known = self._known.get(name)
            if known is not None and mono < known.until:
                self._known.move_to_end(name)
                break
            if name in self.trust.anchors:
                known = yield from self._anchored(name, work, mono)
                break
            below.append(name)
        else:
            return Known(Zone(dns.name.root, ()), nothing_below=False, until=mono)
        for name in reversed(below):
            if known.zone.insecure or known.nothing_below:
                break
            known = yield from self._step(known, name, work, mono)
        return known

    def _step(self, above: Known, name: dns.name.Name, work: Work, mono: float) -> Steps[Known]:
        """Does a zone begin at ``name``, right below one of ``above``?"""
        need = Need(name, dns.rdatatype.DS)
        sections = yield from ask(need, work)
        if (ds := sections.answer.get(need)) is not None:
            proven = check(ds, above.zone, work)
            if proven.encloser is not None:
                raise Bogus(f"{need} was made from a wildcard")
            records = usable_ds(cast("Iterator[DS]", iter(ds.rrset)))
            if not records:
                return self._keep(name, Zone(name, ()), mono, proven.ttl)
            zone, ttl = yield from self._zone(name, records, work)
            return self._keep(name, zone, mono, min(ttl, proven.ttl))
        if (alias := sections.answer.get((name, dns.rdatatype.CNAME))) is not None:
            return self._keep(name, above.zone, mono, check(alias, above.zone, work).ttl, above=above)
        proofs = proofs_of(above.zone, sections, work)
        cut = proofs.denial.cut(name)
        if cut is None:
            raise Bogus(f"it is not proven that {shown(name)} is unsigned", Ede.NSEC_MISSING)
        if cut is Cut.UNSIGNED_ZONE:
            return self._keep(name, Zone(name, ()), mono, proofs.ttl)
        return self._keep(name, above.zone, mono, proofs.ttl, above=above, nothing_below=cut is Cut.NOTHING)

    def _anchored(self, name: dns.name.Name, work: Work, mono: float) -> Steps[Known]:
        records = usable_ds(self.trust.anchors[name])
        if not records:
            return self._keep(name, Zone(name, ()), mono, MAX_KEPT)
        zone, ttl = yield from self._zone(name, records, work)
        return self._keep(name, zone, mono, ttl)

    def _zone(self, name: dns.name.Name, records: list[DS], work: Work) -> Steps[tuple[Zone, int]]:
        """The zone's keys, which one that the DS ``records`` vouch for has signed, and seconds to keep them."""
        need = Need(name, dns.rdatatype.DNSKEY)
        sections = yield from ask(need, work)
        signed = sections.answer.get(need)
        if signed is None:
            raise Bogus(f"{shown(name)} must be signed, and has no keys", Ede.DNSKEY_MISSING)
        keys = zone_keys(cast("Iterator[DNSKEY]", iter(signed.rrset)))
        vouched = vouched_for(name, keys, records)
        if not vouched:
            raise Bogus(f"nobody vouches for the keys of {shown(name)}", Ede.DNSKEY_MISSING)
        return Zone(name, keys), check(signed, Zone(name, vouched), work).ttl

    def _keep(
        self,
        name: dns.name.Name,
        zone: Zone,
        mono: float,
        ttl: int,
        *,
        above: Known | None = None,
        nothing_below: bool = False,
    ) -> Known:
        """``above``: whose zone it is; then its keys are not kept longer here than there."""
        until = mono + min(ttl, MAX_KEPT)
        known = Known(zone, nothing_below, until if above is None else min(until, above.until))
        self._known[name] = known
        self._known.move_to_end(name)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return known


def ask(need: Need, work: Work) -> Steps[Sections]:
    """What upstream says to this question."""
    work.look_up()
    message = yield need
    if message is None:
        code = Ede.DNSKEY_MISSING if need.rdtype == dns.rdatatype.DNSKEY else Ede.NO_REACHABLE_AUTHORITY
        raise Unreachable(f"no upstream answers {need}", code)
    return sections_of(message)
