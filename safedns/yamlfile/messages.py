"""How a problem is worded: short quotes of what the user wrote, lists of choices, did-you-mean."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def show(text: str) -> str:
    """A user's text as quoted in a message: on one line and not endless."""
    line = printable(text)
    short = line if len(line) <= 60 else line[:57] + "..."
    return f'"{short}"' if "`" in short else f"`{short}`"


def printable(text: str) -> str:
    """``text`` with ``?`` for whatever would break or hide part of a line."""
    return "".join(char if char.isprintable() else "?" for char in text)


def describe(tree: object) -> str:
    """What kind of thing stands there: a list, a mapping or a quoted text."""
    if isinstance(tree, str):
        return show(tree) if tree else "nothing"
    return "a list" if isinstance(tree, list) else "a mapping"


def unknown_word(word: str, known: Iterable[str], complaint: str) -> str:
    """``word`` with a complaint and the nearest known word, or (if they are few) all of them."""
    choices = list(known)
    near = difflib.get_close_matches(word.casefold(), choices, n=1, cutoff=0.6)
    if near:
        return f"{show(word)} {complaint}; did you mean {show(near[0])}?"
    return f"{show(word)} {complaint}; expected {listed(choices)}"


def expected_word(given: object, words: Iterable[str]) -> str:
    """What to say where one of a few fixed words was expected."""
    choices = list(words)
    near = difflib.get_close_matches(given.casefold(), choices, n=1, cutoff=0.6) if isinstance(given, str) else []
    hint = f" (did you mean {show(near[0])}?)" if near else ""
    return f"{describe(given)} is not known here; expected {listed(choices)}{hint}"


def listed(words: Iterable[str]) -> str:
    """``a, b or c``; of a long list only the beginning."""
    choices = [show(word) for word in words]
    if len(choices) > 30:
        return f"one of {len(choices)}, such as {', '.join(choices[:8])}"
    return " or ".join(filter(None, (", ".join(choices[:-1]), *choices[-1:])))
