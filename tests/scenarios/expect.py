"""Comparing what happened with what a scenario expects: every difference in plain words, none left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import dns.message
import dns.rcode

from tests.house import answers, extended_error, ttls
from tests.scenarios.scenario import Expect, LogRow

Counted = Counter[tuple[str, ...]]
"""Counters by key and labels, as ``safedns.record.counters`` names them."""

_NAMES = {"profile": "who", "client": "from", "reason": "why", "why": "words"}
"""A line's fields as ``safedns logs --json`` names them -> as scenarios do; the others have one name."""


class Seen(NamedTuple):
    """What one step's query came to."""

    replies: list[dns.message.Message]
    sent: int
    counted: Counted
    """Who was counted for what: (profile, decision, reason, protocol)."""
    asked: list[str]
    """Questions that reached an upstream meanwhile."""


def query_differences(expect: Expect, seen: Seen) -> Iterator[str]:
    """Each way in which a query did not come to what was expected."""
    wanted = 0 if expect.reply == "none" else seen.sent if expect.replies is None else expect.replies
    if len(seen.replies) != wanted:
        yield f"{len(seen.replies)} of {seen.sent} queries were answered; expected {wanted}"
    for reply in seen.replies:
        yield from _reply_differences(expect, reply)
    yield from _counted_differences(expect, seen.counted)
    if expect.upstream_asked is not None and tuple(seen.asked) != expect.upstream_asked:
        yield f"upstreams were asked {seen.asked or 'nothing'}; expected {list(expect.upstream_asked) or 'nothing'}"


def _reply_differences(expect: Expect, reply: dns.message.Message) -> Iterator[str]:
    error = extended_error(reply)
    found: dict[str, object] = {
        "rcode": dns.rcode.to_text(reply.rcode()),
        "answers": answers(reply),
        "edns": reply.edns >= 0,
        "truncated": bool(reply.flags & dns.flags.TC),
        "ede": error[0] if error else None,
        "told": error[1] if error else "nothing",
    }
    for field in expect.model_fields_set & found.keys():
        if found[field] != getattr(expect, field):
            yield f"{field} is {found[field]}; expected {getattr(expect, field)}"
    lives = ttls(reply)
    if expect.ttl is not None and set(lives) != {expect.ttl}:
        yield f"TTLs are {lives}; expected {expect.ttl}"
    if expect.ttl_at_most is not None and not (lives and max(lives) <= expect.ttl_at_most):
        yield f"TTLs are {lives}; expected at most {expect.ttl_at_most}"


def _counted_differences(expect: Expect, counted: Counted) -> Iterator[str]:
    for field, position in (("who", 0), ("decision", 1), ("why", 2)):
        wanted = getattr(expect, field)
        if wanted is not None and (found := sorted({key[position] for key in counted})) != [wanted]:
            yield f"{field} is {', '.join(found) or 'not counted'}; expected {wanted}"


def log_differences(expected: Sequence[LogRow], lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each way in which the query log differs; ``lines`` as ``safedns logs --json`` shows them."""
    rows = [_as_in_scenarios(line) for line in lines]
    for number, (wanted, row) in enumerate(zip(expected, rows, strict=False), 1):
        for field, value in wanted.model_dump(by_alias=True, exclude_unset=True).items():
            if row[field] != value:
                yield f"log line {number} ({row['name']}): {field} is {row[field]!r}; expected {value!r}"
    if len(rows) != len(expected):
        listed = "".join(f"\n    {row['who']} {row['name']} {row['decision']} {row['why']}" for row in rows)
        yield f"the log has {len(rows)} lines; expected {len(expected)}:{listed}"


def _as_in_scenarios(line: Mapping[str, Any]) -> dict[str, Any]:
    row = {_NAMES.get(field, field): value for field, value in line.items()}
    return {**row, "rcode": dns.rcode.to_text(line["rcode"])}


def counter_differences(expected: Mapping[str, int], counted: Counted) -> Iterator[str]:
    """Each counter that shows another number; the others with that name help to find a wrong label."""
    for key, wanted in expected.items():
        found = counted[tuple(key.split())]
        if found != wanted:
            yield f"counter {key} is {found}; expected {wanted}{_others(key.split()[0], counted.items())}"


def _others(name: str, counted: Iterable[tuple[tuple[str, ...], int]]) -> str:
    return "".join(f"\n    {' '.join(key)}: {count}" for key, count in sorted(counted) if key[0] == name)
