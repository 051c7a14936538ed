"""Log and metrics agree with what was asked and answered, to the last query."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import dns.rcode

from tests.e2e.load import Load
from tests.e2e.running import ADULT, AN, BINH, BLOCKED, FAMILY, Running, running, until

GUEST = "127.0.0.4"
CLIENTS = {"adults": ADULT, "an": AN, "binh": BINH, "guests": GUEST}
QUERIES = 2000
ALLOWED = [f"www{number}.example" for number in range(40)]
FORBIDDEN = [f"{label}.{BLOCKED}" for label in ("www", "api", "cdn")]
ONE_GROUP_WITHOUT_A_LOG: dict[str, Any] = FAMILY | {
    "groups": FAMILY["groups"] | {"guests": {"preset": "open", "devices": [GUEST], "log": "off"}}
}


def test_two_thousand_mixed_queries_of_four_profiles_are_all_logged_and_counted_once(tmp_path: Path) -> None:
    rng = random.Random(20_261_123)
    with running(tmp_path, settings={"workers": 2}, family=ONE_GROUP_WITHOUT_A_LOG) as house:
        asked: Counter[tuple[str, str, str]] = Counter()
        for profile, client in CLIENTS.items():
            names = rng.choices(ALLOWED + FORBIDDEN, k=QUERIES // len(CLIENTS))
            with Load(("127.0.0.1", house.port), names, client=client, rate=900) as load:
                load.go_on_for(len(names))
            assert not load.lost
            for query in load.asked:
                nothing = query.reply.rcode() == dns.rcode.NXDOMAIN
                assert nothing == (profile == "binh" and query.name in FORBIDDEN)
                asked[profile, query.name, "blocked" if nothing else "allowed"] += 1
        house.ask(BLOCKED, client=BINH, protocol="tcp")
        asked["binh", BLOCKED, "blocked"] += 1

        assert asked.total() > QUERIES
        assert counted(house) == sums(asked)
        with_a_log = Counter({key: count for key, count in asked.items() if key[0] != "guests"})
        until(lambda: len(house.logs()) >= with_a_log.total(), "every row is written")
        rows = house.logs()
        assert Counter((str(row["profile"]), str(row["name"]), str(row["decision"])) for row in rows) == with_a_log
        assert {row["client"] for row in rows} == {ADULT, AN, BINH}
        assert [row["protocol"] for row in rows].count("tcp") == 1
        assert house.metrics()["safedns_log_rows_total", ()] == with_a_log.total()
        assert house.metrics()["safedns_log_rows_dropped_total", ()] == 0
        assert house.metrics()["safedns_events_dropped_total", ()] == 0


def sums(asked: Counter[tuple[str, str, str]]) -> dict[tuple[str, str], int]:
    """Queries by profile and decision."""
    found: Counter[tuple[str, str]] = Counter()
    for (profile, _, decision), count in asked.items():
        found[profile, decision] += count
    return dict(found)


def counted(house: Running) -> dict[tuple[str, str], int]:
    """The same as the metrics have it."""
    found: Counter[tuple[str, str]] = Counter()
    for (name, labels), value in house.metrics().items():
        if name == "safedns_queries_total":
            decision, profile, _protocol, _reason = labels
            found[profile, decision] += int(value)
    return dict(found)
