"""Expressions on RE2: all of a list are sought in one pass over a name, whose time grows with the name's length alone.

A list is text from strangers, and a backtracking engine can be held up for years by ``(a+)+$``. RE2 never goes back;
what it cannot promise that for (backreferences, look-around) it does not compile. Its memory is bounded too, so each
list may hold only so much of them. See docs/adr/0015-patterns-run-on-re2.md.

The only module that knows google-re2, which is imported when the first pattern is met: where it is absent, lists go on
without patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from safedns.blocklist.formats.entry import NO_ENGINE, REGEX, TOO_LARGE, TOO_MANY, NotTakenError

LONGEST = 1000
"""Characters of an expression."""
LARGEST = 2_000
"""Steps that RE2 makes of one expression."""
STEPS = 60_000
"""Steps of all expressions of a list: a thousand usual ones are fifteen thousand."""

_MEMORY = 32 << 20
"""Bytes for the expressions of a list, most of them a cache of what was met so far; many times what ``STEPS`` need."""


class Admission:
    """Decides, one after the other, which expressions of a list are taken."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        self._steps = 0

    def check(self, expression: str) -> None:
        """Take ``expression``, or raise ``NotTakenError``."""
        engine = _engine()
        if engine is None:
            raise NotTakenError(NO_ENGINE)
        if len(expression) > LONGEST:
            raise NotTakenError(TOO_LARGE)
        try:
            steps = engine.compile(expression, options=_options()).programsize
        except engine.error:
            raise NotTakenError(REGEX) from None
        if steps > LARGEST:
            raise NotTakenError(TOO_LARGE)
        if self._steps + steps > STEPS:
            raise NotTakenError(TOO_MANY)
        self._steps += steps


def search_all(expressions: Sequence[str]) -> Callable[[str], Sequence[int]]:
    """A function from a name to the places of the ``expressions`` that are found in it.

    Raises ``ValueError`` when they cannot be sought here: without google-re2, or when ``Admission`` did not take them.
    """
    engine = _engine()
    if engine is None:
        raise ValueError("it holds patterns, for which this machine has no google-re2")
    try:
        together = engine.Set.SearchSet(_options())
        for expression in expressions:
            together.Add(expression)
        together.Compile()
    except engine.error as error:
        raise ValueError(f"its patterns cannot be compiled: {error}") from error
    match = together.Match

    def search(name: str) -> Sequence[int]:
        return match(name) or ()

    return search


@cache
def _engine() -> Any | None:
    try:
        import re2
    except ImportError:
        return None
    return re2


@cache
def _options() -> Any:
    engine = _engine()
    assert engine is not None  # noqa: S101 - the callers have looked
    options = engine.Options()
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MEMORY
    return options
