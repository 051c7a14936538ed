"""Which queries without an answer the death of a resolver explains."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from tests.bench.soak.books import Metrics
from tests.bench.soak.ledger import Ledger, Unanswered
from tests.bench.soak.run import NOTICE, Plan, Result
from tests.bench.soak.sampler import Sampler
from tests.bench.soak.troubles import Window

WINDOW = Window(100.0, 101.0)


def result(*gone: Unanswered) -> Result:
    ledger = Ledger()
    ledger.unanswered = list(gone)
    nothing: Any = SimpleNamespace(resets=0)
    metrics, sampler = cast("Metrics", nothing), cast("Sampler", nothing)
    return Result(Plan(1, 1, 1, 1), 60.0, 0.0, ledger, [], sampler, metrics, [WINDOW], [], 0, 0, 0, "")


def test_on_its_way_or_sent_while_no_resolver_was_there_is_within() -> None:
    on_its_way, sent_meanwhile = Unanswered("tcp", 99.0, 100.2, 0.0), Unanswered("udp", 100.5, 105.5, 0.0)
    found = result(on_its_way, sent_meanwhile)
    assert found.within == [on_its_way, sent_meanwhile]
    assert found.problems == []


def test_before_and_after_is_outside() -> None:
    before, after = Unanswered("udp", 90.0, 95.0, 0.0), Unanswered("udp", 101.1, 106.1, 0.0)
    found = result(before, after)
    assert found.outside == [before, after]
    assert found.problems == ["2 queries over udp lost outside every window"]


def test_a_quic_connection_from_before_is_orphaned_until_the_client_must_have_noticed() -> None:
    orphan = Unanswered("quic", 102.0, 107.0, 50.0)
    too_late = Unanswered("quic", WINDOW.end + NOTICE + 1, 120.0, 50.0)
    newer = Unanswered("quic", 102.0, 107.0, 101.5)
    found = result(orphan, too_late, newer)
    assert found.orphaned == [orphan]
    assert found.outside == [too_late, newer]
