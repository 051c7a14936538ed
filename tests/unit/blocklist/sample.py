"""What the tests of lists share: names, a naive matcher to compare with, and a small folder of data."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Mapping, Sized
from io import BytesIO
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

from safedns.blocklist.formats.entry import Entry, Item, Kind, Skipped
from safedns.blocklist.header import Header

untimed = settings(deadline=None)
"""For every property here: the first name that is not ASCII loads tables, which a busy machine takes a while over."""

on_disk = settings(untimed, max_examples=40)
"""For properties that write files, each of which is synced to the disk."""

in_memory = settings(untimed, max_examples=300)
"""For properties that write one small source."""

_LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=12)
_TOPS = st.sampled_from(["com", "vn", "example", "xn--p1ai"])

NAMES = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(_LABELS, min_size=1, max_size=4), _TOPS)
"""Canonical names that a list may hold, of many shapes."""

CROWDED_NAMES = st.lists(st.sampled_from("ab"), min_size=2, max_size=5).map(".".join)
"""Canonical names that are likely to lie above and below each other."""


def well_told(item: Item, lines: Sized) -> bool:
    """Whether an item is taken, or refused with the number of one of the ``lines``."""
    return not isinstance(item, Skipped) or 1 <= item.line <= len(lines)


def covers(entry: str, name: str) -> bool:
    """Whether ``entry`` is ``name`` or one of its parents: the definition, spelled out by labels."""
    wanted, given = entry.split("."), name.split(".")
    return len(wanted) <= len(given) and given[-len(wanted) :] == wanted


def reached(entry: Entry, name: str) -> bool:
    """Whether ``name`` is among the names that ``entry`` speaks about."""
    if entry.kind.endswith("exact"):
        return entry.name == name
    return covers(entry.name, name) and not (entry.kind.endswith("inner") and entry.name == name)


def naive_match(entries: Iterable[Entry], name: str) -> str | None:
    """What a list of ``entries`` says about ``name`` where the longest decides, by looking at each of them."""
    found = [entry for entry in entries if reached(entry, name)]
    blocking = [entry.name for entry in found if not entry.kind.startswith("allow")]
    longest = max(blocking, key=len, default=None)
    letting = [entry.name for entry in found if entry.kind.startswith("allow")]
    if longest is None or any(len(exception) >= len(longest) for exception in letting):
        return None
    return longest


RULES: Mapping[Kind, str] = {
    "below": "||{}^",
    "exact": "|{}^",
    "inner": "||*.{}^",
    "allow": "@@||{}^",
    "allow-exact": "@@|{}^",
    "allow-inner": "@@||*.{}^",
    "important": "||{}^$important",
    "important-exact": "|{}^$important",
    "important-inner": "||*.{}^$important",
    "important-allow": "@@||{}^$important",
    "important-allow-exact": "@@|{}^$important",
    "important-allow-inner": "@@||*.{}^$important",
}
"""How each kind of entry is written as a rule."""


def write_rules(path: Path, entries: Iterable[Entry]) -> Path:
    """``entries`` as an adblock list."""
    path.write_text("! rules\n" + "".join(f"{RULES[entry.kind].format(entry.name)}\n" for entry in entries))
    return path


def write_names(path: Path, *names: str) -> Path:
    """``names`` as a plain list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{name}\n" for name in names))
    return path


def counts(header: Header) -> dict[str, int]:
    """How many entries each table of an artefact holds."""
    return {kind: table.entries for kind, table in header.tables.items()}


CATEGORIES = """
adult: {title: {en: Adult, vi: Người lớn}, about: {en: Sex., vi: Tình dục.}, safety: true}
social: {title: {en: Social, vi: Mạng xã hội}, about: {en: Friends., vi: Bạn bè.}}
"""

SAFE_SEARCH = """
engines:
  google: {target: forcesafesearch.google.com, names: [www.google.com, google.com]}
  youtube: {moderate: restrictmoderate.youtube.com, strict: restrict.youtube.com, names: [www.youtube.com]}
blocked: [search.example]
"""

CHAT_SERVICE = """
title: Chat
category: social
homepage: https://chat.example
icon: chat
names: [chat.example, Chat-CDN.example.]
shared: [cdn.example]
"""


WELL_KNOWN = """
# What everybody needs.
com
search.test
pictures.test  social
bank.test
"""


VETOES = """
museum.test  adult social
club.test  adult
"""


def write_data(folder: Path, catalogue: str = "[]") -> Path:
    """A folder like our own ``blocklists``: two categories, one starter list, one service, two search engines."""
    write_names(folder / "starter" / "adult.txt", "adult.example", "www.adult.example")
    (folder / "services").mkdir()
    (folder / "categories.yaml").write_text(CATEGORIES)
    (folder / "catalogue.yaml").write_text(catalogue)
    (folder / "safesearch.yaml").write_text(SAFE_SEARCH)
    (folder / "well-known.txt").write_text(WELL_KNOWN)
    (folder / "vetoes.txt").write_text(VETOES)
    (folder / "background.txt").write_text("ntp.example\n")
    (folder / "services" / "chat.yaml").write_text(CHAT_SERVICE)
    return folder


def tar_of(members: Mapping[str, bytes]) -> bytes:
    """An archive of files with these contents."""
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return packed.getvalue()
