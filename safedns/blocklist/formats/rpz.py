"""The response policy zone: a master file whose owners say what is looked for and whose data say what happens then.

    x    CNAME .                     x alone is blocked; so with ``*.`` and ``rpz-drop.``
    *.x  CNAME .                     the names below x are blocked; read as x and all below it
    x    CNAME rpz-passthru.         x alone is let through; with ``*.`` what is below it, without x
    24.0.2.0.192.rpz-ip  CNAME .     answers with an address of 192.0.2.0/24 are blocked; IPv6: 48.zz.2.2001.rpz-ip
    @    SOA, NS, DNSSEC             the zone itself, which says nothing

``*.x`` alone spares x in a name server. Blocking x as well is the safe reading of a block; an exception, which opens,
is read as it stands. Of entries that cover a name the longest decides. Owners are relative, or end in the name of the
zone where the file tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

from safedns.blocklist.formats.entry import (
    CLIENT_TRIGGER,
    INCLUDE,
    LOCAL_DATA,
    NOT_A_NETWORK,
    OUT_OF_ZONE,
    SERVER_TRIGGER,
    SETTING,
    TCP_ONLY,
    UNFINISHED,
    Entry,
    Item,
    Network,
    NotTakenError,
    entry_name,
    refuse,
)

_OF_THE_ZONE = frozenset({"SOA", "NS", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY", "ZONEMD"})
_TRIGGERS = {
    "rpz-client-ip": CLIENT_TRIGGER,
    "rpz-nsdname": SERVER_TRIGGER,
    "rpz-nsip": SERVER_TRIGGER,
}
_ADDRESS = ".rpz-ip"
_WORDS = 8
"""Of an IPv6 address that is written in full."""
_BLOCKING = frozenset({".", "*.", "rpz-drop."})
_TTL_OR_CLASS = re.compile(r"\d[\dsmhdw]*|IN|CH|HS", re.IGNORECASE)
_COMMENT_OR_STRING = re.compile(r';.*|"(?:[^"\\]|\\.)*"?')


class _Line(NamedTuple):
    """A record or directive; brackets may spread it over several lines of the file."""

    number: int
    text: str
    """Of its first line."""
    words: list[str]
    indented: bool
    closed: bool


def parse(lines: Iterable[str]) -> Iterator[Item]:
    """Entries, networks and refusals in the order of the file; never raises."""
    zone = _Zone()
    for line in _records(lines):
        try:
            item = zone.item(line)
        except NotTakenError as error:
            yield refuse(line.number, line.text, str(error))
            continue
        if item is not None:
            yield item


class _Zone:
    """What the lines so far have told about names: the zone, the origin of relative names, the owner before."""

    __slots__ = ("_name", "_origin", "_owner")

    def __init__(self) -> None:
        self._name = ""
        self._origin = ""
        self._owner = ""

    def item(self, line: _Line) -> Entry | Network | None:
        """What a record comes to; ``None`` for one that says nothing about a name."""
        if not line.closed:
            raise NotTakenError(UNFINISHED)
        if line.words[0].startswith("$") and not line.indented:
            self._directive(line.words)
            return None
        words = line.words
        if not line.indented:
            self._owner = self._full(words[0])
            words = words[1:]
        position = 0
        while position < len(words) and _TTL_OR_CLASS.fullmatch(words[position]):
            position += 1
        if len(words) < position + 2:
            raise NotTakenError(SETTING)
        record_type, data = words[position].upper(), words[position + 1]
        if record_type == "SOA":
            self._name = self._owner
        if record_type in _OF_THE_ZONE or self._owner in ("", self._name):
            return None
        return self._item(record_type, data)

    def _item(self, record_type: str, data: str) -> Entry | Network:
        trigger = self._trigger()
        if reason := _TRIGGERS.get(trigger.rpartition(".")[2]):
            raise NotTakenError(reason)
        name = trigger.removeprefix("*.")
        target = data.lower()
        passes = target == "rpz-passthru." or target == f"{trigger}." == f"{name}."
        if target == "rpz-tcp-only.":
            raise NotTakenError(TCP_ONLY)
        if record_type != "CNAME" or not (passes or target in _BLOCKING):
            raise NotTakenError(LOCAL_DATA)
        if trigger.endswith(_ADDRESS):
            return Network(_network(trigger.removesuffix(_ADDRESS)), allow=passes)
        alone, name = name == trigger, entry_name(name, top_level=True)
        if passes:
            return Entry(name, "allow-exact" if alone else "allow-inner")
        return Entry(name, "exact" if alone else "below")

    def _directive(self, words: list[str]) -> None:
        directive = words[0].upper()
        if directive == "$ORIGIN" and len(words) > 1:
            self._origin = self._full(words[1])
            self._name = self._name or self._origin.removeprefix(".")
        elif directive == "$INCLUDE":
            raise NotTakenError(INCLUDE)
        elif directive != "$TTL":
            raise NotTakenError(SETTING)

    def _full(self, text: str) -> str:
        """``text`` with its origin; with a dot at its end where that is known, else relative to the zone."""
        text = text.lower()
        if text == "@":
            return self._origin
        if text.endswith(".") or not self._origin:
            return text
        return f"{text}.{self._origin.removeprefix('.')}"

    def _trigger(self) -> str:
        """The last owner without the name of the zone."""
        if not self._owner.endswith("."):
            return self._owner
        if not self._name or not self._owner.endswith(f".{self._name}"):
            raise NotTakenError(OUT_OF_ZONE)
        return self._owner.removesuffix(f".{self._name}")


def _records(lines: Iterable[str]) -> Iterator[_Line]:
    """The lines of the file, those within brackets as one."""
    depth = 0
    pending: _Line | None = None
    for number, raw in enumerate(lines, 1):
        line = raw.removeprefix("\ufeff").rstrip()
        text = line
        if ";" in line or '"' in line:
            text = _COMMENT_OR_STRING.sub(lambda found: "" if found[0][0] == ";" else '""', line)
        if "(" in text or ")" in text:
            depth = max(depth + text.count("(") - text.count(")"), 0)
            text = text.replace("(", " ").replace(")", " ")
        words = text.split()
        if pending:
            pending.words.extend(words)
        elif words or depth:
            pending = _Line(number, line.strip(), words, line[:1].isspace(), closed=True)
        if pending and not depth:
            if pending.words:
                yield pending
            pending = None
    if pending:
        yield pending._replace(words=pending.words or [""], closed=False)


def _network(text: str) -> IPv4Network | IPv6Network:
    """``24.0.2.0.192`` -> 192.0.2.0/24, ``48.zz.2.2001`` -> 2001:2::/48."""
    length, *reversed_parts = text.split(".")
    parts = reversed_parts[::-1]
    if "zz" in parts:
        gap = parts.index("zz")
        address = f"{':'.join(parts[:gap])}::{':'.join(parts[gap + 1 :])}"
    else:
        address = (":" if len(parts) == _WORDS else ".").join(parts)
    try:
        return ip_network(f"{address}/{length}")
    except ValueError:
        raise NotTakenError(NOT_A_NETWORK) from None
