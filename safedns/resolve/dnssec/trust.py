"""Where trust begins, and where it is not asked for: anchors, and names that are taken as they come (RFC 7646)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.DS import DS

from safedns.settings.model import TrustAnchor

ROOT = (
    TrustAnchor(".", "20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"),
    TrustAnchor(".", "38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"),
)
"""The root's keys of 2017 and 2024, as IANA publishes them."""


class Trust:
    """Immutable."""

    def __init__(self, given: Iterable[TrustAnchor], unchecked: Iterable[str]) -> None:
        """``given`` take the place of those built in for the same name; ``unchecked``: canonical names."""
        anchors = list(given)
        if not any(anchor.name == "." for anchor in anchors):
            anchors += ROOT
        by_name: dict[dns.name.Name, list[DS]] = {}
        for anchor in anchors:
            ds = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DS, anchor.ds)
            by_name.setdefault(dns.name.from_text(anchor.name), []).append(cast("DS", ds))
        self.anchors: Mapping[dns.name.Name, list[DS]] = by_name
        self._unchecked = frozenset(dns.name.from_text(name) for name in unchecked)

    def covers(self, name: dns.name.Name) -> bool:
        """Whether ``name`` is to be checked: the nearest anchor or exception above it decides."""
        for above in ancestors(name):
            if above in self._unchecked:
                return False
            if above in self.anchors:
                return True
        return False


def ancestors(name: dns.name.Name) -> Iterable[dns.name.Name]:
    """The name itself, then each above it up to the root."""
    labels = name.labels
    return (dns.name.Name(labels[at:]) for at in range(len(labels)))
