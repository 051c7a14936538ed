"""The lines of one profile or preset, already checked -> one layer of ``Rules``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from safedns.policy.live import Target, TargetKind
from safedns.policy.model import Cleared, Limit, Rules, Switch
from safedns.policy.schema import RuleLines
from safedns.policy.vocabulary import Vocabulary
from safedns.policy.words_switches import SwitchLine


def rules_of(written: RuleLines, vocabulary: Vocabulary) -> Rules:
    """What ``written`` says; ``default`` and ``safety`` are a preset's own."""
    search = written.safe_search
    return Rules(
        bedtime=written.bedtime,
        homework=written.homework,
        services=_switches(written.services),
        categories=_switches(written.categories),
        windows=MappingProxyType({name: window for name, window in written.windows.items() if window is not None}),
        limits=tuple(_limits(written, vocabulary)),
        safe_search=search if isinstance(search, bool) else None,
        engines=MappingProxyType({} if search is None or isinstance(search, bool) else dict(search)),
        allow=tuple(dict.fromkeys(written.allow)),
        block=tuple(dict.fromkeys(written.block)),
        always=tuple(dict.fromkeys(written.always)),
        reply=written.reply,
        remember=written.remember,
        log=written.log,
        upstreams=written.upstreams,
        cleared=frozenset(_cleared(written)),
    )


def _switches(lines: Mapping[str, SwitchLine | None]) -> Mapping[str, Switch]:
    return MappingProxyType({name: line.switch for name, line in lines.items() if line is not None})


def _limits(written: RuleLines, vocabulary: Vocabulary) -> Iterator[Limit]:
    for word, by_days in written.limits.items():
        if by_days is not None:
            yield Limit(vocabulary.target(word), by_days)
    sections: tuple[tuple[TargetKind, Mapping[str, SwitchLine | None]], ...] = (
        ("service", written.services),
        ("category", written.categories),
    )
    for kind, lines in sections:
        for name, line in lines.items():
            if line is not None and line.limit is not None:
                yield Limit(Target(kind, name), line.limit)


def _cleared(written: RuleLines) -> Iterator[Cleared]:
    for key in written.cleared:
        yield Cleared(key)
    for key in ("services", "categories", "windows", "limits"):
        for name, value in getattr(written, key).items():
            if value is None:
                yield Cleared(key, name)
