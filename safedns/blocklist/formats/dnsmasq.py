"""The dnsmasq format: settings ``address=/x/``, ``local=/x/`` and ``server=/x/``, each about x and all below it.

    address=/x/   address=/x/#   address=/x/0.0.0.0     blocks     (several names: /x/y/0.0.0.0)
    local=/x/     server=/x/                            blocks     (no server may be asked)
    server=/x/#                                         lets through what a shorter name blocks

An address that leads somewhere, or another server to ask, is no block. Every other setting is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from safedns.blocklist.formats.entry import (
    FORWARDED,
    NOT_A_SINK,
    SETTING,
    WILDCARD,
    Entry,
    Item,
    Kind,
    NotTakenError,
    entry_name,
    refuse,
    without_comment,
)
from safedns.blocklist.formats.hosts import host_address, is_own_name, leads_nowhere

_KINDS: dict[str, Kind] = {"below": "below", "allow": "allow"}


def parse(lines: Iterable[str]) -> Iterator[Item]:
    """Entries and refusals in the order of the file; never raises."""
    for number, line in enumerate(lines, 1):
        text = without_comment(line)
        if not text:
            continue
        key, _, value = text.partition("=")
        before, *names = value.strip().split("/")
        target = names.pop() if names else ""
        kind = _kind(key.strip(), target) if names and not before else SETTING
        if kind not in _KINDS:
            yield refuse(number, text, kind)
            continue
        for name in names:
            if is_own_name(name):
                continue
            try:
                yield Entry(_name(name), _KINDS[kind])
            except NotTakenError as error:
                yield refuse(number, text if len(names) == 1 else name, str(error))


@lru_cache(maxsize=1000)
def _kind(key: str, target: str) -> str:
    """What the setting ``key`` with ``target`` does to its names, or why it says nothing about them.

    Remembered, for a list says the same about each of its names.
    """
    if key == "address":
        address = host_address(target)
        if target in ("", "#") or (address is not None and leads_nowhere(address)):
            return "below"
        return NOT_A_SINK
    if key in ("server", "local"):
        return {"": "below", "#": "allow"}.get(target, FORWARDED)
    return SETTING


def _name(text: str) -> str:
    if "*" in text:
        raise NotTakenError(WILDCARD)
    return entry_name(text.removeprefix("."), top_level=True)
