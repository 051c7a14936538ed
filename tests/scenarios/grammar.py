"""The grammar of single values in a scenario file. Text (or a small tree) -> value; raises ``ValueError``, like the
configuration's own grammars.
"""

from __future__ import annotations

import re
from datetime import datetime

import dns.edns
import dns.exception
import dns.rdatatype

from safedns.metrics import METRICS
from safedns.policy.clients import is_mac
from safedns.wire.types import EdnsOption
from safedns.yamlfile.messages import show, unknown_word
from safedns.yamlfile.validate import Text
from tests.house import MARK, WORDS, generic_option, rrset_from


def one_of(words: tuple[str, ...]) -> Text:
    """A field that takes one of a few words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(unknown_word(text, words, "is not known here"))
        return text

    return Text(parse, {})


def number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{show(text)} is not a number; expected one such as 60")
    return int(text)


def yes_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f"{show(text)} is neither; expected `yes` or `no`")
    return text == "yes"


def edns(text: str) -> int:
    """EDNS version; -1 = no OPT record."""
    if match := re.fullmatch(r"version (\d)", text):
        return int(match[1])
    return 0 if yes_no(text) else -1


def tag(text: str) -> dns.edns.Option:
    """What dnsmasq's ``add-mac`` (a hardware address) or ``add-subnet`` (an address) writes into a query."""
    if is_mac(text):
        return generic_option(int(EdnsOption.MAC), bytes.fromhex(text.replace(":", "")))
    try:
        return dns.edns.ECSOption(text, 128 if ":" in text else 32)
    except ValueError:
        raise ValueError(f"{show(text)} is no tag; expected a hardware address or an address") from None


def moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{show(text)} is not a moment; expected one such as 2026-11-23 21:00") from None
    return text


def _type(word: str) -> None:
    try:
        dns.rdatatype.from_text(word)
    except dns.rdatatype.UnknownRdatatype:
        raise ValueError(f"{show(word)} is not a record type; expected one such as AAAA") from None


def question(text: str) -> tuple[str, str, str]:
    """``www.example.com [AAAA [CH]]`` -> name, type, class."""
    name, qtype, qclass, *more = (*text.split(), *("", "A", "IN")[len(text.split()) :])
    if more or qclass not in ("IN", "CH"):
        raise ValueError(f"{show(text)} is not a question; expected a name and perhaps a type: www.example.com AAAA")
    _type(qtype)
    return name, qtype, qclass


def packet(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError("this is not a packet; expected bytes as pairs of 0-9 and a-f") from None


def table_key(text: str) -> str:
    name, space, qtype = text.partition(" ")
    if text != "*":
        if not space or name != name.lower():
            raise ValueError(f"{show(text)} is not a question; expected name (small letters) and type, or `*`")
        _type(qtype)
    return text


def table_line(text: str) -> str:
    if text not in WORDS and not MARK.fullmatch(text):
        try:
            rrset_from(text)
        except (ValueError, dns.exception.DNSException) as error:
            wanted = f"expected `www.example.com 300 IN A 192.0.2.1`, or one of {', '.join(WORDS)}"
            raise ValueError(f"{show(text)} is not a record ({error}); {wanted}") from None
    return text


def file(text: str) -> str:
    """A file that safedns reads."""
    if not re.fullmatch(r"family\.yaml|safedns\.yaml|(presets|services)/[\w-]+\.yaml", text):
        raise ValueError(f"{show(text)} is read by nobody; expected one such as family.yaml or presets/teens.yaml")
    return text


def questions(tree: object) -> tuple[str, ...]:
    """``no`` -> none."""
    if tree == "no":
        return ()
    if isinstance(tree, list) and tree and all(isinstance(item, str) for item in tree):
        return tuple(tree)
    raise ValueError("expected `no`, or a list of what was asked, such as [www.example.com A]")


def ede(text: str) -> int | None:
    return None if text == "none" else number(text)


def counter_key(text: str) -> str:
    key, *labels = text.split()
    known = {metric.key: metric.labels for metric in METRICS if metric.kind == "counter"}
    if key not in known:
        raise ValueError(unknown_word(key, sorted(known), "is not a counter"))
    if len(labels) != len(known[key]):
        raise ValueError(f"{show(text)} has other labels than the counter; expected {key} {' '.join(known[key])}")
    return text
