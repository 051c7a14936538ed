"""The grammar of devices, sites and short names."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.policy.clients import parse_span
from safedns.policy.words_names import Claim, claim, device, profile_id, site


def refusal(parse: Callable[[str], object], text: str) -> str:
    with pytest.raises(ValueError, match=".") as caught:  # noqa: RUF043 - any text: the caller compares it whole
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind", "canonical"),
    [
        ("192.168.1.31", "address", "192.168.1.31"),
        ("FD00:0::9", "address", "fd00::9"),
        ("::ffff:192.168.1.31", "address", "192.168.1.31"),
        ("::1", "address", "::1"),
        ("192.168.1.0/24", "address", "192.168.1.0/24"),
        ("192.168.1.9/32", "address", "192.168.1.9"),
        ("fd00::/8", "address", "fd00::/8"),
        ("192.168.1.10-192.168.1.19", "address", "192.168.1.10-192.168.1.19"),
        ("192.168.1.10 – 192.168.1.19", "address", "192.168.1.10-192.168.1.19"),
        ("192.168.1.9-192.168.1.9", "address", "192.168.1.9"),
        ("fd00::1-fd00::9", "address", "fd00::1-fd00::9"),
        ("AA:BB:CC:DD:EE:01", "hardware address", "aa:bb:cc:dd:ee:01"),
        ("aa-bb-cc-dd-ee-01", "hardware address", "aa:bb:cc:dd:ee:01"),
        ("::a8bb:ccff:fedd:ee01", "interface id", "::a8bb:ccff:fedd:ee01"),
        ("an-tablet", "name", "an-tablet"),
        ("An-Tablet.lan", "name", "an-tablet.lan"),
    ],
)
def test_a_device_is_claimed_in_many_ways_and_has_one_spelling(text: str, kind: str, canonical: str) -> None:
    assert claim(text) == Claim(kind, canonical)  # type: ignore[arg-type]  # the table's words are the literals


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("192.168.1.300", "`192.168.1.300` is not an address; expected an address such as"),
        ("192.168.1", "`192.168.1` is not an address; expected an address such as"),
        ("aa:bb:cc:dd:ee", "`aa:bb:cc:dd:ee` is not an address; expected an address such as"),
        ("fe80::1%eth0", "`fe80::1%eth0` names an interface (%); expected a plain address"),
        (
            "192.168.1.5/24",
            "`192.168.1.5/24` is one address of 192.168.1.0/24; expected 192.168.1.0/24 or just 192.168.1.5",
        ),
        ("192.168.1.0/33", "`192.168.1.0/33` is not a network; expected one such as 192.168.1.0/24"),
        (
            "192.168.1.10-19",
            "`192.168.1.10-19` is not a range of addresses; expected 192.168.1.10-192.168.1.19",
        ),
        (
            "192.168.1.20-19",
            (
                "`192.168.1.20-19` is not a range of addresses; "
                "expected the whole first and last address, such as 192.168.1.10-192.168.1.19"
            ),
        ),
        ("192.168.1.1-fd00::1", "`192.168.1.1-fd00::1` is not a range of addresses; expected the whole first"),
        (
            "192.168.1.9-192.168.1.1",
            "`192.168.1.9-192.168.1.1` ends before it begins; expected 192.168.1.1-192.168.1.9",
        ),
        ("An's tablet", "`An's tablet` is not a device; expected an address such as"),
        ("", "`` is not a device; expected an address such as"),
        ("tablet_", None),
    ],
)
def test_what_looks_like_a_device_and_is_none_is_refused(text: str, complaint: str | None) -> None:
    if complaint is None:
        assert claim(text).kind == "name"
    else:
        assert refusal(device, text).startswith(complaint)


ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(IPv4Address),
    st.integers(2**64, 2**128 - 1).map(IPv6Address).filter(lambda address: address.ipv4_mapped is None),
)


@given(ADDRESSES, ADDRESSES)
def test_what_claims_addresses_is_understood_by_whoever_looks_devices_up(
    first: IPv4Address | IPv6Address, last: IPv4Address | IPv6Address
) -> None:
    texts = [str(first)]
    if first.version == last.version and int(first) <= int(last):
        texts.append(f"{first}-{last}")
    for text in texts:
        canonical = device(text)
        assert parse_span(canonical) == parse_span(text) is not None
        assert device(canonical) == canonical


@given(st.text(max_size=40) | st.text("0123456789abcdef:.-/%", max_size=40))
def test_any_text_is_a_claim_or_a_value_error(text: str) -> None:
    try:
        canonical = device(text)
    except ValueError:
        return
    assert device(canonical) == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("x.com", "x.com"),
        ("X.Com.", "x.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("_dmarc.x.com", "_dmarc.x.com"),
        ("vn", "vn"),
    ],
)
def test_a_site_is_a_domain_name(text: str, canonical: str) -> None:
    assert site(text) == canonical


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("https://x.com/path?a=b", "`https://x.com/path?a=b` is more than a name; write just x.com"),
        ("https://BÜCHER.example:8443", "`https://BÜCHER.example:8443` is more than a name; write just bücher.example"),
        ("x.com/path", "`x.com/path` is more than a name; write just x.com"),
        ("x.com:8080", "`x.com:8080` is more than a name; write just x.com"),
        ("*.x.com", "`*.x.com` is more than a name; a name covers what is below it; write just x.com"),
        (".x.com", "`.x.com` is more than a name; a name covers what is below it; write just x.com"),
        ("||x.com^", "`||x.com^` is more than a name; a name covers what is below it; write just x.com"),
        ("https://a b/", "`https://a b/` is more than a name; write just x.com"),
        ("192.168.1.1", "`192.168.1.1` is an address; expected a name such as x.com"),
        ("[::1]", "`[::1]` is an address; expected a name such as x.com"),
        (".", "`.` is every name there is; expected one such as x.com"),
        ("a b.com", "'a b.com' has ' ' in it; expected letters, digits, '-', '_' and '.'"),
        ("https://[x", "'https://[x' has ':' in it; expected letters, digits, '-', '_' and '.'"),
        ("", "the name is empty; expected a domain name such as example.com"),
    ],
)
def test_what_people_paste_for_a_site_gets_a_hint(text: str, complaint: str) -> None:
    assert refusal(site, text) == complaint


@given(st.text(max_size=30) | st.text("ab.*|/:^@[]%", max_size=20))
def test_any_text_is_a_site_or_a_value_error_on_one_line(text: str) -> None:
    try:
        name = site(text)
    except ValueError as refusal:
        name, complaint = "", str(refusal)
    else:
        complaint = ""
    assert "\n" not in complaint
    assert complaint or site(name) == name


@pytest.mark.parametrize("text", ["an", "Bình", "child_2", "teen-16"])
def test_a_short_name_is_a_word(text: str) -> None:
    assert profile_id(text) == text


@pytest.mark.parametrize("text", ["", "2", "192.168.1.1", "an binh", "an.b", "_x", "x" * 33])
def test_what_commands_could_not_tell_from_an_address_is_no_short_name(text: str) -> None:
    assert "cannot be the short name of a child or group; expected a word such as an" in refusal(profile_id, text)
