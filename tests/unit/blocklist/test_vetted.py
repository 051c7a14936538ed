"""Requests go to the address that was looked at, under the name that was meant."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
import requests

from safedns.blocklist.vetted import PinnedAdapter
from tests.fakes import FakeClock
from tests.unit.blocklist.hostile import CERTIFICATE, HostileServer, answer

LOOPBACK = ip_address("127.0.0.1")


def ask(url: str, address: str = "127.0.0.1") -> bytes:
    """What ``url`` answers at ``address``."""
    clock = FakeClock()
    adapter = PinnedAdapter(ip_address(address), clock, clock.monotonic() + 60)
    try:
        request = requests.Request("GET", url).prepare()
        with adapter.send(request, stream=True, timeout=(5, 5), verify=str(CERTIFICATE)) as response:
            return response.content
    finally:
        adapter.close()


def test_a_name_that_leads_nowhere_is_reached_at_the_address() -> None:
    with HostileServer() as server:
        server.put(answer(b"a.example"))
        assert ask(server.url(host="lists.example")) == b"a.example"
    assert f"Host: lists.example:{server.port}\r\n" in server.requests[0]


def test_what_stands_before_the_host_is_not_part_of_its_name() -> None:
    with HostileServer() as server:
        server.put(answer(b"a.example"))
        ask(server.url(host="user:secret@lists.example"))
    assert f"Host: lists.example:{server.port}\r\n" in server.requests[0]


def test_the_certificate_must_be_for_the_name_not_for_the_address() -> None:
    with HostileServer(tls=True) as server:
        server.put(answer(b"a.example"))
        assert ask(server.url(host="lists.example")) == b"a.example"
        with pytest.raises(requests.exceptions.SSLError, match="Hostname mismatch"):
            ask(server.url(host="bank.example"))
        with pytest.raises(requests.exceptions.SSLError, match="IP address mismatch"):
            ask(server.url())
    assert len(server.requests) == 1
