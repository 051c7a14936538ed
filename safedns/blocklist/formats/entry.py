"""What every list format yields, and the one rule for which text is a name worth taking from a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from safedns.wire.names import parse_name

Kind = Literal[
    "below",
    "exact",
    "inner",
    "allow",
    "allow-exact",
    "allow-inner",
    "important",
    "important-exact",
    "important-inner",
    "important-allow",
    "important-allow-exact",
    "important-allow-inner",
]


class Tier(NamedTuple):
    """Entries of one weight, by what they reach."""

    below: Kind
    """The name and all under it."""
    exact: Kind
    """That name alone."""
    inner: Kind
    """What is under the name, without the name itself."""


BLOCK = Tier("below", "exact", "inner")
ALLOW = Tier("allow", "allow-exact", "allow-inner")
"""Lets through what other entries of the same list block, but for important ones."""
IMPORTANT = Tier("important", "important-exact", "important-inner")
"""Blocks in spite of ``ALLOW``."""
IMPORTANT_ALLOW = Tier("important-allow", "important-allow-exact", "important-allow-inner")
"""Lets through in spite of everything in the list."""

TIERS: Mapping[tuple[bool, bool], Tier] = MappingProxyType(
    {(False, False): BLOCK, (True, False): ALLOW, (False, True): IMPORTANT, (True, True): IMPORTANT_ALLOW}
)
"""By whether entries let through, and whether they are important."""


Exceptions = Literal["beat all", "beat shorter"]
"""Which entries of a list its exceptions beat, important ones aside: all that cover the name, or those no longer than
themselves."""


class Entry(NamedTuple):
    """One name that a list speaks about."""

    name: str
    """Canonical."""
    kind: Kind
    """What happens to which names: see ``Tier``."""


class Types(NamedTuple):
    """For which types of records an entry counts."""

    numbers: tuple[int, ...] = ()
    """Sorted."""
    others: bool = True
    """Whether it counts for all types but those in ``numbers``; as made without arguments: for every type."""

    def hold(self, qtype: int | None) -> bool:
        """Whether it counts for a question of type ``qtype``; for ``None``, whether it does for any."""
        return qtype is None or (qtype in self.numbers) is not self.others


EVERY_TYPE = Types()


class Pattern(NamedTuple):
    """An entry that is more than a name: an expression that is sought in names, or a name with a condition."""

    line: int
    """1-based, in the source."""
    text: str
    """What is told of it: the rule as its maker wrote it; the canonical name of a name with a condition."""
    expression: str
    """In the syntax of RE2, sought in canonical names."""
    allow: bool = False
    important: bool = False
    named: bool = False
    """Whether ``text`` is a name, and the expression matches that name or what is under it."""
    types: Types = EVERY_TYPE
    spared: tuple[str, ...] = ()
    """Canonical names, sorted; it does not count for them and what is under them."""
    inverted: bool = False
    """Whether it counts for names in which the expression is *not* found."""


class Network(NamedTuple):
    """Addresses that an answer must not hold, whatever its name."""

    network: IPv4Network | IPv6Network
    allow: bool = False
    """Let them through although a wider network of the same list covers them."""


class Skipped(NamedTuple):
    """A line, or a word of one, that says something which is not taken; blank lines and comments are none."""

    line: int
    """1-based."""
    text: str
    reason: str
    """One of the constants below: a closed set, so that counts by reason stay small whatever a list holds."""


Item = Entry | Pattern | Network | Skipped
"""What a line of a list comes to."""


class Parse(Protocol):
    """What a format module offers: lines in, entries and refusals out, in the order of the file; never raises.

    It may go through ``lines`` more than once where they can be; those of an iterator it holds.
    """

    def __call__(self, lines: Iterable[str], /) -> Iterator[Item]: ...


NOT_A_NAME = "not a domain name"
IS_ADDRESS = "an address, not a name"
NOT_A_NETWORK = "no network of addresses"
TOP_LEVEL = "a bare top-level domain"
NOT_ONE_WORD = "more than one word on the line"
NOT_A_SINK = "points at a real address, so it blocks nothing"
COSMETIC = "hides parts of pages; DNS cannot"
REGEX = "regular expression that cannot be read"
TOO_LARGE = "pattern that is too large"
TOO_MANY = "pattern beyond those that one list may hold"
NO_ENGINE = "pattern, for which this machine has no google-re2"
TOO_WIDE = "pattern that matches far too much"
WILDCARD = "wildcard inside a name"
PATH = "address of a page; DNS sees only its host"
MODIFIER = "modifier that is not supported"
DENYALLOW = "modifier $denyallow without names that it spares"
DNSTYPE = "modifier $dnstype without known types of records"
QUERYTYPE = "option querytype without known types of records"
CLIENT = "modifier $client: for some devices only"
CTAG = "modifier $ctag: for some kinds of devices only"
DNSREWRITE = "modifier $dnsrewrite: gives an answer of its own"
DISABLED = "rule that a $badfilter rule disables"
NOTHING_TO_DISABLE = "modifier $badfilter: disables no rule of this list"
TOO_LONG = "line that is too long"
VETOED = "name that does not belong to the category"
INCLUDE = "another file, which is not at hand"
SETTING = "setting that blocks no name"
FORWARDED = "sends a name to another server, so it blocks nothing"
LOCAL_DATA = "answer of its own instead of a block"
CLIENT_TRIGGER = "looks at the device that asks, not at the name"
SERVER_TRIGGER = "looks at the servers that hold a name, not at the name"
TCP_ONLY = "makes a device ask again by TCP instead of blocking"
OUT_OF_ZONE = "name outside the zone"
UNFINISHED = "bracket that is never closed"

MAX_TEXT = 200
"""Characters of a line that are kept to be shown."""


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
    """A ``Skipped`` whose text can be shown."""
    return Skipped(line, shown(text), reason)


def shown(text: str) -> str:
    """``text`` as it can be shown: not too long, and without what moves a terminal's cursor."""
    text = text.strip()
    safe = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:MAX_TEXT])
    return safe if len(text) <= MAX_TEXT else safe + "..."


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
