r"""Lists of regular expressions, one a line, as Pi-hole takes them; only those that mean exactly what an entry means.

    ^x\.example$                                        x.example alone
    (^|\.)x\.example$   ^(.+\.)?x\.example$   ...       x.example and all below it

Every other expression is dropped whole, and so is one with options after ``;``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from safedns.blocklist.formats.entry import (
    MODIFIER,
    REGEX,
    Entry,
    NotTakenError,
    Skipped,
    entry_name,
    refuse,
    without_comment,
)

_BELOW = r"\((?:\?:)?(?:\^\|\\\.|\\\.\|\^)\)|\^\((?:\?:)?\.[+*]\\\.\)[?*]"
"""``(^|\\.)``, ``(\\.|^)``, ``^(.+\\.)?`` and ``^(.*\\.)?``; the last two also with ``*`` behind, all with ``?:``."""

_WHOLE_NAME = re.compile(rf"(?:(?P<below>{_BELOW})|\^)(?P<name>[a-z0-9_-]+(?:\\\.[a-z0-9_-]+)*)\$")
"""Lower case alone: whether an upper-case letter matches depends on the program."""


def parse(lines: Iterable[str]) -> Iterator[Entry | Skipped]:
    """Entries and refusals in the order of the file; never raises."""
    for number, line in enumerate(lines, 1):
        text = without_comment(line)
        if not text:
            continue
        expression, semicolon, _ = text.partition(";")
        if semicolon:
            yield refuse(number, text, MODIFIER)
            continue
        try:
            yield meaning(expression)
        except NotTakenError as error:
            yield refuse(number, text, str(error))


def meaning(expression: str) -> Entry:
    """The entry that matches exactly the names that ``expression`` matches; raises ``NotTakenError`` if none does."""
    found = _WHOLE_NAME.fullmatch(expression)
    if found is None:
        raise NotTakenError(REGEX)
    name = entry_name(found["name"].replace("\\.", "."), top_level=True)
    return Entry(name, "below" if found["below"] else "exact")
