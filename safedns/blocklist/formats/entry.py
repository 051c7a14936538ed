"""What every list format yields, and the one rule for which text is a name worth taking from a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, Protocol

from safedns.wire.names import parse_name

Kind = Literal["below", "exact", "allow"]


class Entry(NamedTuple):
    """One name that a list speaks about."""

    name: str
    """Canonical."""
    kind: Kind
    """``below``: the name and all under it; ``exact``: that name alone; ``allow``: the name and all under it are let
    through although something else in the same list covers them."""


class Skipped(NamedTuple):
    """A line, or a word of one, that says something which is not taken; blank lines and comments are none."""

    line: int
    """1-based."""
    text: str
    reason: str
    """One of the constants below: a closed set, so that counts by reason stay small whatever a list holds."""


class Parse(Protocol):
    """What a format module offers: lines in, entries and refusals out, in the order of the file; never raises."""

    def __call__(self, lines: Iterable[str], /) -> Iterator[Entry | Skipped]: ...


NOT_A_NAME = "not a domain name"
IS_ADDRESS = "an address, not a name"
TOP_LEVEL = "a bare top-level domain"
NOT_ONE_WORD = "more than one word on the line"
NOT_A_SINK = "points at a real address, so it blocks nothing"
COSMETIC = "hides parts of pages; DNS cannot"
REGEX = "regular expression"
KEYWORD = "keyword that may stand anywhere in a name"
WILDCARD = "wildcard inside a name"
PATH = "address of a page; DNS sees only its host"
NOT_ANCHORED = "pattern for a part of a name"
MODIFIER = "modifier that is not supported"
DENYALLOW = "modifier $denyallow: spares some names"
DNSTYPE = "modifier $dnstype: for some types of records only"
CLIENT = "modifier $client: for some devices only"
CTAG = "modifier $ctag: for some kinds of devices only"
DNSREWRITE = "modifier $dnsrewrite: gives an answer of its own"
DISABLED = "rule that a $badfilter rule disables"
NOTHING_TO_DISABLE = "modifier $badfilter: disables no rule of this list"
EXACT_ALLOW = "exception for one name without those below it"
BELOW_ALLOW = "exception for the names below one without itself"
OVERRULED = "exception that an $important rule overrules"
INCLUDE = "another file that would have to be read as well"
SETTING = "setting that blocks no name"
FORWARDED = "sends a name to another server, so it blocks nothing"
LOCAL_DATA = "answer of its own instead of a block"
ANSWER_TRIGGER = "looks at the addresses in an answer, not at the name"
CLIENT_TRIGGER = "looks at the device that asks, not at the name"
SERVER_TRIGGER = "looks at the servers that hold a name, not at the name"
TCP_ONLY = "makes a device ask again by TCP instead of blocking"
OUT_OF_ZONE = "name outside the zone"
UNFINISHED = "bracket that is never closed"

MAX_TEXT = 200
"""Characters of a refused line that are kept."""


class NotTakenError(ValueError):
    """The text is no name that a list may hold; ``str()`` is the reason, one of the constants of this module."""


def entry_name(text: str, *, top_level: bool = False) -> str:
    """The canonical name that ``text`` means; raises ``NotTakenError``.

    A name of one label is taken only with ``top_level``, where a format has a way to ask for a whole top-level domain:
    as a plain word it is a slip far more often than a wish.
    """
    try:
        name = parse_name(text)
    except ValueError:
        raise NotTakenError(IS_ADDRESS if _looks_like_ipv6(text) else NOT_A_NAME) from None
    if "\\" in name or name == ".":
        raise NotTakenError(NOT_A_NAME)
    if name[-1].isdigit() and name.rpartition(".")[2].isdigit():
        raise NotTakenError(IS_ADDRESS)
    if not top_level and "." not in name:
        raise NotTakenError(TOP_LEVEL)
    return name


def refuse(line: int, text: str, reason: str) -> Skipped:
    """A ``Skipped`` whose text can be shown: not too long, and without what moves a terminal's cursor."""
    text = text.strip()
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:MAX_TEXT])
    return Skipped(line, shown if len(text) <= MAX_TEXT else shown + "...", reason)


def without_comment(line: str, marks: str = "#") -> str:
    """``line`` without byte order mark, surrounding white space, and a comment that starts it or follows a space."""
    text = line.strip().removeprefix("\ufeff").lstrip()
    if not text or text[0] in marks:
        return ""
    position = text.find("#")
    while position > 0 and not text[position - 1].isspace():
        position = text.find("#", position + 1)
    return text[:position].rstrip() if position > 0 else text


def _looks_like_ipv6(text: str) -> bool:
    return text.count(":") > 1 and all(character in "0123456789abcdefABCDEF:.%[]" for character in text)
