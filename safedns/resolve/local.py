"""Answers that need no upstream: configured ``records``, special-use names, and types that are never asked further.

    not class IN -> software name or REFUSED       ANY, transfers and other meta types -> said here
    record, its reverse name, health check -> canary -> special zone, unless routed -> ``None``: not ours

It also knows which names may lead to addresses at home, as the answers of others must not (DNS rebinding).

Nothing here is policy: it is the same for every profile, and no private name or address leaks to an upstream.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from safedns.resolve.designation import Designated, designated
from safedns.resolve.special import (
    CANARY,
    HEALTH_CHECK,
    SOFTWARE_NAMES,
    SPECIAL,
    WHY_ZONE,
    Treatment,
)
from safedns.settings.model import HOME_ZONES, Settings
from safedns.wire.answer import Answer, make_answer, soa_rdata
from safedns.wire.names import parents, to_wire
from safedns.wire.query import Query
from safedns.wire.types import QClass, QType, RCode

TTL = 300
"""Seconds that a local answer lives: so long an edit of ``records`` may take to be seen."""

_IN = int(QClass.IN)
_FIRST_META, _LAST_META = 128, 255
"""Types that are no data types (RFC 6895 section 3.1)."""
_LOOPBACK = {int(QType.A): ip_address("127.0.0.1").packed, int(QType.AAAA): ip_address("::1").packed}
_OF_A_ZONE = frozenset((int(QType.SOA), int(QType.NS)))
"""What the zone itself has, though it is empty (RFC 6303 section 3)."""
_TOPS = frozenset(domain.rpartition(".")[2] for domain in SPECIAL)
_MINIMAL_ANY_TTL = 3600
_BELOW_WHY = f".{WHY_ZONE}"


class LocalNames:
    """Knows the local answers; immutable."""

    __slots__ = ("_at_home", "_fixed", "_name", "_routed")

    def __init__(
        self,
        records: Mapping[str, tuple[str, ...]],
        routed: Iterable[str] = (),
        private_answers: Iterable[str] = (),
        designated: Designated | None = None,
    ) -> None:
        """``records``: canonical name -> addresses; ``routed``: canonical domains that have upstreams of their own.

        ``private_answers``: canonical names of the Internet that may lead home, with what is below them.
        ``designated``: where we speak encrypted DNS.
        """
        self._fixed = _fixed(records)
        self._routed = frozenset(routed)
        self._at_home = self._routed | HOME_ZONES | frozenset(private_answers)
        self._name = ""
        """Ours, where ``records`` has its addresses."""
        if designated is not None:
            self._fixed |= designated.records
            if designated.name in records:
                self._name = designated.name

    def answer(self, query: Query) -> Answer | None:
        """The local answer; ``None`` where an upstream has to be asked."""
        if query.qclass != _IN:
            return _other_class(query)
        if _is_meta(query.qtype):
            return _meta_type(query)
        name = query.name
        fixed = self._fixed.get(name)
        if fixed is None and self._name and name.partition(".")[2] == self._name:
            fixed = self._fixed[self._name]  # a phone asks for ID.NAME: we are there, too
        if fixed is not None:
            return _data(query, [rdata for qtype, rdata in fixed if qtype == query.qtype])
        if name == CANARY:
            return _negative(query, RCode.NXDOMAIN)
        if name[name.rfind(".") + 1 :] in _TOPS:
            return self._special(query)
        return None

    def may_lead_home(self, name: str) -> bool:
        """Whether an upstream may answer for the canonical ``name`` with an address at home, or deny it by itself."""
        return "." not in name or any(parent in self._at_home for parent in parents(name))

    def _special(self, query: Query) -> Answer | None:
        if query.name == WHY_ZONE or is_why(query):
            return _negative(query, RCode.NOERROR)
        zone = None
        for domain in parents(query.name):
            if domain in self._routed:
                return None
            if zone is None and domain in SPECIAL:
                zone = domain
        return _in_zone(query, zone) if zone is not None else None


def local_names(settings: Settings, places: Iterable[tuple[str, str, int]] = ()) -> LocalNames:
    """The local answers of a household; ``places``: where this machine answers (protocol, address, port)."""
    ours = designated(settings.certificate.name if settings.certificate is not None else "", places)
    return LocalNames(settings.records, settings.upstreams.routes, settings.private_answers, ours)


def is_why(query: Query) -> bool:
    """Whether it asks what applies to a name: who knows the rules answers instead of us."""
    return query.qclass == _IN and query.name.endswith(_BELOW_WHY) and not _is_meta(query.qtype)


def _in_zone(query: Query, zone: str) -> Answer | None:
    treatment = SPECIAL[zone]
    apex = query.name == zone
    if treatment is Treatment.LOOPBACK:
        address = _LOOPBACK.get(query.qtype)
        return _data(query, [] if address is None else [address])
    if treatment is Treatment.EMPTY_ZONE and apex and query.qtype == QType.DS:
        return None  # belongs to the public parent, and proves to validators that the zone is unsigned (RFC 8375)
    if treatment is Treatment.EMPTY_ZONE and apex and query.qtype in _OF_A_ZONE:
        rdata = soa_rdata(TTL) if query.qtype == QType.SOA else to_wire(zone)
        return _data(query, [rdata])
    if treatment is Treatment.NODATA or (treatment is Treatment.EMPTY_ZONE and apex):
        return _negative(query, RCode.NOERROR)
    return _negative(query, RCode.NXDOMAIN)


def _fixed(records: Mapping[str, tuple[str, ...]]) -> dict[str, list[tuple[int, bytes]]]:
    """Name -> (type, RDATA): what is configured, the reverse names of that, loopback and health check."""
    fixed: dict[str, list[tuple[int, bytes]]] = {HEALTH_CHECK: [(int(QType.A), _LOOPBACK[QType.A])]}
    for name, addresses in {"localhost": ("127.0.0.1", "::1"), **records}.items():
        for address in map(ip_address, addresses):
            qtype = QType.A if address.version == 4 else QType.AAAA
            fixed.setdefault(name, []).append((int(qtype), address.packed))
            fixed.setdefault(address.reverse_pointer, []).append((int(QType.PTR), to_wire(name)))
    return fixed


def _data(query: Query, rdatas: list[bytes]) -> Answer:
    """Records of the type asked for; NODATA when there are none."""
    if not rdatas:
        return _negative(query, RCode.NOERROR)
    return make_answer(query, [(query.name, query.qtype, TTL, rdata) for rdata in rdatas])


def _negative(query: Query, rcode: RCode) -> Answer:
    return make_answer(query, [], rcode=rcode, soa_ttl=TTL)


def _is_meta(qtype: int) -> bool:
    return _FIRST_META <= qtype <= _LAST_META or qtype == QType.OPT


def _turned_down(query: Query, rcode: RCode) -> Answer:
    """Without AA: who does not answer is no authority."""
    return make_answer(query, [], rcode=rcode)._replace(aa=False)


def _other_class(query: Query) -> Answer:
    if query.qclass == QClass.CHAOS and query.name in SOFTWARE_NAMES:
        return make_answer(query, [(query.name, int(QType.TXT), 0, b"\x07safedns")] if query.qtype == QType.TXT else [])
    return _turned_down(query, RCode.REFUSED)


def _meta_type(query: Query) -> Answer:
    if query.qtype == QType.ANY:
        hardware_only = b"\x07RFC8482\x00"  # RFC 8482 section 4.2
        return make_answer(query, [(query.name, int(QType.HINFO), _MINIMAL_ANY_TTL, hardware_only)])
    if query.qtype in (QType.AXFR, QType.IXFR):
        return _turned_down(query, RCode.REFUSED)
    return _turned_down(query, RCode.NOTIMP)
