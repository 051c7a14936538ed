"""Where a download may lead: to the public Internet and nowhere else."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from safedns.blocklist.addresses import as_address, is_public

PUBLIC = ["9.9.9.9", "185.199.108.133", "203.162.4.191", "2606:4700::1111", "2001:ee0::1", "64:ff9b::808:808"]

NOT_PUBLIC = [
    ("0.0.0.0", "this machine"),
    ("127.0.0.1", "loopback"),
    ("127.8.9.10", "loopback"),
    ("10.0.0.1", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.1.1", "private"),
    ("100.64.0.1", "between provider and customer"),
    ("169.254.169.254", "link-local, where clouds keep secrets"),
    ("192.0.0.8", "protocol assignments"),
    ("192.0.2.1", "documentation"),
    ("198.18.0.1", "benchmarks"),
    ("192.88.99.1", "an old relay"),
    ("224.0.0.251", "multicast"),
    ("239.255.255.250", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "this machine"),
    ("::1", "loopback"),
    ("::ffff:192.168.1.1", "private, written as IPv6"),
    ("::ffff:9.9.9.9", "IPv4 written as IPv6: nobody publishes that"),
    ("::7f00:1", "loopback, in a form long gone"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("fec0::1", "site-local"),
    ("fd12:3456::1", "private"),
    ("ff02::1", "multicast"),
    ("2001:db8::1", "documentation"),
    ("2002:c0a8:101::1", "6to4 of a private address"),
    ("2001:0:c0a8:101::1", "Teredo"),
    ("64:ff9b::c0a8:101", "a private address behind NAT64"),
    ("64:ff9b::7f00:1", "loopback behind NAT64"),
    ("3fff::1", "documentation"),
    ("4000::1", "not given out"),
]


@pytest.mark.parametrize("text", PUBLIC)
def test_a_host_of_the_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(("text", "what"), NOT_PUBLIC)
def test_every_other_address_is_not(text: str, what: str) -> None:
    assert not is_public(ip_address(text)), what


@pytest.mark.parametrize("text", ["192.168.1.1", "::1", "[::1]"])
def test_a_host_that_spells_an_address_is_one(text: str) -> None:
    assert as_address(text) == ip_address(text.strip("[]"))


@pytest.mark.parametrize("text", ["lists.example", "localhost", "", "1.2.3", "0x7f.1", "127.1"])
def test_a_name_is_no_address(text: str) -> None:
    assert as_address(text) is None
