"""Whose keys count for a name: down from the trust anchor, one label after the other (RFC 4035 section 5).

    anchor --DNSKEY--> zone --DS?--> signed zone (DNSKEY) | unsigned zone | no zone begins here --> next label

What was found out is kept as long as signatures and TTLs allow, for later answers need the same keys. As it was proven,
it does not matter which upstream said it. What was found bogus is kept for some seconds (RFC 4035 section 4.7), and
only for the set of upstreams that said it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple, cast

import dns.name
import dns.rdatatype
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from safedns.errors import BogusError
from safedns.resolve.dnssec.denial import Cut, Proof
from safedns.resolve.dnssec.keys import Zone, usable_ds, vouched_for, zone_keys
from safedns.resolve.dnssec.proofs import proofs_of
from safedns.resolve.dnssec.records import Sections, Signed, sections_of
from safedns.resolve.dnssec.signatures import check
from safedns.resolve.dnssec.trust import Trust, ancestors
from safedns.resolve.dnssec.verdict import Bogus, Exhausted, Need, NoKey, Unreachable, shown
from safedns.resolve.dnssec.work import Fetched, Steps, Work
from safedns.resolve.failures import Failures
from safedns.wire.types import Ede

MAX_KNOWN = 2000
"""Names about which the outcome is kept."""
MAX_OCTETS = 4 << 20
"""Memory that they may take; keys of the usual size leave room for ``MAX_KNOWN`` names."""
MAX_KEPT = 86_400
"""Seconds."""
RENEWED_AFTER = 30.0
"""Seconds; keys younger than this are not asked for again, however new the one may be that has signed."""
_ENTRY_BYTES = 500
_KEY_BYTES = 800
"""Memory of a name, and of a key beside its octets: measured, and rounded up."""


class Known(NamedTuple):
    """What was found out about a name; times are monotonic seconds."""

    zone: Zone
    """The one that the name belongs to."""
    nothing_below: bool
    since: float
    until: float

    @property
    def octets(self) -> int:
        """About how much memory it takes; of keys that are those of other names as well, too much."""
        return _ENTRY_BYTES + sum(_KEY_BYTES + len(key.alone[0].key) for key in self.zone.keys)


class Chain:
    """Finds the zone of a name, and remembers."""

    def __init__(self, trust: Trust) -> None:
        self.trust = trust
        self.octets = 0
        self._known: OrderedDict[dns.name.Name, Known] = OrderedDict()
        self._failures = Failures()

    def __len__(self) -> int:
        return len(self._known)

    def zone_of(self, target: dns.name.Name, work: Work, mono: float) -> Steps[Known]:
        """The zone that ``target`` would be in; ``mono``: monotonic seconds. Raises ``Bogus`` or ``Unreachable``."""
        below: list[dns.name.Name] = []
        for name in ancestors(target):
            found = self._found(name, mono)
            if found is not None:
                known = found
                break
            if name in self.trust.anchors:
                known = yield from self._try(name, self._anchored(name, work, mono), work, mono)
                break
            below.append(name)
        else:
            return Known(Zone(dns.name.root, ()), nothing_below=False, since=mono, until=mono)
        for name in reversed(below):
            if known.zone.insecure or known.nothing_below:
                break
            known = yield from self._try(name, self._step(known, name, work, mono), work, mono)
        return known

    def renew(self, zone: dns.name.Name, mono: float) -> bool:
        """Forget the keys of ``zone``, in case that it has newer ones; ``False`` where they are new themselves."""
        if not self._may_be_renewed(zone, mono):
            return False
        for name in [name for name, known in self._known.items() if known.zone.name == zone]:
            self._drop(name)
        return True

    def _may_be_renewed(self, zone: dns.name.Name, mono: float) -> bool:
        known = self._known.get(zone)
        return known is not None and mono >= known.since + RENEWED_AFTER

    def _found(self, name: dns.name.Name, mono: float) -> Known | None:
        known = self._known.get(name)
        if known is None or mono >= known.until:
            return None
        self._known.move_to_end(name)
        return known

    def _try(self, name: dns.name.Name, steps: Steps[Known], work: Work, mono: float) -> Steps[Known]:
        """What ``steps`` find out about ``name``, unless they have just failed."""
        key = name.to_digestable() + bytes((work.asked_of,))
        failure = self._failures.recent(key, mono)
        if failure is not None and isinstance(failure.answer, BogusError):
            raise Bogus(str(failure.answer), Ede(failure.answer.ede))
        try:
            known = yield from steps
        except Exhausted:
            raise
        except Bogus as problem:
            renewable = isinstance(problem, NoKey) and self._may_be_renewed(problem.zone, mono)
            if not renewable and self._failures.recent(key, mono) is None:  # else another has just found it so, too
                self._failures.add(key, BogusError(str(problem), problem.ede), mono)
            raise
        self._failures.forget(key)
        return known

    def _step(self, above: Known, name: dns.name.Name, work: Work, mono: float) -> Steps[Known]:
        """Does a zone begin at ``name``, right below one of ``above``?"""
        need = Need(name, dns.rdatatype.DS, work.fresh)
        fetched = yield from ask(need, work)
        if (found := self._found(name, mono)) is not None:
            return found  # another has asked for the same, and has had his turn before
        sections = read(need, fetched)
        if (ds := sections.answer.get(need.key)) is not None:
            proven = check(ds, above.zone, work)
            if proven.encloser is not None:
                raise Bogus(f"{need} was made from a wildcard")
            records = usable_ds(cast("Iterator[DS]", iter(ds.rrset)))
            if not records:
                return self._keep(name, Zone(name, ()), mono, proven.ttl)
            return (yield from self._zone(name, records, proven.ttl, work, mono))
        if (alias := sections.answer.get((name, dns.rdatatype.CNAME))) is not None:
            ttl = yield from self._alias(alias, above.zone, sections, work)
            return self._keep(name, above.zone, mono, ttl, above=above)
        proofs = yield from proofs_of(above.zone, sections, work)
        cut = proofs.denial.cut(name)
        if cut is None:
            raise Bogus(f"it is not proven that {shown(name)} is unsigned", Ede.NSEC_MISSING)
        if cut is Cut.UNSIGNED_ZONE:
            return self._keep(name, Zone(name, ()), mono, proofs.ttl)
        return self._keep(name, above.zone, mono, proofs.ttl, above=above, nothing_below=cut is Cut.NOTHING)

    def _alias(self, alias: Signed, zone: Zone, sections: Sections, work: Work) -> Steps[int]:
        """Seconds to keep that there is an alias, and so no zone; a wildcard's would fit any name."""
        proven = check(alias, zone, work)
        if proven.encloser is None:
            return proven.ttl
        proofs = yield from proofs_of(zone, sections, work)
        if proofs.denial.no_closer(alias.owner, proven.encloser) is Proof.NONE:
            raise Bogus(f"{alias} was made from a wildcard, and it is not proven that it may be", Ede.NSEC_MISSING)
        return min(proven.ttl, proofs.ttl)

    def _anchored(self, name: dns.name.Name, work: Work, mono: float) -> Steps[Known]:
        records = usable_ds(self.trust.anchors[name])
        if not records:
            return self._keep(name, Zone(name, ()), mono, MAX_KEPT)
        return (yield from self._zone(name, records, MAX_KEPT, work, mono))

    def _zone(self, name: dns.name.Name, records: list[DS], ttl: int, work: Work, mono: float) -> Steps[Known]:
        """The zone with its keys, signed by one that the DS ``records`` vouch for; ``ttl``: of those, in seconds."""
        need = Need(name, dns.rdatatype.DNSKEY, work.fresh)
        fetched = yield from ask(need, work)
        if (found := self._found(name, mono)) is not None:
            return found
        signed = read(need, fetched).answer.get(need.key)
        if signed is None:
            raise Bogus(f"{shown(name)} must be signed, and has no keys", Ede.DNSKEY_MISSING)
        keys = zone_keys(cast("Iterator[DNSKEY]", iter(signed.rrset)))
        vouched = vouched_for(name, keys, records)
        if not vouched:
            raise Bogus(f"nobody vouches for the keys of {shown(name)}", Ede.DNSKEY_MISSING)
        proven = check(signed, Zone(name, vouched), work)
        return self._keep(name, Zone(name, keys), mono, min(ttl, proven.ttl))

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
        known = Known(zone, nothing_below, mono, until if above is None else min(until, above.until))
        self._drop(name)
        self._known[name] = known
        self.octets += known.octets
        while len(self._known) > MAX_KNOWN or self.octets > MAX_OCTETS:
            self._drop(next(iter(self._known)))
        return known

    def _drop(self, name: dns.name.Name) -> None:
        known = self._known.pop(name, None)
        if known is not None:
            self.octets -= known.octets


def ask(need: Need, work: Work) -> Steps[Fetched]:
    """What upstream says to this question, not read yet."""
    work.look_up()
    fetched = yield need
    assert fetched is not None  # noqa: S101 - who drives this answers what is needed
    return fetched


def read(need: Need, fetched: Fetched) -> Sections:
    """What upstream has said; raises ``Unreachable`` where it has not."""
    message = fetched()
    if message is None:
        code = Ede.DNSKEY_MISSING if need.rdtype == dns.rdatatype.DNSKEY else Ede.NO_REACHABLE_AUTHORITY
        raise Unreachable(f"no upstream answers {need}", code)
    return sections_of(message)
