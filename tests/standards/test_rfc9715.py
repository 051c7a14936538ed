"""RFC 9715: IP fragmentation avoidance in DNS over UDP"""

from __future__ import annotations

import dns.flags
import dns.message
import pytest

from safedns.resolve.upstream import plain
from safedns.tasks import spawn
from safedns.wire.query import decode_query
from safedns.wire.request import upstream_request
from tests.house import House, answers
from tests.nameserver import NameServer, reply
from tests.standards.upstreams import asking
from tests.unit.resolve.values import until


@pytest.mark.rfc(9715, "3.1")
async def test_section_3_1_no_datagram_is_so_large_that_it_breaks(house: House) -> None:
    """Responders send 1400 octets at most over UDP, whatever the asker could take; what is larger is cut, with TC."""
    for count in (6, 20):
        name = f"count{count}.example.com"
        house.table[f"{name} TXT"] = [f'{name} 60 IN TXT "{number:0200d}"' for number in range(count)]
        packet = dns.message.make_query(name, "TXT", use_edns=0, payload=4096).to_wire()
        sent = await house.packet(packet) or b""
        assert len(sent) <= 1400
        assert dns.message.from_wire(sent).flags & dns.flags.TC
        assert len(answers(await house.ask(name, "TXT", protocol="tcp"))) == count


@pytest.mark.rfc(9715, "3.2")
def test_section_3_2_we_offer_to_take_no_more_than_passes_whole() -> None:
    """Requestors offer a payload size of 1400 octets at most."""
    sent = dns.message.from_wire(upstream_request(decode_query(dns.message.make_query("a.example", "A").to_wire()), 0))
    assert sent.payload <= 1400


@pytest.mark.rfc(9715, "3.2")
async def test_section_3_2_what_was_cut_is_asked_for_over_tcp() -> None:
    """Requestors that get a truncated answer ask again over TCP."""
    with NameServer(lambda asked: reply(asked, "A 192.0.2.1", truncated=asked.transport == "udp")) as server:
        async with asking(server) as ask:
            assert (await ask("www.example.com")).addresses == ("192.0.2.1",)


@pytest.mark.rfc(9715, "3.2")
async def test_section_3_2_where_nothing_comes_over_udp_another_transport_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Requestors whose questions or answers get lost over UDP try another transport (R7)."""
    monkeypatch.setattr(plain, "SILENT_SECONDS", 0.0)
    with NameServer(lambda asked: None if asked.transport == "udp" else reply(asked, "A 192.0.2.1")) as server:
        async with asking(server) as ask:
            lost = spawn(ask("www.example.com"), "a question that gets lost")
            await until(lambda: bool(server.asked))
            assert (await ask("www.example.com")).addresses == ("192.0.2.1",)
            lost.cancel()
