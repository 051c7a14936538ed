"""Lease files as dnsmasq, ISC dhcpd and Kea write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.lan.leases import Lease, read_leases

NOW = 1_795_800_000.0  # 2026-11-27 17:20 UTC

DNSMASQ = """\
1795843200 aa:bb:cc:dd:ee:01 192.168.1.31 An-Tablet 01:aa:bb:cc:dd:ee:01
1795843200 AA:BB:CC:DD:EE:02 192.168.1.32 * *
0 aa:bb:cc:dd:ee:03 192.168.1.33 nas *
1795700000 aa:bb:cc:dd:ee:04 192.168.1.34 gone *
duid 00:01:00:01:2c:aa:bb:cc:aa:bb:cc:dd:ee:ff
1795843200 13484801 fd00::31 An-Tablet 00:01:00:01:2d:11:22:33:aa:bb:cc:dd:ee:01
"""
ISC = """\
# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;

lease 192.168.1.31 {
  starts 5 2026/11/27 08:00:00;
  ends 5 2026/11/27 08:10:00;
  binding state active;
  hardware ethernet aa:bb:cc:dd:ee:09;
  client-hostname "before";
}
lease 192.168.1.31 {
  starts 5 2026/11/27 16:00:00;
  ends 6 2026/11/28 16:00:00;
  binding state active;
  next binding state free;
  hardware ethernet aa:bb:cc:dd:ee:01;
  uid "\\001\\252}";
  client-hostname "an-tablet";
}
lease 192.168.1.32 {
  ends never;
  binding state active;
  hardware ethernet aa:bb:cc:dd:ee:02;
}
lease 192.168.1.33 {
  ends 6 2026/11/28 16:00:00;
  binding state free;
  hardware ethernet aa:bb:cc:dd:ee:03;
}
lease 192.168.1.34 {
  ends epoch 1795700000; # Thu
  binding state active;
  hardware ethernet aa:bb:cc:dd:ee:04;
}
"""
ISC6 = r"""
authoring-byte-order little-endian;
server-duid "\000\001\000\0012\234\3076\026\334!\036\300";

ia-na "\001\356\335\314\000\001\000\0012\234\307\315\252\273\314\335\356\001" {
  cltt 5 2026/11/27 22:59:26;
  iaaddr fd00::31 {
    binding state active;
    max-life 8;
    ends 5 2026/11/27 23:59:34;
  }
}
ia-na "\003\356\335\"\000\003\000\001\252\273\\\335\356\003" {
  cltt 5 2026/11/27 22:59:26;
  iaaddr fd00::33 {
    binding state active;
    ends never;
  }
  iaaddr fd00::34 {
    binding state released;
    ends 5 2026/11/27 23:59:34;
  }
}
ia-na "\004\356\335\314\000\004\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020" {
  iaaddr fd00::35 {
    binding state active;
    ends 5 2026/11/27 23:59:34;
  }
}
"""
KEA4 = """\
address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id
192.168.1.31,aa:bb:cc:dd:ee:09,,3600,1795803600,1,0,0,before,0,,0
192.168.1.31,aa:bb:cc:dd:ee:01,01:aa:bb:cc:dd:ee:01,3600,1795803600,1,0,0,an-tablet.lan.,0,,0
192.168.1.32,aa:bb:cc:dd:ee:02,,3600,1795803600,1,0,0,,0,,0
192.168.1.33,aa:bb:cc:dd:ee:03,,3600,1795803600,1,0,0,declined,1,,0
192.168.1.34,aa:bb:cc:dd:ee:04,,3600,1795700000,1,0,0,gone,0,,0
"""
KEA6 = """\
address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state
fd00::31,00:01:00:01,3600,1795803600,1,3600,0,1,128,0,0,an-tablet.lan,aa:bb:cc:dd:ee:01,0
"""


def test_dnsmasq() -> None:
    assert read_leases(DNSMASQ, NOW) == (
        Lease("192.168.1.31", "aa:bb:cc:dd:ee:01", "an-tablet"),
        Lease("192.168.1.32", "aa:bb:cc:dd:ee:02", ""),
        Lease("192.168.1.33", "aa:bb:cc:dd:ee:03", "nas"),
        Lease("fd00::31", "", "an-tablet"),
    )


def test_a_dnsmasq_without_a_clock_writes_how_long_a_lease_lasts() -> None:
    assert read_leases("43200 aa:bb:cc:dd:ee:01 192.168.1.31 an *\n", NOW) == (
        Lease("192.168.1.31", "aa:bb:cc:dd:ee:01", "an"),
    )


def test_isc_dhcpd_the_last_lease_of_an_address_counts_while_it_is_bound() -> None:
    assert read_leases(ISC, NOW) == (
        Lease("192.168.1.31", "aa:bb:cc:dd:ee:01", "an-tablet"),
        Lease("192.168.1.32", "aa:bb:cc:dd:ee:02", ""),
    )


def test_isc_dhcpd_for_ipv6_knows_devices_by_what_their_duid_was_made_of() -> None:
    """RFC 8415 section 11.2 and 11.4; one made of a UUID says nothing."""
    assert read_leases(ISC6, NOW) == (
        Lease("fd00::31", "aa:bb:cc:dd:ee:01", ""),
        Lease("fd00::33", "aa:bb:5c:dd:ee:03", ""),
        Lease("fd00::35", "", ""),
    )


def test_kea_of_several_files_one_after_another_the_last_line_counts() -> None:
    later = KEA4.splitlines()[0].replace(",hostname", ",new_column,hostname")
    gone = "192.168.1.32,aa:bb:cc:dd:ee:02,,0,1795799999,1,0,0,,,0,,0"
    assert read_leases("\n".join((KEA4, later, gone)), NOW) == (
        Lease("192.168.1.31", "aa:bb:cc:dd:ee:01", "an-tablet"),
    )


def test_kea() -> None:
    assert read_leases(KEA4, NOW) == (
        Lease("192.168.1.31", "aa:bb:cc:dd:ee:01", "an-tablet"),
        Lease("192.168.1.32", "aa:bb:cc:dd:ee:02", ""),
    )
    assert read_leases(KEA6, NOW) == (Lease("fd00::31", "aa:bb:cc:dd:ee:01", "an-tablet"),)


@pytest.mark.parametrize(
    "text",
    [
        KEA4 + "192.168.1.40," + "x" * 200_000 + "\n",
        f"{'9' * 5000} aa:bb:cc:dd:ee:09 192.168.1.31 x *\n" + DNSMASQ,
        "² aa:bb:cc:dd:ee:09 192.168.1.40 x *\n" + DNSMASQ,
        KEA4.replace("1795803600", "²"),
    ],
    ids=["a huge field", "a huge number", "an odd digit", "odd digits"],
)
def test_one_odd_line_does_not_spoil_the_others(text: str) -> None:
    assert Lease("192.168.1.32", "aa:bb:cc:dd:ee:02", "") in read_leases(text, NOW)


@pytest.mark.parametrize("text", ["", "\n\n", "nonsense\n", "1795843200 aa:bb\n", "address,hwaddr\n", "lease {\n}\n"])
def test_what_is_no_lease_is_passed_over(text: str) -> None:
    assert read_leases(text, NOW) == ()


@pytest.mark.parametrize("host", ["<script>", "é", "-x", "*"])
def test_a_name_that_is_none_is_left_out(host: str) -> None:
    (lease,) = read_leases(f"0 aa:bb:cc:dd:ee:01 192.168.1.31 {host} *\n", NOW)
    assert lease.host == ""


@given(
    st.text(max_size=300)
    | st.builds(lambda text, cut: text[:cut], st.sampled_from([DNSMASQ, ISC, ISC6, KEA4, KEA6]), st.integers(0, 400))
)
def test_any_text_can_be_read(text: str) -> None:
    for lease in read_leases(text, NOW):
        assert lease.address
