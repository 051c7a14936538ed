"""Records by position: found, checked, and moved without losing a name."""

from __future__ import annotations

from typing import Any

import dns.message
import pytest
from hypothesis import given

from safedns.errors import WireError
from safedns.wire.query import question_end
from safedns.wire.records import Record, check_rdata, decompressed, scan

from .malformed import A_RECORD, OPT, POINTER, QUESTION, RESPONSE, header, record
from .strategies import exchanges

START = 12 + len(QUESTION)


def only(rtype: int, rdata: bytes, *, length: int | None = None) -> tuple[bytes, Record]:
    packet = header(RESPONSE, answers=1) + QUESTION + record(POINTER, rtype, rdata, length=length)
    return packet, Record(START, START + 2, rtype, 1, 300, START + 12, START + 12 + (length or len(rdata)))


def test_records_are_told_by_their_positions() -> None:
    packet = header(RESPONSE, answers=2) + QUESTION + A_RECORD + OPT
    first, second = scan(packet, START, 2)
    assert first == Record(33, 35, 1, 1, 300, 45, 49)
    assert first.ttl_at == 39
    assert second == Record(49, 50, 41, 1232, 0, 60, 60)


def test_records_before_the_one_that_is_cut_off_are_still_told() -> None:
    found = scan(header(RESPONSE, answers=2) + QUESTION + A_RECORD + A_RECORD[:-1], START, 2)
    assert next(found).end == 49
    with pytest.raises(WireError):
        next(found)


@pytest.mark.parametrize(
    ("rtype", "rdata"),
    [
        (1, b"abc"),
        (1, b"abcde"),
        (28, b"abcd"),
        (5, b""),
        (15, b"\0\x0a"),
        (33, b"\0\0\0\0\0\0"),
        (6, POINTER * 2 + bytes(19)),
    ],
)
def test_rdata_that_does_not_hold_what_its_type_demands_is_refused(rtype: int, rdata: bytes) -> None:
    with pytest.raises(WireError):
        check_rdata(*only(rtype, rdata))


@given(exchanges())
def test_a_record_written_without_pointers_says_the_same(exchange: tuple[bytes, bytes]) -> None:
    packet = exchange[1]
    judge = dns.message.from_wire(packet, one_rr_per_rrset=True)
    sections = (judge.answer, judge.authority, judge.additional)
    expected: list[Any] = [(rrset.name, rrset.ttl, rrset[0]) for section in sections for rrset in section]
    assert [said(moved) for moved in moved_records(packet)] == expected


def moved_records(packet: bytes) -> list[bytes]:
    counts = [int.from_bytes(packet[at : at + 2], "big") for at in (6, 8, 10)]
    found = [each for each in scan(packet, question_end(packet), sum(counts)) if each.rtype != 41]
    moved = [decompressed(packet, each) for each in found]
    assert [wire[at : at + 4] for wire, at in moved] == [each.ttl.to_bytes(4, "big") for each in found]
    return [wire for wire, _ in moved]


def said(wire: bytes) -> Any:
    """What dnspython reads in a record that stands alone in a message, where no pointer could lead anywhere."""
    message = dns.message.from_wire(header(0x8000, questions=0, answers=1) + wire)
    return message.answer[0].name, message.answer[0].ttl, message.answer[0][0]
