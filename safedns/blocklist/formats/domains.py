"""The plain format: one name a line, as ``x``, ``.x`` or ``*.x``; each covers the name and all below it.

With a leading dot or star a whole top-level domain may be meant (``*.zip``); a bare single word is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from safedns.blocklist.formats.entry import (
    NOT_ONE_WORD,
    WILDCARD,
    Entry,
    NotTakenError,
    Skipped,
    entry_name,
    refuse,
    without_comment,
)


def parse(lines: Iterable[str]) -> Iterator[Entry | Skipped]:
    """Entries of kind ``below`` and refusals, in the order of the file; never raises."""
    for number, line in enumerate(lines, 1):
        text = without_comment(line, "#!")
        if not text:
            continue
        name = text.removeprefix("*").removeprefix(".")
        if "*" in name:
            yield refuse(number, text, WILDCARD)
        elif len(name.split()) != 1:
            yield refuse(number, text, NOT_ONE_WORD)
        else:
            try:
                yield Entry(entry_name(name, top_level=name != text), "below")
            except NotTakenError as error:
                yield refuse(number, text, str(error))
