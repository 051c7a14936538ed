"""The Unbound format: ``local-zone: "x" TYPE`` about x and all below it, ``local-data: "x A 0.0.0.0"`` about x alone.

The type says what happens to the zone:

    always_nxdomain, always_null ...   blocks
    static, refuse, redirect ...       blocks, unless the file answers for a name in it with data that lead somewhere
    transparent, inform ...            lets through what a zone above it blocks, unless the file answers for x itself

Only the ``server:`` clause is about every device; what stands in other clauses, and every other setting, is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from safedns.blocklist.formats.entry import (
    LOCAL_DATA,
    NOT_A_SINK,
    SETTING,
    Entry,
    Item,
    Kind,
    NotTakenError,
    entry_name,
    refuse,
    without_comment,
)
from safedns.blocklist.formats.hosts import host_address, is_own_name, leads_nowhere
from safedns.blocklist.lines import again
from safedns.wire.names import parents

_ALWAYS = frozenset({"always_nxdomain", "always_nodata", "always_null", "always_refuse", "always_deny"})
_UNLESS_ANSWERED = frozenset({"static", "refuse", "deny", "redirect", "inform_deny", "inform_redirect"})
_OPEN = frozenset({"always_transparent", "transparent", "typetransparent", "inform"})

_OPENING = re.compile("transparent|inform")

_ADDRESSES = frozenset({"A", "AAAA"})
_ALIASES = frozenset({"CNAME", "DNAME", "SVCB", "HTTPS"})

_SETTING = re.compile(r"([a-z0-9-]+)\s*:\s*(.*)")
_ZONE = re.compile(r"""(["']?)([^\s"']+)\1\s+(["']?)([a-z_]+)\3""")
_DATA = re.compile(r"""(["'])(?P<quoted>[^"']*)\1""")
_RECORD = re.compile(r"(?P<owner>\S+)\s+(?:\d+\s+)?(?:IN\s+)?(?P<type>[A-Z]+)\s+(?P<data>\S.*)", re.IGNORECASE)


class _Ahead(NamedTuple):
    """What must be known of the whole file before a line can be judged."""

    opened: set[str]
    """Names of zones that let through, unless the file itself answers for the name."""
    answered: set[str]
    """Those of them for which it does: filled while the file is read, so that the others need not be held."""
    above_real: set[str]
    """Each name with data that lead somewhere, and its parents."""


def parse(lines: Iterable[str]) -> Iterator[Item]:
    """Entries and refusals, zones that let through last; never raises. Goes twice through the file.

    For data may follow their zone.
    """
    lines, first = again(lines)
    ahead = _look(first)
    held: list[tuple[int, str, str]] = []
    everywhere = True
    for number, line in enumerate(lines, 1):
        text = without_comment(line)
        if not text:
            continue
        setting = _SETTING.fullmatch(text)
        if setting and not setting[2]:
            everywhere = setting[1] == "server"
            if everywhere:
                continue
        if not setting or not everywhere:
            yield refuse(number, text, SETTING)
            continue
        try:
            entry = _entry(setting[1], setting[2], ahead)
        except NotTakenError as error:
            yield refuse(number, text, str(error))
            continue
        if entry.kind == "allow" and entry.name in ahead.opened:
            held.append((number, text, entry.name))
        elif not is_own_name(entry.name):
            yield entry
    for number, text, name in held:
        yield refuse(number, text, LOCAL_DATA) if name in ahead.answered else Entry(name, "allow")


def _entry(key: str, value: str, ahead: _Ahead) -> Entry:
    if key == "local-zone" and (zone := _ZONE.fullmatch(value)):
        name = entry_name(zone[2], top_level=True)
        return Entry(name, _kind(name, zone[4], ahead))
    if key == "local-data" and (record := _record(value)):
        if ahead.opened and (owner := _owner(record)) in ahead.opened:
            ahead.answered.add(owner)
        if record["type"].upper() not in _ADDRESSES:
            raise NotTakenError(LOCAL_DATA)
        if _leads_on(record):
            raise NotTakenError(NOT_A_SINK)
        name = entry_name(record["owner"], top_level=True)
        if name in ahead.above_real:
            raise NotTakenError(NOT_A_SINK)
        return Entry(name, "exact")
    raise NotTakenError(SETTING)


def _kind(name: str, zone_type: str, ahead: _Ahead) -> Kind:
    if zone_type in _ALWAYS:
        return "below"
    if zone_type in _UNLESS_ANSWERED:
        if name in ahead.above_real:
            raise NotTakenError(NOT_A_SINK)
        return "below"
    if zone_type in _OPEN:
        return "allow"
    raise NotTakenError(SETTING)


def _look(lines: Iterable[str]) -> _Ahead:
    ahead = _Ahead(set(), set(), set())
    for line in lines:
        if "local-data" not in line and not _OPENING.search(line):
            continue
        setting = _SETTING.fullmatch(without_comment(line))
        if setting is None:
            continue
        if setting[1] == "local-data":
            record = _record(setting[2])
            if record is not None and _leads_on(record):
                ahead.above_real.update(parents(_owner(record)))
        elif (zone := _ZONE.fullmatch(setting[2])) and zone[4] in _OPEN - {"always_transparent"}:
            ahead.opened.add(_name(zone[2]))
    return ahead


def _owner(record: re.Match[str]) -> str:
    return _name(record["owner"])


def _name(text: str) -> str:
    """The name that ``text`` is; the root, of which nothing is taken, where it is none."""
    try:
        return entry_name(text, top_level=True)
    except NotTakenError:
        return "."


def _record(value: str) -> re.Match[str] | None:
    quoted = _DATA.fullmatch(value)
    return _RECORD.fullmatch(quoted["quoted"].strip() if quoted else value)


def _leads_on(record: re.Match[str]) -> bool:
    """Whether a device that asks for this record gets somewhere."""
    if record["type"].upper() not in _ADDRESSES:
        return record["type"].upper() in _ALIASES
    address = host_address(record["data"].strip())
    return address is None or not leads_nowhere(address)
