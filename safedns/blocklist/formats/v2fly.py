"""The format of v2fly's domain lists: ``x`` or ``domain:x`` for x and all below it, ``full:x`` for x alone.

Attributes (``@ads``, ``@!cn``, ``&list``) say which part of a list a line belongs to; all parts are taken. Keywords and
most regular expressions match more than names; files that a line includes are not looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from safedns.blocklist.formats.entry import (
    INCLUDE,
    KEYWORD,
    NOT_ONE_WORD,
    Entry,
    NotTakenError,
    Skipped,
    entry_name,
    refuse,
    without_comment,
)
from safedns.blocklist.formats.regex import meaning


def parse(lines: Iterable[str]) -> Iterator[Entry | Skipped]:
    """Entries and refusals in the order of the file; never raises."""
    for number, line in enumerate(lines, 1):
        text = without_comment(line)
        if not text:
            continue
        try:
            yield _entry(text)
        except NotTakenError as error:
            yield refuse(number, text, str(error))


def _entry(text: str) -> Entry:
    rule, *attributes = text.split()
    kind, colon, value = rule.partition(":")
    if not colon:
        kind, value = "domain", rule
    if kind == "include":
        raise NotTakenError(INCLUDE)
    if kind == "keyword":
        raise NotTakenError(KEYWORD)
    if not all(attribute[0] in "@&" for attribute in attributes):
        raise NotTakenError(NOT_ONE_WORD)
    if kind == "regexp":
        return meaning(value)
    if kind == "full":
        return Entry(entry_name(value, top_level=True), "exact")
    return Entry(entry_name(value if kind == "domain" else rule, top_level=True), "below")
