"""What the tests of lists share: names, a naive matcher to compare with, and a small folder of data."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

from safedns.blocklist.formats.entry import Entry
from safedns.blocklist.header import Header

untimed = settings(deadline=None)
"""For every property here: the first name that is not ASCII loads tables, which a busy machine takes a while over."""

on_disk = settings(untimed, max_examples=40)
"""For properties that write files, each of which is synced to the disk."""

_LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=12)
_TOPS = st.sampled_from(["com", "vn", "example", "xn--p1ai"])

NAMES = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(_LABELS, min_size=1, max_size=4), _TOPS)
"""Canonical names that a list may hold, of many shapes."""

CROWDED_NAMES = st.lists(st.sampled_from("ab"), min_size=2, max_size=5).map(".".join)
"""Canonical names that are likely to lie above and below each other."""


def covers(entry: str, name: str) -> bool:
    """Whether ``entry`` is ``name`` or one of its parents: the definition, spelled out by labels."""
    wanted, given = entry.split("."), name.split(".")
    return len(wanted) <= len(given) and given[-len(wanted) :] == wanted


def naive_match(entries: Iterable[Entry], name: str) -> str | None:
    """What a list of ``entries`` says about ``name``, by looking at each of them."""
    entries = list(entries)
    blocking = [e.name for e in entries if e.kind == "below" and covers(e.name, name)]
    blocking += [e.name for e in entries if e.kind == "exact" and e.name == name]
    longest = max(blocking, key=len, default=None)
    letting = [e.name for e in entries if e.kind == "allow" and covers(e.name, name)]
    if longest is None or any(len(exception) >= len(longest) for exception in letting):
        return None
    return longest


def write_rules(path: Path, entries: Iterable[Entry]) -> Path:
    """``entries`` as an adblock list."""
    shape = {"below": "||{}^\n", "exact": "{}\n", "allow": "@@||{}^\n"}
    path.write_text("! rules\n" + "".join(shape[entry.kind].format(entry.name) for entry in entries))
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


def write_data(folder: Path, catalogue: str = "[]") -> Path:
    """A folder like our own ``blocklists``: two categories, one starter list, one service, two search engines."""
    write_names(folder / "starter" / "adult.txt", "adult.example", "www.adult.example")
    (folder / "services").mkdir()
    (folder / "categories.yaml").write_text(CATEGORIES)
    (folder / "catalogue.yaml").write_text(catalogue)
    (folder / "safesearch.yaml").write_text(SAFE_SEARCH)
    (folder / "well-known.txt").write_text(WELL_KNOWN)
    (folder / "background.txt").write_text("ntp.example\n")
    (folder / "services" / "chat.yaml").write_text(CHAT_SERVICE)
    return folder
