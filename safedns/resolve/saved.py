"""Answers as bytes, to be read again after a restart: ``pack`` and ``unpack``. Knows no files.

    magic | SHA-256 of the upstreams | SHA-256 of the rest | for each answer: fixed part, key, body

What is read is decoded anew like any response, so nothing is believed that an upstream could not have said. Answers of
other upstreams are not taken: which set of them an answer belongs to is a number that the next configuration may give
to another, and a set that filters is there for children. Wall clock, for the monotonic one ends with the machine.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from safedns.errors import WireError
from safedns.resolve.cache import MAX_BODY
from safedns.settings.model import Upstreams
from safedns.wire.answer import Answer, decode_answer
from safedns.wire.names import MAX_NAME
from safedns.wire.query import query_of
from safedns.wire.records import HEADER
from safedns.wire.types import FLAG_QR

MOST = 10_000
"""Answers, those used last, though a cache may hold more: reading them takes a third of a second, in which nobody is
answered yet, and each further one would make everybody wait for a name that was used longer ago than all of these.
"""
_MAGIC = b"safedns cache 1\n"
_DIGEST = hashlib.sha256().digest_size
_START = len(_MAGIC) + 2 * _DIGEST
_FIXED = struct.Struct("!dHHBHHHHH")
"""Stored at (epoch seconds), rcode, extended error of a denial, AD, counts of three sections, sizes of key and body."""
LARGEST = _START + MOST * (_FIXED.size + MAX_NAME + 5 + MAX_BODY)
"""Octets of the largest file that there can be."""


class Saved(NamedTuple):
    """One answer."""

    key: bytes
    answer: Answer
    stored: float
    """Epoch seconds."""


def pack(answers: Iterable[Saved], upstreams: Upstreams) -> bytes:
    """The first ``MOST`` of ``answers``, which came from ``upstreams``."""
    parts = [part for _, saved in zip(range(MOST), answers, strict=False) for part in _packed(saved)]
    rest = b"".join(parts)
    return b"".join((_MAGIC, _fingerprint(upstreams), hashlib.sha256(rest).digest(), rest))


def unpack(data: bytes, upstreams: Upstreams, now: float) -> list[Saved]:
    """Those that have not expired by ``now`` (epoch seconds); raises ``ValueError``, which says why none can be had."""
    if not data.startswith(_MAGIC):
        raise ValueError("it is not a cache that this version has saved")
    fingerprint, digest, rest = data[len(_MAGIC) :][:_DIGEST], data[_START - _DIGEST : _START], data[_START:]
    if digest != hashlib.sha256(rest).digest():
        raise ValueError("it is damaged")
    if fingerprint != _fingerprint(upstreams):
        raise ValueError("its answers come from other upstreams than are asked now")
    try:
        return [saved for saved in _unpacked(rest) if _is_fresh(saved, now)]
    except (struct.error, WireError) as error:
        raise ValueError("it is damaged") from error


def _fingerprint(upstreams: Upstreams) -> bytes:
    return hashlib.sha256(repr(upstreams).encode()).digest()


def _is_fresh(saved: Saved, now: float) -> bool:
    """One that was stored in the future is of a clock that was wrong then, or is now."""
    return saved.stored <= now < saved.stored + saved.answer.ttl


def _packed(saved: Saved) -> tuple[bytes, bytes, bytes]:
    key, answer, stored = saved
    sizes = len(key), len(answer.body)
    return _FIXED.pack(stored, answer.rcode, answer.denied, answer.ad, *answer.counts, *sizes), key, answer.body


def _unpacked(rest: bytes) -> Iterator[Saved]:
    position = 0
    while position < len(rest):
        stored, rcode, denied, ad, *counts, key_size, body_size = _FIXED.unpack_from(rest, position)
        position += _FIXED.size
        key = rest[position : position + key_size]
        position += key_size
        body = rest[position : position + body_size]
        position += body_size
        query = query_of(key)
        packet = HEADER.pack(0, FLAG_QR | rcode & 0x0F, 1, *counts) + key[:-1] + body
        answer = decode_answer(packet, query)._replace(rcode=rcode, ad=bool(ad), denied=denied)
        yield Saved(key, answer, stored)
