"""RFC 8482: Providing minimal-sized responses to queries that have QTYPE=ANY"""

from __future__ import annotations

import pytest

from tests.house import House, answers


@pytest.mark.rfc(8482, "4.2")
@pytest.mark.parametrize("protocol", ["udp", "tcp"])
async def test_section_4_2_any_gets_one_small_record_and_is_asked_of_nobody(house: House, protocol: str) -> None:
    """ANY may be answered with a single HINFO record whose CPU field is RFC8482."""
    reply = await house.ask("www.example.com", "ANY", protocol=protocol)
    assert answers(reply) == ['www.example.com HINFO "RFC8482" ""']
    assert house.asked == []
