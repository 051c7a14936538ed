"""From samples to a table whose parts add up to the whole. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tests.bench.compare.table import as_markdown, as_text

SWITCHED = "switched out for another process"
INTERRUPTS = "entry and exit, interrupts, page faults"
WHOLE = "all"
LEAST = 0.15
"""Microseconds; a system call that costs less on every path is counted among the others."""
ENTERED = "syscalls:sys_enter_"
"""What perf calls a system call begins so."""
FEWEST = 0.01
"""Calls a query; what is rarer is not shown."""
OTHER_CALLS = "other system calls"

_CALL = re.compile(r"__(?:x64|arm64|se)_sys_(\w+)$")
_KERNEL = re.compile(r"^[89a-f][0-9a-f]{15}$")
_COUNT = re.compile(rf"^(\d+),,{ENTERED}(\w+),", re.MULTILINE)

_GROUPS = (
    ("asyncio/", "event loop"),
    ("selectors.py", "event loop"),
    ("safedns/server/", "server: the loop, the socket's reader and writer"),
    ("safedns/memo.py", "memo"),
    ("safedns/peers.py", "who asks"),
    ("safedns/lan/", "who asks"),
    ("safedns/wire/", "wire: packets to values and back"),
    ("safedns/policy/", "rules and lists: the walk"),
    ("safedns/blocklist/", "rules and lists: the walk"),
    ("safedns/blocking.py", "rules and lists: the walk"),
    ("safedns/why.py", "rules and lists: the walk"),
    ("safedns/review.py", "review of answers"),
    ("safedns/resolve/upstream/", "upstream: sockets and matching"),
    ("safedns/resolve/", "resolver: cache, flights, strategy"),
    ("safedns/finish.py", "exit: event and counters"),
    ("safedns/record/", "exit: event and counters"),
    ("safedns/", "pipeline and the rest"),
    ("", "pipeline and the rest"),
)
"""Part of a file's path -> what it is called here; the first that fits."""


class Stacks(NamedTuple):
    """How often a process was seen where."""

    user: int
    calls: Mapping[str, int]
    """System call, ``SWITCHED`` or ``INTERRUPTS`` -> samples in the kernel."""


class Seen(NamedTuple):
    """What was found out about one path."""

    micros: Mapping[str, float]
    """Process -> CPU microseconds a query."""
    resolver: Stacks
    recorder: Stacks
    files: Mapping[str, int]
    """Python file -> samples of the resolver's user time."""
    calls: Mapping[str, float]
    """System call -> how often the resolver made it for a query."""


def stacks(script: str) -> Stacks:
    """Read ``perf script -F ip,sym``: one sample a paragraph, the innermost function first."""
    calls: Counter[str] = Counter()
    user = 0
    for sample in script.split("\n\n"):
        lines = [line.split() for line in sample.splitlines() if line.strip()]
        if not lines:
            continue
        if not _KERNEL.match(lines[0][0]):
            user += 1
            continue
        calls[_kind([line[1] for line in lines if len(line) > 1])] += 1
    return Stacks(user, calls)


def _kind(functions: Sequence[str]) -> str:
    """What the kernel did in a sample with these functions."""
    found = (_CALL.match(function) for function in functions)
    return next((match[1] for match in found if match), SWITCHED if "schedule" in functions else INTERRUPTS)


def counted(text: str) -> dict[str, int]:
    """Read ``perf stat --field-separator ,``: system call -> calls."""
    return {name: int(count) for count, name in _COUNT.findall(text)}


def group(file: str) -> str:
    """What the work of a Python file is called in the table."""
    return next(name for part, name in _GROUPS if part in file)


def parts(seen: Seen) -> dict[str, float]:
    """Part -> microseconds a query; they add up to all of ``seen.micros``."""
    divided = _resolver(seen)
    recorder = seen.recorder.user + sum(seen.recorder.calls.values())
    whole = seen.micros.get("recorder", 0.0)
    kernel = sum(seen.recorder.calls.values()) / recorder if recorder else 0.0
    divided["recorder: Python and SQLite"] = whole * (1 - kernel)
    divided["recorder: kernel"] = whole * kernel
    divided["supervisor"] = seen.micros.get("supervisor", 0.0)
    return divided


def _resolver(seen: Seen) -> dict[str, float]:
    total = seen.resolver.user + sum(seen.resolver.calls.values())
    if not total:
        return {"resolver": seen.micros["resolver"]}
    sample = seen.micros["resolver"] / total
    kernel = {f"kernel: {name}": count * sample for name, count in seen.resolver.calls.items()}
    groups: Counter[str] = Counter()
    for file, count in seen.files.items():
        groups[group(file)] += count
    python = sum(groups.values())
    if not python:
        return {**kernel, "Python": seen.resolver.user * sample}
    share = seen.resolver.user * sample / python
    return {**kernel, **{f"Python: {name}": count * share for name, count in groups.items()}}


def rows(seen: Mapping[str, Seen]) -> list[list[str]]:
    """The table's cells, its header first: parts down, paths across, the whole last."""
    columns = {path: parts(one) for path, one in seen.items()}
    names = dict.fromkeys(name for column in columns.values() for name in column)
    rare = {
        name
        for name in names
        if name.startswith("kernel: ") and all(column.get(name, 0.0) < LEAST for column in columns.values())
    }
    lines = {name: [column.get(name, 0.0) for column in columns.values()] for name in names if name not in rare}
    if rare:
        lines[f"kernel: {OTHER_CALLS}"] = [sum(column.get(name, 0.0) for name in rare) for column in columns.values()]
    body = [[name, *(f"{micros:.1f}" for micros in lines[name])] for name in sorted(lines, key=_order(lines))]
    whole = [WHOLE, *(f"{sum(one.micros.values()):.1f}" for one in seen.values())]
    return [["part", *columns], *body, whole]


def _order(lines: Mapping[str, Sequence[float]]) -> Callable[[str], tuple[int, float]]:
    """The kernel first, then Python, then the other processes; the dearest first."""
    kinds = ("kernel: ", "Python", "recorder", "supervisor")

    def order(name: str) -> tuple[int, float]:
        return next(place for place, kind in enumerate(kinds) if name.startswith(kind)), -max(lines[name])

    return order


def call_rows(seen: Mapping[str, Seen]) -> list[list[str]]:
    """System calls of the resolver for each query, the commonest first."""
    names = {name for one in seen.values() for name, count in one.calls.items() if count >= FEWEST}
    most = {name: max(one.calls.get(name, 0.0) for one in seen.values()) for name in names}
    body = [
        [name, *(f"{one.calls.get(name, 0.0):.2f}" for one in seen.values())]
        for name in sorted(names, key=lambda name: (-most[name], name))
    ]
    return [["call", *seen], *body]


def render(seen: Mapping[str, Seen], facts: Sequence[str], remarks: Sequence[str], *, markdown: bool) -> str:
    """The whole report."""
    shape = as_markdown if markdown else as_text
    sampled = ", ".join(f"{path} {sum(one.files.values())}" for path, one in seen.items())
    told = [*facts, f"samples that divide the resolver's Python: {sampled}"]
    notes = [f"**Note:** {remark}" if markdown else f"NOTE: {remark}" for remark in remarks]
    return "\n\n".join(
        [
            f"CPU microseconds a query, by part:\n\n{shape(rows(seen))}",
            f"System calls of the resolver, for each query:\n\n{shape(call_rows(seen))}",
            "\n".join(f"- {fact}" if markdown else fact for fact in (*told, *notes)),
        ]
    )
