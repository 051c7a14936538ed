"""A small Internet with signed zones, and a resolver that passes signatures on: what validation is tested with.

Zones are written as lines of a zone file. ``World.respond`` answers as a recursive resolver that does not validate: it
follows aliases from zone to zone and brings the proofs that each zone has.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from typing import cast

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec
from dns.dnssectypes import DSDigest
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.NSEC3 import NSEC3, Bitmap
from dns.rdtypes.ANY.RRSIG import RRSIG

Name = dns.name.Name
Key = tuple[Name, RdataType]

NOW = 1_795_000_000.0
"""What ``FakeClock`` shows."""
DAY = 86_400
IN = dns.rdataclass.IN
CNAME, DNAME, DS_, NS, SOA, NSEC_, NSEC3_, RRSIG_, DNSKEY_ = (
    dns.rdatatype.CNAME,
    dns.rdatatype.DNAME,
    dns.rdatatype.DS,
    dns.rdatatype.NS,
    dns.rdatatype.SOA,
    dns.rdatatype.NSEC,
    dns.rdatatype.NSEC3,
    dns.rdatatype.RRSIG,
    dns.rdatatype.DNSKEY,
)


class SigningKey:
    """A key pair of a zone (ECDSA P-256)."""

    def __init__(self, flags: int = 257) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.public = dns.dnssec.make_dnskey(self.private.public_key(), dns.dnssec.ECDSAP256SHA256, flags)


@cache
def key_for(zone: str) -> SigningKey:
    """The same key for a zone in every test: making one takes longer than a test."""
    return SigningKey()


class Zone:
    """One zone; change ``sets`` before ``sign``, and anything after it to break what was signed."""

    def __init__(self, name: str, *lines: str, nsec3: bool = False, opt_out: bool = False, iterations: int = 0) -> None:
        """``lines``: ``OWNER TTL TYPE RDATA``, owners relative to the zone. An SOA and an NS are added."""
        self.name = dns.name.from_text(name)
        self.key = key_for(name)
        self.nsec3 = nsec3 or opt_out or iterations > 0
        self.opt_out = opt_out
        self.iterations = iterations
        self.sets: dict[Key, dns.rrset.RRset] = {}
        self.signatures: dict[Key, list[RRSIG]] = {}
        self.chain: dict[Name | bytes, dns.rrset.RRset] = {}
        """NSEC by owner, NSEC3 by hash."""
        self.signed = False
        self.add("@ 300 SOA ns.example. root.example. 1 3600 600 86400 60", "@ 300 NS ns.example.", *lines)

    def add(self, *lines: str) -> None:
        """More records."""
        for line in lines:
            owner, ttl, rtype, rdata = line.split(maxsplit=3)
            name = dns.name.from_text(owner, self.name) if owner != "@" else self.name
            new = dns.rdata.from_text(IN, rtype, rdata, origin=self.name, relativize=False)
            self.sets.setdefault((name, new.rdtype), dns.rrset.from_rdata(name, int(ttl), new)).add(new)

    def ds(self, digest: DSDigest = DSDigest.SHA256) -> DS:
        """What the parent publishes to vouch for the zone."""
        return dns.dnssec.make_ds(self.name, self.key.public, digest)

    def delegate(self, child: Zone, *, secure: bool = True) -> None:
        """An NS, and DS records where the child is signed, in this zone."""
        self.sets[child.name, NS] = dns.rrset.from_text(child.name, 300, IN, "NS", "ns.example.")
        if secure:
            self.sets[child.name, DS_] = dns.rrset.from_rdata(child.name, 300, child.ds())

    def sign(self, *, inception: float = NOW - DAY, expiration: float = NOW + 7 * DAY) -> Zone:
        """Keys, the chain of NSEC or NSEC3 records, and signatures over what the zone has authority over."""
        self._inception, self._expiration = int(inception), int(expiration)
        self.signed = True
        self.sets[self.name, DNSKEY_] = dns.rrset.from_rdata(self.name, 300, self.key.public)
        (self._make_nsec3 if self.nsec3 else self._make_nsec)()
        for rrset in [*self.sets.values(), *self.chain.values()]:
            cut = self.cut_above(rrset.name)
            if cut is None or (cut == rrset.name and rrset.rdtype in (DS_, NSEC_)):
                self.sign_set(rrset)
        return self

    def sign_set(self, rrset: dns.rrset.RRset, key: SigningKey | None = None) -> None:
        """Sign one set anew, in place of the signature it has."""
        key = key or self.key
        signature = dns.dnssec.sign(
            rrset, key.private, self.name, key.public, inception=self._inception, expiration=self._expiration
        )
        self.signatures[rrset.name, rrset.rdtype] = [signature]

    def cut_above(self, name: Name) -> Name | None:
        """The delegation at or above ``name``."""
        for above in _ancestors(name, self.name):
            if above != self.name and (above, NS) in self.sets:
                return above
        return None

    def exists(self, name: Name) -> bool:
        """Whether there is something at or below ``name``."""
        return any(owner.is_subdomain(name) for owner, _ in self.sets)

    def denying(self, name: Name) -> dns.rrset.RRset:
        """The record that covers ``name``."""
        place: Name | bytes = self.hash(name) if self.nsec3 else name
        before = [owner for owner in self.chain if owner < place]
        return self.chain[max(before or self.chain)]

    def at(self, name: Name) -> dns.rrset.RRset | None:
        """The record at ``name``."""
        return self.chain.get(self.hash(name) if self.nsec3 else name)

    def nodata(self, name: Name) -> list[dns.rrset.RRset]:
        """What proves that ``name``, which exists, does not have a type."""
        there = self.at(name)
        if there is not None or not self.nsec3:
            return [there or self.denying(name)]
        above = self.at(name.parent())  # opted out
        return [self.denying(name), *([above] if above is not None else [])]

    def hash(self, name: Name) -> bytes:
        digest = name.to_digestable()
        for _ in range(self.iterations + 1):
            digest = hashlib.sha1(digest).digest()
        return digest

    def _owners(self) -> dict[Name, set[RdataType]]:
        """Names that the zone has authority over, and delegations, with their types."""
        owners: dict[Name, set[RdataType]] = {}
        for owner, rdtype in self.sets:
            cut = self.cut_above(owner)
            if cut is None or (cut == owner and rdtype in (NS, DS_)):
                owners.setdefault(owner, set()).add(rdtype)
        return owners

    def _make_nsec(self) -> None:
        owners = self._owners()
        names = sorted(owners)
        for number, name in enumerate(names):
            types = Bitmap.from_rdtypes([*owners[name], RRSIG_, NSEC_]).windows
            nsec = NSEC(  # type: ignore[no-untyped-call]
                IN, NSEC_, names[(number + 1) % len(names)], types
            )
            self.chain[name] = dns.rrset.from_rdata(name, 60, nsec)

    def _make_nsec3(self) -> None:
        owners = self._owners()
        if self.opt_out:
            for name in [name for name, types in owners.items() if name != self.name and types == {NS}]:
                del owners[name]
        for name in list(owners):
            for above in _ancestors(name, self.name):
                owners.setdefault(above, set())  # empty, with something below
        hashes = sorted((self.hash(name), name) for name in owners)
        for number, (hashed, name) in enumerate(hashes):
            types = owners[name]
            signed = types and (types - {NS})
            windows = Bitmap.from_rdtypes([*types, *([RRSIG_] if signed else [])]).windows
            following = hashes[(number + 1) % len(hashes)][0]
            nsec3 = NSEC3(  # type: ignore[no-untyped-call]
                IN, NSEC3_, 1, int(self.opt_out), self.iterations, b"", following, windows
            )
            owner = dns.name.Name((base64.b32hexencode(hashed).lower(), *self.name.labels))
            self.chain[hashed] = dns.rrset.from_rdata(owner, 60, nsec3)

    def text(self) -> str:
        """As a zone file."""
        lines = []
        for rrset in [*self.sets.values(), *self.chain.values()]:
            lines.append(rrset.to_text())
            signatures = self.signatures.get((rrset.name, rrset.rdtype), ())
            lines += [dns.rrset.from_rdata(rrset.name, rrset.ttl, signature).to_text() for signature in signatures]
        return "\n".join(lines) + "\n"


def _ancestors(name: Name, zone: Name) -> Iterable[Name]:
    while True:
        yield name
        if name == zone:
            return
        name = name.parent()


class World:
    """Zones by name, and a resolver over them."""

    def __init__(self, *zones: Zone) -> None:
        self.zones = {zone.name: zone for zone in zones}
        self.asked: list[str] = []
        self.queries: list[dns.message.Message] = []
        self.tamper: Callable[[dns.message.Message], None] = lambda _: None
        """What happens to every response on its way."""

    def respond(self, query: dns.message.Message) -> dns.message.Message:
        """The response to ``query``, with signatures if it has DO."""
        question = query.question[0]
        self.queries.append(query)
        self.asked.append(f"{question.name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(question.rdtype)}")
        response = dns.message.make_response(query, recursion_available=True)
        _Lookup(self, response, bool(query.ednsflags & dns.flags.DO)).run(question.name, question.rdtype)
        self.tamper(response)
        return response

    def zone_for(self, name: Name, rdtype: RdataType) -> Zone:
        """The lowest zone for such records of ``name``."""
        place = name.parent() if rdtype == DS_ and name != dns.name.root else name
        return max((zone for zone in self.zones.values() if place.is_subdomain(zone.name)), key=lambda z: len(z.name))


class _Lookup:
    def __init__(self, world: World, response: dns.message.Message, do: bool) -> None:
        self._world = world
        self._response = response
        self._do = do

    def run(self, name: Name, rdtype: RdataType) -> None:
        for _ in range(20):
            zone = self._world.zone_for(name, rdtype)
            following = self._one(zone, name, rdtype)
            if following is None:
                return
            name = following

    def _one(self, zone: Zone, name: Name, rdtype: RdataType) -> Name | None:
        """Add what the zone has; the name to go on with, if it is an alias."""
        for above in _ancestors(name, zone.name):
            if above != name and (dname := zone.sets.get((above, DNAME))) is not None:
                target = name.relativize(above).concatenate(dname[0].target)
                self._put(self._response.answer, zone, dname)
                self._response.answer.append(dns.rrset.from_text(name, dname.ttl, IN, "CNAME", target.to_text()))
                return target
        for kind in (rdtype, CNAME):
            if (found := zone.sets.get((name, kind))) is not None:
                self._put(self._response.answer, zone, found)
                return None if kind == rdtype else cast("Name", found[0].target)
        if zone.exists(name):
            self._deny(zone, zone.nodata(name) if zone.signed else [])
            return None
        encloser = next(above for above in _ancestors(name, zone.name) if zone.exists(above))
        return self._wild(zone, name, rdtype, encloser)

    def _wild(self, zone: Zone, name: Name, rdtype: RdataType, encloser: Name) -> Name | None:
        wildcard = dns.name.Name((b"*", *encloser.labels))
        closer = name.split(len(encloser) + 1)[1]
        for kind in (rdtype, CNAME):
            if (found := zone.sets.get((wildcard, kind))) is not None:
                made = dns.rrset.from_rdata_list(name, found.ttl, list(found))
                self._put(self._response.answer, zone, made, signed_as=wildcard)
                if zone.signed and self._do:
                    self._put(self._response.authority, zone, zone.denying(closer if zone.nsec3 else name))
                return None if kind == rdtype else cast("Name", found[0].target)
        proofs = []
        if zone.signed:
            proofs = [zone.denying(closer if zone.nsec3 else name), zone.at(wildcard) or zone.denying(wildcard)]
            if zone.nsec3 and (there := zone.at(encloser)) is not None:
                proofs.append(there)
        if not zone.exists(wildcard):
            self._response.set_rcode(dns.rcode.NXDOMAIN)
        self._deny(zone, proofs)
        return None

    def _deny(self, zone: Zone, proofs: list[dns.rrset.RRset]) -> None:
        self._put(self._response.authority, zone, zone.sets[zone.name, SOA])
        if self._do:
            for proof in proofs:
                if proof not in self._response.authority:
                    self._put(self._response.authority, zone, proof)

    def _put(
        self, section: list[dns.rrset.RRset], zone: Zone, rrset: dns.rrset.RRset, *, signed_as: Name | None = None
    ) -> None:
        section.append(dns.rrset.from_rdata_list(rrset.name, rrset.ttl, list(rrset)))
        if self._do and (signatures := zone.signatures.get((signed_as or rrset.name, rrset.rdtype))):
            section.append(dns.rrset.from_rdata_list(rrset.name, rrset.ttl, list(signatures)))
