"""RFC 3597: Handling of unknown DNS resource record types"""

from __future__ import annotations

import dns.rdatatype
import pytest

from safedns.wire.types import parse_type, type_name
from tests.house import House


@pytest.mark.rfc(3597, "3")
async def test_section_3_an_unknown_type_passes_untouched(house: House) -> None:
    """Records of types that nobody knows are passed on as they are, from upstream and from the cache."""
    house.table["odd.example.com TYPE731"] = [r"odd.example.com 300 IN TYPE731 \# 6 c00cc0010203"]
    for _ in range(2):
        reply = await house.ask("odd.example.com", "TYPE731")
        assert [rdata.to_text() for rdata in reply.answer[0]] == [r"\# 6 c00cc0010203"]
    assert len(house.asked) == 1


@pytest.mark.rfc(3597, "5")
def test_section_5_an_unknown_type_is_written_by_its_number() -> None:
    """A type without a mnemonic is written TYPE and its number in decimal, and read so in any letter case."""
    assert type_name(731) == dns.rdatatype.to_text(dns.rdatatype.RdataType.make(731)) == "TYPE731"
    assert parse_type("type731") == 731
