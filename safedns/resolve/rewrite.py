"""Answering for one name with the addresses of another (safe search): what to ask, and how to say it."""

from __future__ import annotations

from ipaddress import ip_address

from safedns.wire.answer import Answer, make_answer
from safedns.wire.names import to_wire
from safedns.wire.query import Query, decode_query
from safedns.wire.request import plain_request
from safedns.wire.types import QType


def rewrite_lookup(target: str, qtype: int) -> Query:
    """The question for ``target`` that answers one of this type: without DNSSEC, for a rewrite cannot be signed."""
    return decode_query(plain_request(target, qtype, 0))


def rewritten_answer(query: Query, target: str, found: Answer) -> Answer:
    """``query``'s name as an alias of ``target`` with the addresses that were found for it (none: the alias alone)."""
    alias = (query.name, int(QType.CNAME), max(1, found.ttl), to_wire(target))
    addresses = [(target, query.qtype, max(1, found.ttl), _packed(address)) for address in found.addresses]
    return make_answer(query, [alias, *addresses])


def _packed(address: str) -> bytes:
    return ip_address(address).packed
