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
    Kind,
    NotTakenError,
    Skipped,
    entry_name,
    refuse,
    without_comment,
)
from safedns.blocklist.formats.hosts import host_address, is_own_name, leads_nowhere
from safedns.wire.names import parents

_ALWAYS = frozenset({"always_nxdomain", "always_nodata", "always_null", "always_refuse", "always_deny"})
_UNLESS_ANSWERED = frozenset({"static", "refuse", "deny", "redirect", "inform_deny", "inform_redirect"})
_OPEN = frozenset({"always_transparent", "transparent", "typetransparent", "inform"})

_ADDRESSES = frozenset({"A", "AAAA"})
_ALIASES = frozenset({"CNAME", "DNAME", "SVCB", "HTTPS"})

_SETTING = re.compile(r"([a-z0-9-]+)\s*:\s*(.*)")
_ZONE = re.compile(r"""(["']?)([^\s"']+)\1\s+(["']?)([a-z_]+)\3""")
_DATA = re.compile(r"""(["'])(?P<quoted>[^"']*)\1""")
_RECORD = re.compile(r"(?P<owner>\S+)\s+(?:\d+\s+)?(?:IN\s+)?(?P<type>[A-Z]+)\s+(?P<data>\S.*)", re.IGNORECASE)


class _Answered(NamedTuple):
    """Names that the file itself answers for."""

    names: set[str]
    above_real: set[str]
    """Each name with data that lead somewhere, and its parents."""


def parse(lines: Iterable[str]) -> Iterator[Entry | Skipped]:
    """Entries and refusals in the order of the file; never raises. Holds the file, for data may follow their zone."""
    texts = [without_comment(line) for line in lines]
    answered = _answered(texts)
    everywhere = True
    for number, text in enumerate(texts, 1):
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
            entry = _entry(setting[1], setting[2], answered)
        except NotTakenError as error:
            yield refuse(number, text, str(error))
        else:
            if not is_own_name(entry.name):
                yield entry


def _entry(key: str, value: str, answered: _Answered) -> Entry:
    if key == "local-zone" and (zone := _ZONE.fullmatch(value)):
        name = entry_name(zone[2], top_level=True)
        return Entry(name, _kind(name, zone[4], answered))
    if key == "local-data" and (record := _record(value)):
        if record["type"].upper() not in _ADDRESSES:
            raise NotTakenError(LOCAL_DATA)
        if _leads_on(record):
            raise NotTakenError(NOT_A_SINK)
        name = entry_name(record["owner"], top_level=True)
        if name in answered.above_real:
            raise NotTakenError(NOT_A_SINK)
        return Entry(name, "exact")
    raise NotTakenError(SETTING)


def _kind(name: str, zone_type: str, answered: _Answered) -> Kind:
    if zone_type in _ALWAYS:
        return "below"
    if zone_type in _UNLESS_ANSWERED:
        if name in answered.above_real:
            raise NotTakenError(NOT_A_SINK)
        return "below"
    if zone_type in _OPEN:
        if zone_type != "always_transparent" and name in answered.names:
            raise NotTakenError(LOCAL_DATA)
        return "allow"
    raise NotTakenError(SETTING)


def _answered(texts: Iterable[str]) -> _Answered:
    answered = _Answered(set(), set())
    for text in texts:
        setting = _SETTING.fullmatch(text) if text.startswith("local-data") else None
        record = _record(setting[2]) if setting and setting[1] == "local-data" else None
        if record is None:
            continue
        try:
            name = entry_name(record["owner"], top_level=True)
        except NotTakenError:
            continue
        answered.names.add(name)
        if _leads_on(record):
            answered.above_real.update(parents(name))
    return answered


def _record(value: str) -> re.Match[str] | None:
    quoted = _DATA.fullmatch(value)
    return _RECORD.fullmatch(quoted["quoted"].strip() if quoted else value)


def _leads_on(record: re.Match[str]) -> bool:
    """Whether a device that asks for this record gets somewhere."""
    if record["type"].upper() not in _ADDRESSES:
        return record["type"].upper() in _ALIASES
    address = host_address(record["data"].strip())
    return address is None or not leads_nowhere(address)
