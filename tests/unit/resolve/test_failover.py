"""Whatever is wrong with an upstream, the next one answers: soon, rightly, and at once the next time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from safedns.resolve.strategy import BUDGET, PATIENCE_UNKNOWN
from tests.bench.failover import CASES, TRUTH, Case, ask_both, in_trouble
from tests.certificates import Authority
from tests.nameserver import NameServer

WAITS = ("stalled", "handshake stalls", "no TLS there")
"""Troubles that only patience can find out; where the truth may still come, that is what it is for after lies, too."""
WAITS_FOR_THE_TRUTH = ("wrong id", "wrong question", "garbage", "half an answer")
FACES_THAT_WAIT = {"udp": WAITS_FOR_THE_TRUTH, "tcp": WAITS_FOR_THE_TRUTH[:3], "tls": WAITS_FOR_THE_TRUTH[:3]}


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.trouble}-{case.face}")
async def test_the_next_upstream_answers(case: Case, authority: Authority, stranger: Authority) -> None:
    with in_trouble(case, authority, stranger) as bad, NameServer() as good:
        addresses, (first, second) = await asyncio.wait_for(ask_both(bad, good.spec), 2 * BUDGET)
    assert addresses == [(TRUTH,), (TRUTH,)]
    waits = case.trouble in (*WAITS, *FACES_THAT_WAIT.get(case.face, ()))
    assert first < (PATIENCE_UNKNOWN if waits else 0) + 0.7  # the rest is for machines that are busy
    if case.trouble != "truncated for ever":
        assert second < 0.5
