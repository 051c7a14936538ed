"""A soak's result as Markdown tables."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence

from safedns.wire.types import RCode
from tests.bench.compare.machine import commit, cpu_model
from tests.bench.compare.table import as_markdown
from tests.bench.soak.run import Result
from tests.bench.soak.sampler import Sample, slope

_ROLES = ("supervisor", "resolver", "recorder", "page")


def render(result: Result) -> str:
    """The whole report."""
    tables = (_queries(result), _books(result), _processes(result))
    return "\n\n".join([*(as_markdown(table) for table in tables), "\n".join(f"- {line}" for line in _facts(result))])


def _queries(result: Result) -> list[list[str]]:
    rows = [
        ["asked over", "sent", "answered", "no answer", "QUIC, other end gone", "outside", "asked again", "slowest s"]
    ]
    outside = Counter(each.protocol for each in result.outside)
    orphaned = Counter(each.protocol for each in result.orphaned)
    for protocol, each in sorted(result.ledger.sums.items()):
        again = f"{each.retries} ({each.retries_answered} answered)"
        numbers = (each.sent, each.answered, each.unanswered, orphaned[protocol], outside[protocol])
        rows.append([protocol, *map(str, numbers), again, f"{each.slowest:.2f}"])
    return rows


def _books(result: Result) -> list[list[str]]:
    rows = [["while", "times", "queries", "logged", "not logged", "dropped", "rows lost", "counts lost", "at most"]]
    for trouble in dict.fromkeys(each.trouble for each in result.balances):
        found = [each for each in result.balances if each.trouble == trouble]
        columns = ("answered", "rows", "not_logged", "dropped", "lost_rows", "lost_counts", "bound")
        rows.append([trouble, str(len(found)), *(str(sum(getattr(each, name) for each in found)) for name in columns)])
    return rows


def _processes(result: Result) -> list[list[str]]:
    rows = [
        [
            "process",
            "ran",
            "minutes fitted",
            "RSS MiB",
            "RSS MiB/h",
            "PSS MiB",
            "PSS MiB/h",
            "files",
            "files/h",
            "CPU s",
        ]
    ]
    for role in _ROLES:
        series = [samples for (each, _), samples in result.sampler.series.items() if each == role]
        if not series:
            continue
        fitted = _steady(max(series, key=len))
        times = f"{len(series)} times" if len(series) > 1 else "throughout"
        rows.append(
            [
                role,
                times,
                f"{(fitted[-1].at - fitted[0].at) / 60:.1f}",
                _ends(each.rss for each in fitted),
                f"{slope([(each.at, each.rss) for each in fitted]):+.1f}",
                _ends(each.pss for each in fitted),
                f"{slope([(each.at, each.pss) for each in fitted]):+.1f}",
                _ends((each.descriptors for each in fitted), digits=0),
                f"{slope([(each.at, each.descriptors) for each in fitted]):+.1f}",
                f"{result.sampler.cpu(role):.1f}",
            ]
        )
    return rows


def _steady(samples: Sequence[Sample]) -> Sequence[Sample]:
    """The second half of a process's life, when its caches have been full for a while."""
    middle = (samples[0].at + samples[-1].at) / 2
    return [each for each in samples if each.at >= middle]


def _ends(values: Iterable[float], digits: int = 1) -> str:
    found = list(values)
    return f"{found[0]:.{digits}f} to {found[-1]:.{digits}f}"


def _facts(result: Result) -> list[str]:
    ledger, plan = result.ledger, result.plan
    answered = sum(each.answered for each in ledger.sums.values()) + ledger.refused
    cpu = sum(result.sampler.cpu(role) for role in _ROLES)
    rcodes = ", ".join(f"{RCode(code).name} {count}" for code, count in sorted(ledger.rcodes.items()))
    windows = ", ".join(f"{each.end - each.start:.2f}" for each in result.windows)
    kills = ", ".join(f"{who} {times} times" for who, times in Counter(result.kills).items())
    return [
        f"machine: {cpu_model()}, {os.cpu_count()} cores, shared with whatever else runs there",
        f"commit: {commit()}",
        f"load: {result.seconds / 60:.1f} minutes at {plan.rate} queries a second, {plan.workers} resolver(s)",
        f"lists: {plan.listed} names ({result.origin})",
        f"answers: {rcodes}; wrong answers: {ledger.wrong_count}",
        f"packets that were no query: {ledger.refused} got an error, {ledger.silent} deserved no reply",
        f"clients that left at once: {ledger.abandoned}",
        f"killed: {kills}; seconds until a resolver was ready again: {windows}",
        f"pruned: {result.pruned} rows that were too old; {result.reads} scrapes beside those of the books",
        f"CPU: {cpu / answered * 1e6:.0f} microseconds an answered query, all processes",
        *(f"**Problem:** {problem}" for problem in result.problems[:40]),
    ]
