"""Registered numbers and their names."""

from __future__ import annotations

import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.wire.types import QType, RCode, parse_type, type_name


def test_our_numbers_are_those_of_the_registry() -> None:
    assert {member.name: int(member) for member in QType} == {
        member.name: int(dns.rdatatype.from_text(member.name)) for member in QType
    }
    assert {member.name: int(member) for member in RCode} == {
        member.name: int(dns.rcode.from_text(member.name)) for member in RCode
    }


@given(st.integers(0, 0xFFFF))
def test_every_type_has_a_name_that_reads_back(number: int) -> None:
    assert parse_type(type_name(number)) == number


@pytest.mark.parametrize(("text", "number"), [("aaaa", 28), (" HTTPS ", 65), ("type731", 731), ("TYPE1", 1)])
def test_types_are_read_in_any_letter_case(text: str, number: int) -> None:
    assert parse_type(text) == number


@pytest.mark.parametrize("text", ["", "AAAAA", "TYPE", "TYPE65536", "TYPE-1", "TYPE²", "28"])
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a record type"):
        parse_type(text)
