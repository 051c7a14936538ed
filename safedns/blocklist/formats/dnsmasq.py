"""The dnsmasq format: settings ``address=/x/``, ``local=/x/`` and ``server=/x/``, each about x and all below it.

    address=/x/   address=/x/#   address=/x/0.0.0.0     blocks     (several names: /x/y/0.0.0.0)
    local=/x/     server=/x/                            blocks     (no server may be asked)
    server=/x/#                                         lets through what a shorter name blocks

An address that leads somewhere, or another server to ask, is no block. Every other setting is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from safedns.blocklist.formats.entry import (
    FORWARDED,
    NOT_A_SINK,
    SETTING,
    WILDCARD,
    Entry,
    Kind,
    NotTakenError,
    Skipped,
    entry_name,
    refuse,
    without_comment,
)
from safedns.blocklist.formats.hosts import host_address, is_own_name, leads_nowhere


def parse(lines: Iterable[str]) -> Iterator[Entry | Skipped]:
    """Entries and refusals in the order of the file; never raises."""
    for number, line in enumerate(lines, 1):
        text = without_comment(line)
        if not text:
            continue
        key, _, value = text.partition("=")
        before, *names = value.strip().split("/")
        target = names.pop() if names else ""
        try:
            kind = _kind(key.strip(), target) if names and not before else None
        except NotTakenError as error:
            yield refuse(number, text, str(error))
            continue
        if kind is None:
            yield refuse(number, text, SETTING)
            continue
        for name in names:
            if is_own_name(name):
                continue
            try:
                yield Entry(_name(name), kind)
            except NotTakenError as error:
                yield refuse(number, text if len(names) == 1 else name, str(error))


def _kind(key: str, target: str) -> Kind | None:
    """What the setting ``key`` with ``target`` does to its names; ``None`` where it is not about names."""
    if key == "address":
        address = host_address(target)
        if target in ("", "#") or (address is not None and leads_nowhere(address)):
            return "below"
        raise NotTakenError(NOT_A_SINK)
    if key in ("server", "local"):
        if not target:
            return "below"
        if target == "#":
            return "allow"
        raise NotTakenError(FORWARDED)
    return None


def _name(text: str) -> str:
    if "*" in text:
        raise NotTakenError(WILDCARD)
    return entry_name(text.removeprefix("."), top_level=True)
