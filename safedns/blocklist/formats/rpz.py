"""The response policy zone: a master file whose owners say what is looked for and whose data say what happens then.

    x    CNAME .               x alone is blocked; so with ``*.`` and ``rpz-drop.``
    *.x  CNAME .               the names below x are blocked; read as x and all below it
    x    CNAME rpz-passthru.   let through, if ``*.x`` is too: an exception covers a name and all below it
    @    SOA, NS, DNSSEC       the zone itself, which says nothing

``*.x`` alone spares x in a name server. Blocking x as well is the safe reading of a block; an exception is taken only
when it is exactly what the zone says. Owners are relative, or end in the name of the zone where the file tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from safedns.blocklist.formats.entry import (
    ANSWER_TRIGGER,
    BELOW_ALLOW,
    CLIENT_TRIGGER,
    EXACT_ALLOW,
    INCLUDE,
    LOCAL_DATA,
    OUT_OF_ZONE,
    SERVER_TRIGGER,
    SETTING,
    TCP_ONLY,
    UNFINISHED,
    Entry,
    NotTakenError,
    Skipped,
    entry_name,
    refuse,
)

_OF_THE_ZONE = frozenset({"SOA", "NS", "RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY", "ZONEMD"})
_TRIGGERS = {
    "rpz-ip": ANSWER_TRIGGER,
    "rpz-client-ip": CLIENT_TRIGGER,
    "rpz-nsdname": SERVER_TRIGGER,
    "rpz-nsip": SERVER_TRIGGER,
}
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


class _Exception(NamedTuple):
    line: int
    text: str


def parse(lines: Iterable[str]) -> Iterator[Entry | Skipped]:
    """Entries and refusals in the order of the file, then the exceptions; never raises."""
    zone = _Zone()
    alone: dict[str, _Exception] = {}
    below: dict[str, _Exception] = {}
    for line in _records(lines):
        try:
            rule = zone.rule(line)
        except NotTakenError as error:
            yield refuse(line.number, line.text, str(error))
            continue
        if rule is None:
            continue
        name, with_star, passes = rule
        if passes:
            (below if with_star else alone).setdefault(name, _Exception(line.number, line.text))
        else:
            yield Entry(name, "below" if with_star else "exact")
    yield from _exceptions(alone, below)


class _Zone:
    """What the lines so far have told about names: the zone, the origin of relative names, the owner before."""

    __slots__ = ("_name", "_origin", "_owner")

    def __init__(self) -> None:
        self._name = ""
        self._origin = ""
        self._owner = ""

    def rule(self, line: _Line) -> tuple[str, bool, bool] | None:
        """Name, whether it stands below a star, whether it passes; ``None`` for what says nothing about a name."""
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
        return self._rule(record_type, data)

    def _rule(self, record_type: str, data: str) -> tuple[str, bool, bool]:
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
        return entry_name(name, top_level=True), name != trigger, passes

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


def _exceptions(alone: dict[str, _Exception], below: dict[str, _Exception]) -> Iterator[Entry | Skipped]:
    for name, (number, text) in alone.items():
        if name in below:
            yield Entry(name, "allow")
        else:
            yield refuse(number, text, EXACT_ALLOW)
    for name, (number, text) in below.items():
        if name not in alone:
            yield refuse(number, text, BELOW_ALLOW)
