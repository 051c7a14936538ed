"""The short form of the soak: everything goes wrong once, nobody goes without an answer, and the books balance."""

from __future__ import annotations

from pathlib import Path

from safedns.wire.types import RCode
from tests.bench.soak.home import OLD_ROWS
from tests.bench.soak.report import render
from tests.bench.soak.run import Plan, soak


def test_whatever_goes_wrong_no_query_is_lost_and_each_is_counted_and_logged_once(tmp_path: Path) -> None:
    told: list[str] = []
    result = soak(tmp_path, Plan(minutes=0, rate=400, listed=4000, workers=2), told.append)
    assert result.problems == [], "\n".join(told)
    assert {"resolver", "recorder", "page", "an upstream", "`safedns lists update`"} <= set(result.kills)
    assert len(result.windows) == 1
    assert {"udp", "tcp", "tls", "https", "quic"} == {
        over for over, each in result.ledger.sums.items() if each.answered
    }
    assert {RCode.NOERROR, RCode.NXDOMAIN} <= result.ledger.rcodes.keys()
    assert all(balance.lost_rows == 0 for balance in result.balances if balance.death != "resolver")
    assert all(balance.lost_counts == 0 for balance in result.balances if not balance.death)
    assert all(balance.dropped == 0 for balance in result.balances if balance.death != "recorder")
    assert result.pruned == OLD_ROWS
    assert result.reads
    report = render(result)
    assert "Problem" not in report
    assert "| recorder killed | 1 |" in report
