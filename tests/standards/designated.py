"""What a household with encrypted DNS says of itself, as dnspython reads it."""

from __future__ import annotations

from typing import Any

import dns.message

from safedns.resolve.designation import designated
from safedns.resolve.local import LocalNames
from safedns.wire.query import decode_query
from safedns.wire.reply import build_reply

NAME = "dns.home.example"
PLACES = (("tls", "192.168.1.2", 853), ("https", "192.168.1.2", 443), ("quic", "192.168.1.2", 853))


def services(name: str, qtype: str = "SVCB") -> list[Any]:
    """The service records that ``name`` is answered with here."""
    query = decode_query(dns.message.make_query(name, qtype).to_wire())
    answer = LocalNames({NAME: ("192.168.1.2",)}, designated=designated(NAME, PLACES)).answer(query)
    assert answer is not None
    return [rdata for rrset in dns.message.from_wire(build_reply(query, answer)).answer for rdata in rrset]
