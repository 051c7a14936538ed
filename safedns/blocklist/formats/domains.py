"""The plain format: one name a line, as ``x``, ``.x`` or ``*.x``; each covers the name and all below it.

    *ads*   ads.*   ad*.x     a pattern of a whole name, in which each star stands for any letters
    =x                        x alone

With a leading dot or star a whole top-level domain may be meant (``*.zip``); a bare single word is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from safedns.blocklist.formats.entry import (
    NOT_A_NAME,
    NOT_ONE_WORD,
    TOO_WIDE,
    Entry,
    Item,
    NotTakenError,
    Pattern,
    entry_name,
    refuse,
    shown,
    without_comment,
)

_STARRED = re.compile(r"[a-z0-9._*-]+")


def parse(lines: Iterable[str]) -> Iterator[Item]:
    """Entries, patterns and refusals, in the order of the file; never raises."""
    for number, line in enumerate(lines, 1):
        text = without_comment(line, "#!")
        if not text:
            continue
        try:
            yield _item(number, text)
        except NotTakenError as error:
            yield refuse(number, text, str(error))


def _item(number: int, text: str) -> Entry | Pattern:
    if text[0] == "=":
        return Entry(entry_name(text[1:]), "exact")
    name = text.removeprefix("*.").removeprefix(".")
    if "*" in name:
        return _pattern(number, text)
    if len(name.split()) != 1:
        raise NotTakenError(NOT_ONE_WORD)
    return Entry(entry_name(name, top_level=name != text), "below")


def _pattern(number: int, text: str) -> Pattern:
    lower = text.lower()
    if not _STARRED.fullmatch(lower):
        raise NotTakenError(NOT_A_NAME)
    parts = [re.escape(part) for part in re.split(r"\*+", lower)]
    if not any(part.replace(r"\.", "") for part in parts):
        raise NotTakenError(TOO_WIDE)
    return Pattern(number, shown(text), f"^{'.*'.join(parts)}$")
