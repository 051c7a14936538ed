"""Types of records by the names that lists write for them."""

from __future__ import annotations

from collections.abc import Iterable

from safedns.wire.types import parse_type


def read_types(names: Iterable[str]) -> tuple[int, ...]:
    """``A``, ``https``, ``TYPE65`` ... -> their numbers, sorted, each once; ``ValueError`` for one that is none."""
    return tuple(sorted({_number(name.strip()) for name in names}))


def _number(name: str) -> int:
    try:
        return parse_type(name)
    except ValueError:
        from dnslib import QTYPE  # knows every registered type; only a list that names a rare one needs it

        number = QTYPE.reverse.get(name.upper())
        if number is None:
            raise
        return int(number)
