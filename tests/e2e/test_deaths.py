"""Processes that are killed while queries arrive: answers go on, and what died comes back."""

from __future__ import annotations

from pathlib import Path

import dns.rcode
import pytest

from tests.e2e.load import Load
from tests.e2e.running import ADULT, BINH, BLOCKED, running, until

NAMES = ["www.example", BLOCKED]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_resolver_that_is_killed_under_load_costs_at_most_the_one_query_in_its_hands(
    tmp_path: Path, workers: int
) -> None:
    with running(tmp_path, settings={"workers": workers}) as house:
        assert len(house.pids("resolver")) == workers
        for _ in range(20):
            house.ask("www.example", client=BINH)
        with Load(("127.0.0.1", house.port), NAMES, client=BINH) as load:
            load.go_on_for(100)
            killed = house.kill("resolver")
            until(lambda: killed not in house.pids("resolver"), "the kernel has taken it away")
            until(lambda: len(house.pids("resolver")) == workers, "another resolver")
            load.go_on_for(300)
        assert len(load.lost) <= 1
        assert all(len(asked.replies) <= 1 for asked in load.asked)
        blocked = [asked for asked in load.asked if asked.name == BLOCKED and asked.replies]
        assert {asked.reply.rcode() for asked in blocked} == {dns.rcode.NXDOMAIN}
        assert house.metrics()["safedns_process_restarts_total", ("resolver",)] == 1
        assert house.ask("www.example", client=ADULT).answer
