"""The grammar of single settings."""

from __future__ import annotations

from base64 import b64encode
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.settings.model import Endpoint, UpstreamSpec
from safedns.settings.words import (
    address,
    count_within,
    duration,
    duration_within,
    endpoint,
    name,
    network,
    on_off,
    plain_upstream,
    size_within,
    unless,
    upstream,
)
from safedns.wire.names import parse_name


def refusal(parse: object, text: str) -> str:
    assert callable(parse)
    with pytest.raises(ValueError, match="expected") as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10),
        ("45m", 2700),
        ("45 min", 2700),
        ("2h", 7200),
        ("1 day", 86_400),
        ("2 Weeks", 1_209_600),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("0s", 0),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("45", "`45` has no unit; expected a number and a unit, such as 45m, 2h or 1 day"),
        ("1 month", "`month` is not a unit of time; expected a number and a unit, such as 45m, 2h or 1 day"),
        ("soon", "`soon` is not a length of time; expected a number and a unit, such as 45m, 2h or 1 day"),
        ("1h -5m", "`1h -5m` is not a length of time; expected a number and a unit, such as 45m, 2h or 1 day"),
        ("١h", "`١h` is not a length of time; expected a number and a unit, such as 45m, 2h or 1 day"),
    ],
)
def test_what_is_no_duration_is_refused(text: str, complaint: str) -> None:
    assert refusal(duration, text) == complaint


@given(st.lists(st.tuples(st.integers(0, 9999), st.sampled_from(["s", "m", "h", "d", "w"])), min_size=1, max_size=4))
def test_parts_of_a_duration_add_up(parts: list[tuple[int, str]]) -> None:
    sizes = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    text = " ".join(f"{number}{unit}" for number, unit in parts)
    assert duration(text) == sum(number * sizes[unit] for number, unit in parts)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1 MiB", 1 << 20), ("64MiB", 64 << 20), ("2 gib", 2 << 30), ("2048 KiB", 2 << 20), ("5 MB", 5_000_000)],
)
def test_a_size_is_a_number_and_a_unit_of_1024_or_of_1000(text: str, size: int) -> None:
    assert size_within(1 << 20, 4 << 30, "1 MiB to 4 GiB")(text) == size


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("64", "`64` is not a size; expected a number and a unit, such as 64 MiB"),
        ("64 M", "`64 M` is not a size; expected a number and a unit, such as 64 MiB"),
        ("-1 MiB", "`-1 MiB` is not a size; expected a number and a unit, such as 64 MiB"),
        ("1.5 MiB", "`1.5 MiB` is not a size; expected a number and a unit, such as 64 MiB"),
        ("1 KiB", "`1 KiB` is out of range; expected 1 MiB to 4 GiB"),
        ("5 GiB", "`5 GiB` is out of range; expected 1 MiB to 4 GiB"),
    ],
)
def test_what_is_no_size_is_refused(text: str, complaint: str) -> None:
    assert refusal(size_within(1 << 20, 4 << 30, "1 MiB to 4 GiB"), text) == complaint


def test_bounds_of_a_duration_are_said_in_words() -> None:
    parse = duration_within(3600, 86_400, "1 hour to 1 day")
    assert (parse("1h"), parse("1 day")) == (3600, 86_400)
    assert refusal(parse, "59m") == "`59m` is out of range; expected 1 hour to 1 day"
    assert refusal(parse, "25h") == "`25h` is out of range; expected 1 hour to 1 day"


def test_a_word_may_have_a_meaning_of_its_own() -> None:
    parse = unless("off", None, count_within(1, 9))
    assert (parse("off"), parse("9")) == (None, 9)
    assert refusal(parse, "0") == "`0` is not usable here; expected a whole number from 1 to 9, or `off`"


@pytest.mark.parametrize("text", ["", "-1", "1.0", "1e3", "x", "10", "٣", "9" * 5000])
def test_a_count_is_digits_within_its_bounds(text: str) -> None:
    assert refusal(count_within(0, 9), text).endswith("is not usable here; expected a whole number from 0 to 9")


def test_a_count_with_leading_zeros_is_decimal() -> None:
    assert count_within(0, 99)("010") == 10


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("yes", "`yes` is not a switch; expected `on`"),
        ("No", "`No` is not a switch; expected `off`"),
        ("maybe", "`maybe` is not a switch; expected `on` or `off`"),
    ],
)
def test_a_switch_is_on_or_off_and_nothing_else(text: str, complaint: str) -> None:
    assert (on_off("on"), on_off("off")) == (True, False)
    assert refusal(on_off, text) == complaint


def test_addresses_are_kept_in_their_short_form() -> None:
    assert address("fd00:0:0::9") == "fd00::9"
    assert refusal(address, "192.168.1.300").startswith("`192.168.1.300` is not an address; expected one like")
    assert refusal(address, "010.0.0.1").startswith("`010.0.0.1` is not an address")
    assert refusal(address, "fe80::1%eth0") == "`fe80::1%eth0` names an interface (%); expected a plain address"


def test_networks_are_addresses_or_prefixes() -> None:
    assert network("192.168.1.0/24") == ip_network("192.168.1.0/24")
    assert network("::1") == ip_network("::1/128")
    assert refusal(network, "192.168.1.5/24") == (
        "`192.168.1.5/24` is an address inside a network; "
        "expected 192.168.1.0/24 (the network) or 192.168.1.5 (it alone)"
    )
    assert refusal(network, "home").startswith("`home` is not a network; expected one like 192.168.1.0/24")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:5300", "127.0.0.1", 5300), ("[::]:53", "::", 53), ("[fd00:0::1]:65535", "fd00::1", 65535)],
)
def test_a_place_to_listen_is_an_address_and_a_port(text: str, host: str, port: int) -> None:
    assert endpoint(text) == Endpoint(host, port)


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "[::1]", "53", "localhost:53", "::1:53", ":53", "[x]:53", "a]:1"])
def test_what_is_no_place_to_listen_is_refused_with_an_example(text: str) -> None:
    assert "127.0.0.1:5300" in refusal(endpoint, text)


@pytest.mark.parametrize(
    "text", ["127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:", "127.0.0.1:dns", "127.0.0.1:99999999"]
)
def test_ports_have_bounds(text: str) -> None:
    assert refusal(endpoint, text).endswith("has no usable port; expected a number from 1 to 65535 after the `:`")


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("9.9.9.9", ("9.9.9.9", 53)),
        ("127.0.0.1:5300", ("127.0.0.1", 5300)),
        ("[::1]:53", ("::1", 53)),
        ("2620:fe::fe", ("2620:fe::fe", 53)),
    ],
)
def test_a_plain_upstream_is_an_address(text: str, spec: tuple[str, int]) -> None:
    assert upstream(text) == plain_upstream(text) == UpstreamSpec("plain", *spec, text)


PIN = bytes(range(32))
PIN_TEXT = "sha256=" + b64encode(PIN).decode()


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("tls://1.1.1.1#cloudflare-dns.com", ("tls", "1.1.1.1", 853, "cloudflare-dns.com")),
        ("tls://1.1.1.1", ("tls", "1.1.1.1", 853, "1.1.1.1")),
        ("tls://[2620:fe::fe]:8853/", ("tls", "2620:fe::fe", 8853, "2620:fe::fe")),
        ("quic://DNS.Example.", ("quic", "dns.example", 853, "dns.example")),
        ("h3://dns.adguard-dns.com", ("h3", "dns.adguard-dns.com", 443, "dns.adguard-dns.com", (), "/dns-query")),
        (f"tls://10.0.0.1#{PIN_TEXT}", ("tls", "10.0.0.1", 853, "10.0.0.1", (PIN,))),
        (f"tls://10.0.0.1#dns.lan,{PIN_TEXT},{PIN_TEXT}", ("tls", "10.0.0.1", 853, "dns.lan", (PIN, PIN))),
        ("https://dns.quad9.net", ("https", "dns.quad9.net", 443, "dns.quad9.net", (), "/dns-query")),
        ("https://dns.quad9.net/dns-query{?dns}", ("https", "dns.quad9.net", 443, "dns.quad9.net", (), "/dns-query")),
        ("https://[2620:fe::fe]:8443/a/b?c=d#dns.lan", ("https", "2620:fe::fe", 8443, "dns.lan", (), "/a/b?c=d")),
    ],
)
def test_an_encrypted_upstream_has_a_scheme_and_an_identity(text: str, spec: tuple[object, ...]) -> None:
    scheme, host, port, certificate, *rest = spec
    assert upstream(text) == UpstreamSpec(scheme, host, port, text, certificate, *rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "dns.quad9.net",
        "udp://9.9.9.9",
        "tls://",
        "0.0.0.0",
        "[::]:53",
        "https://[x",
        "tls://h:x",
        "tls://h:0",
        "tls://a b",
        "https://user@h/",
    ],
)
def test_what_is_no_upstream_is_refused_with_an_example(text: str) -> None:
    assert "expected an address such as 9.9.9.9" in refusal(upstream, text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tls://9.9.9.9/dns-query", "asks for a path, which https:// and h3:// have"),
        ("tls://9.9.9.9#a,b", "has two names behind the `#`"),
        ("tls://9.9.9.9#a b", "has no usable name behind the `#`"),
        ("tls://9.9.9.9#sha256=AAAA", "has no usable pin"),
        ("tls://9.9.9.9#sha256=!", "has no usable pin"),
        ("quic://9.9.9.9:53", "has the port of plain DNS, never of QUIC (RFC 9250); expected 853 or no port"),
        (f"quic://9.9.9.9#{PIN_TEXT}", "pins a key, which only tls:// and https:// can"),
        (f"h3://9.9.9.9#{PIN_TEXT}", "pins a key, which only tls:// and https:// can"),
    ],
)
def test_what_is_wrong_with_an_encrypted_upstream_is_said(text: str, complaint: str) -> None:
    assert complaint in refusal(upstream, text)


@pytest.mark.parametrize("text", ["", ".", "a..b", "a b", "x" * 64, "a." * 130, "/etc", "*.lan", "\ud800"])
def test_what_is_no_name_is_refused(text: str) -> None:
    assert refusal(name, text).endswith("is not a name; expected one like printer.lan")


@given(
    st.lists(st.text("abcXYZ019-_ăêßö", min_size=1, max_size=12), min_size=1, max_size=4).map(".".join)
    | st.from_regex(r"[a-zA-Z0-9_-]{1,63}(\.[a-zA-Z0-9_-]{1,63}){0,3}\.?", fullmatch=True)
)
def test_names_are_canonical_as_on_the_wire(text: str) -> None:
    try:
        canonical = name(text)
    except ValueError:
        return
    assert canonical == parse_name(text)
