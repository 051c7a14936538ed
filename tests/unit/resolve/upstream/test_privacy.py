"""What a client tells of itself never goes upstream, whatever carries the query."""

from __future__ import annotations

import asyncio

import dns.edns
import dns.message
import pytest

from safedns.clock import SystemClock
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.upstream.open import open_upstream
from safedns.resolve.upstream.place import Fixed
from safedns.settings.words import upstream
from safedns.wire.query import decode_query
from tests.certificates import Authority
from tests.nameserver import NameServer, Secure
from tests.unit.resolve.values import PATIENCE, Awaited, FakeCounters

TELLING = {
    "RFC 7871 subnet": (8, b"\0\1\x20\0\xc0\xa8\1\x1f"),
    "RFC 7873 cookie": (10, b"aclient!"),
    "dnsmasq add-mac": (65001, b"\xaa\xbb\xcc\xdd\xee\x01"),
    "dnsmasq add-mac=text": (65073, b"aa:bb:cc:dd:ee:01"),
    "dnsmasq add-cpe-id": (65074, b"the-smiths"),
    "umbrella": (20292, b"ODNS\0\0\0\0"),
}
OURS = {"plain": [10], "tls": [11, 12], "https": [12], "h3": [12], "quic": [12]}
"""EDNS options that each transport's own queries have: cookie, keepalive, padding."""


async def ask_as_a_telling_client(server: NameServer, spec_text: str) -> None:
    options: list[dns.edns.Option] = [
        dns.edns.GenericOption(dns.edns.OptionType.make(code), data) for code, data in TELLING.values()
    ]
    packet = dns.message.make_query("WwW.ExAmPlE.CoM", "A", use_edns=0, options=options).to_wire()
    spec = upstream(spec_text)
    asked = open_upstream(spec, SystemClock(), UpstreamMeter(FakeCounters(), spec.name), Fixed(spec.host))
    exchange = Awaited(decode_query(packet))
    asked.start(exchange)
    assert (await asyncio.wait_for(exchange, PATIENCE)).addresses == ("192.0.2.1",)
    await asked.close()


def sent_to(server: NameServer) -> tuple[str, list[int], bytes]:
    packet = server.asked[0].packet
    return server.asked[0].name, [int(option.otype) for option in dns.message.from_wire(packet).options], packet


async def test_nothing_of_a_client_goes_out_over_plain_dns() -> None:
    with NameServer() as server:
        await ask_as_a_telling_client(server, f"127.0.0.1:{server.port}")
    name, options, packet = sent_to(server)
    assert (name, options) == ("www.example.com", OURS["plain"])
    assert not [telling for telling, (_, data) in TELLING.items() if data in packet]


@pytest.mark.parametrize("face", ["tls", "https", "h3", "quic"])
async def test_nothing_of_a_client_goes_out_encrypted(authority: Authority, face: Secure) -> None:
    with NameServer(certificate=authority.issue("dns.test"), face=face) as server:
        await ask_as_a_telling_client(server, f"{face}://127.0.0.1:{server.port}#dns.test")
    name, options, packet = sent_to(server)
    assert (name, options) == ("www.example.com", OURS[face])
    assert not [telling for telling, (_, data) in TELLING.items() if data in packet]
