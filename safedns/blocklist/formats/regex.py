r"""Lists of regular expressions, one a line, as Pi-hole takes them: sought anywhere in a name, in any letter case.

    ^x\.example$                                        x.example alone
    (^|\.)x\.example$   ^(.+\.)?x\.example$   ...       x.example and all below it
    ^ads?[0-9]*\.                                       every name in which it is found

    expression;querytype=A,AAAA      for these types of records; with ``!`` before them for all others
    expression;invert                every name in which it is not found
    expression;reply=nxdomain        how to block, which the household says itself

An expression that means exactly what an entry means becomes one, for those cost nothing. ``;reply=`` with an address is
an answer of its own, and a line with any other option is dropped whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from safedns.blocklist.formats.entry import (
    EVERY_TYPE,
    LOCAL_DATA,
    MODIFIER,
    QUERYTYPE,
    REGEX,
    Entry,
    Item,
    NotTakenError,
    Pattern,
    Types,
    entry_name,
    refuse,
    shown,
    without_comment,
)
from safedns.blocklist.formats.types import read_types

_BELOW = r"\((?:\?:)?(?:\^\|\\\.|\\\.\|\^)\)|\^\((?:\?:)?\.[+*]\\\.\)[?*]"
"""``(^|\\.)``, ``(\\.|^)``, ``^(.+\\.)?`` and ``^(.*\\.)?``; the last two also with ``*`` behind, all with ``?:``."""

_WHOLE_NAME = re.compile(rf"(?:(?P<below>{_BELOW})|\^)(?P<name>[a-z0-9_-]+(?:\\\.[a-z0-9_-]+)*)\$")
"""Lower case alone: whether an upper-case letter matches depends on the program."""

_FOREIGN = re.compile(r"(?<!\\)\{(?!\d+(?:,\d*)?\})|\\[<>]")
"""What Pi-hole's engine reads as a repetition, an approximation or the edge of a word (``{,3}``, ``{~1}``, ``\\<``),
and RE2 as letters that no name has."""

_PLAIN_REPLIES = frozenset({"nodata", "nxdomain", "refused", "none"})


def parse(lines: Iterable[str]) -> Iterator[Item]:
    """Entries, patterns and refusals in the order of the file; never raises."""
    for number, line in enumerate(lines, 1):
        text = without_comment(line)
        if not text:
            continue
        try:
            yield _item(number, text)
        except NotTakenError as error:
            yield refuse(number, text, str(error))


def whole_name(expression: str) -> Entry | None:
    """The entry that matches exactly the names that ``expression`` matches, if one does; raises ``NotTakenError``."""
    found = _WHOLE_NAME.fullmatch(expression)
    if found is None:
        return None
    name = entry_name(found["name"].replace("\\.", "."), top_level=True)
    return Entry(name, "below" if found["below"] else "exact")


def _item(number: int, text: str) -> Entry | Pattern:
    expression, *options = text.split(";")
    if not options and (entry := whole_name(expression)):
        return entry
    if _FOREIGN.search(expression):
        raise NotTakenError(REGEX)
    types, inverted = EVERY_TYPE, False
    for option in options:
        key, _, value = option.strip().partition("=")
        if key == "querytype":
            types = _types(value)
        elif key == "invert":
            inverted = True
        elif key != "reply":
            raise NotTakenError(MODIFIER)
        elif value.lower() not in _PLAIN_REPLIES:
            raise NotTakenError(LOCAL_DATA)
    return Pattern(number, shown(text), f"(?i){expression}", types=types, inverted=inverted)


def _types(value: str) -> Types:
    others = value.startswith("!")
    try:
        return Types(read_types(value.removeprefix("!").split(",")), others)
    except ValueError:
        raise NotTakenError(QUERYTYPE) from None
