"""Names: one canonical text for every way to write or send the same name."""

from __future__ import annotations

import unicodedata

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.errors import WireError
from safedns.wire.names import display, expand, from_wire, key_of, name_of_key, parents, parse_name, to_wire
from tests.realdata import real_data

from .strategies import names


def wire_of(name: dns.name.Name) -> bytes:
    wire = name.to_wire()
    assert wire is not None
    return wire


canonical = names.map(lambda name: from_wire(wire_of(name), 0)[0])
"""Any name that can come in over the wire, in canonical form."""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("example.com", "example.com"),
        ("WWW.Example.COM", "www.example.com"),
        ("example.com.", "example.com"),
        ("com", "com"),
        (".", "."),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("-odd-.example", "-odd-.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.Example.", "xn--bcher-kva.example"),
        ("_sip.bücher.example", "_sip.xn--bcher-kva.example"),
        ("bücher。example", "xn--bcher-kva.example"),
        ("tiếngviệt.vn", "xn--tingvit-5t4cyc.vn"),
        (unicodedata.normalize("NFD", "tiếngviệt.vn"), "xn--tingvit-5t4cyc.vn"),
        (r"a\046b.example", r"a\046b.example"),
        (r"\065\098c.example", "abc.example"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
        ("a." * 126 + "a", "a." * 126 + "a"),
    ],
)
def test_text_is_read_into_the_canonical_name(text: str, name: str) -> None:
    assert parse_name(text) == name


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        ("..", "has an empty label"),
        (".example.com", "has an empty label"),
        ("www..example.com", "has an empty label"),
        ("example.com..", "has an empty label"),
        ("exa mple.com", "has ' ' in it"),
        (" example.com", "has ' ' in it"),
        ("example.com\n", r"has '\n' in it"),
        ("*.example.com", "has '*' in it"),
        ("example.com/path", "has '/' in it"),
        (r"a\046b c.example", "has ' ' in it"),
        ("a" * 64 + ".example", "has a label of 64 characters"),
        ("a." * 127 + "a", "a name of 255 characters"),
        (r"a\04.example", "has a broken escape"),
        (r"a\256.example", "has a broken escape"),
        (r"a\.example", "has a broken escape"),
        ("❤ ❤.example", "is not a valid international domain name"),
        ("ü" * 80 + ".example", "is not a valid international domain name"),
        ("..ü", "has an empty label"),
    ],
)
def test_text_that_is_no_name_is_refused_with_a_sentence(text: str, complaint: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_name(text)
    assert complaint in str(caught.value)


@given(canonical)
def test_a_canonical_name_reads_as_itself(name: str) -> None:
    assert parse_name(name) == name
    assert parse_name(name.upper()) == name


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_with_a_value_error(text: str) -> None:
    try:
        name = parse_name(text)
    except ValueError:
        return
    assert parse_name(name) == name
    assert from_wire(to_wire(name), 0)[0] == name


@pytest.mark.parametrize(
    ("name", "key"), [("www.example.com", "com.example.www."), ("com", "com."), (".", ""), (r"a\046b.c", r"c.a\046b.")]
)
def test_a_key_holds_the_labels_from_the_top_down(name: str, key: str) -> None:
    assert key_of(name) == key
    assert name_of_key(key) == name


@given(canonical)
def test_a_key_leads_back_to_its_name(name: str) -> None:
    assert name_of_key(key_of(name)) == name


@given(canonical, canonical)
def test_a_key_begins_with_the_key_of_each_parent_and_of_no_other_name(name: str, other: str) -> None:
    below = {*parents(name), "."}
    assert all(key_of(name).startswith(key_of(parent)) for parent in below)
    assert key_of(name).startswith(key_of(other)) == (other in below)


def test_parents_run_from_the_name_to_its_top_level_domain() -> None:
    assert list(parents("a.b.example")) == ["a.b.example", "b.example", "example"]
    assert list(parents("example")) == ["example"]
    assert list(parents(".")) == []


@given(canonical.filter(lambda name: name != "."))
def test_parents_are_the_suffixes_of_the_label_list(name: str) -> None:
    labels = name.split(".")
    assert list(parents(name)) == [".".join(labels[start:]) for start in range(len(labels))]


@pytest.mark.realdata
def test_popular_names_are_canonical_already_and_survive_the_wire() -> None:
    popular = (real_data() / "popular" / "opendns-top-domains.txt").read_text().split()
    assert len(popular) > 1000
    for name in popular:
        assert parse_name(f"{name.title()}.") == name
        assert from_wire(to_wire(name), 0)[0] == name


@given(names)
def test_the_wire_form_agrees_with_dnspython(name: dns.name.Name) -> None:
    text, end = from_wire(wire_of(name), 0)
    assert end == len(wire_of(name))
    assert to_wire(text) == wire_of(name.canonicalize())


@given(names)
def test_bytes_that_are_not_plain_are_escaped_so_that_dots_always_separate_labels(name: dns.name.Name) -> None:
    text, _ = from_wire(wire_of(name), 0)
    assert text == "." or len(text.split(".")) == len(name.labels) - 1
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.\\")


@pytest.mark.parametrize("name", ["", "a..b", ".a", "a" * 64, "a." * 127 + "a"])
def test_what_has_no_wire_form_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        to_wire(name)


HEADER = bytes(12)


def test_a_pointer_is_followed_and_the_offset_behind_it_is_told() -> None:
    message = HEADER + b"\x07Example\x03com\0" + b"\x03www\xc0\x0c" + b"\xc0\x19" + b"rest"
    assert from_wire(message, 25) == ("www.example.com", 31)
    assert from_wire(message, 31) == ("www.example.com", 33)
    assert expand(message, 31) == (b"\x03www\x07Example\x03com\0", 33)


@pytest.mark.parametrize(
    ("defect", "message", "offset"),
    [
        ("pointer to itself", HEADER + b"\xc0\x0c", 12),
        ("pointer forward", HEADER + b"\xc0\x0e\x01a\0", 12),
        ("two pointers in a circle", HEADER + b"\xc0\x0e\xc0\x0c", 14),
        ("loop through a label", HEADER + b"\x01a\xc0\x0c", 12),
        ("pointer into the header", HEADER + b"\xc0\x00", 12),
        ("half a pointer", HEADER + b"\xc0", 12),
        ("no end", HEADER + b"\x03www", 12),
        ("reserved bits", HEADER + b"\x80a\0", 12),
        ("offset behind the message", HEADER, 12),
        ("256 octets", HEADER + (b"\x3f" + b"a" * 63) * 4 + b"\0", 12),
        ("256 octets through a pointer", HEADER + (b"\x3f" + b"a" * 63) * 3 + b"\0\x3f" + b"a" * 63 + b"\xc0\x0c", 205),
    ],
)
def test_a_name_that_cannot_be_read_raises_wire_error(defect: str, message: bytes, offset: int) -> None:
    with pytest.raises(WireError):
        from_wire(message, offset)


def test_a_chain_of_more_pointers_than_a_name_has_labels_is_refused() -> None:
    chain = b"\0\0" + b"".join((0xC000 | 12 + 2 * hop).to_bytes(2, "big") for hop in range(128))
    message = HEADER + chain
    assert from_wire(message, len(message) - 4) == (".", len(message) - 2)
    with pytest.raises(WireError, match="pointer"):
        from_wire(message, len(message) - 2)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("xn--bcher-kva.example", "bücher.example"),
        ("www.xn--tingvit-5t4cyc.vn", "www.tiếngviệt.vn"),
        ("example.com", "example.com"),
        ("xn--.example", "xn--.example"),
        ("xn--a-\\046.example", "xn--a-\\046.example"),
        ("not-xn--bcher-kva.example", "not-xn--bcher-kva.example"),
        (".", "."),
    ],
)
def test_names_are_shown_in_unicode_where_that_is_valid(name: str, shown: str) -> None:
    assert display(name) == shown


@given(canonical)
def test_any_name_can_be_shown(name: str) -> None:
    assert display(name)


@given(st.text(st.characters(codec="ascii"), max_size=20))
def test_a_made_up_a_label_can_be_shown(tail: str) -> None:
    assert display(f"xn--{tail}.example").endswith(".example")
