"""Log and metrics agree with what was asked and answered, to the last query."""

from __future__ import annotations

import random
from collections import Counter
from math import inf
from pathlib import Path
from typing import Any

import dns.rcode

from safedns.blocklist.compile import compile_list
from safedns.blocklist.downloads import Downloads, Meta
from safedns.blocklist.library import lists_folder
from tests.e2e.load import Load
from tests.e2e.running import ADULT, AN, BINH, BLOCKED, CLOCK, FAMILY, Running, household, running, until

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


def test_lists_and_the_next_change_of_rules_are_told_as_they_are(tmp_path: Path) -> None:
    """A list of one's own, one that was never fetched, one that was, and a bedtime whose next edge is known."""
    lists = {
        "use": ["hostsvn-adult", "hostsvn-gambling"],
        "extra": [{"name": "mine", "category": "games", "source": "mine.txt"}],
    }
    bedtime = {"binh": FAMILY["children"]["binh"] | {"bedtime": "00:00-12:00"}}
    with household(tmp_path) as house:
        house.save({"lists": lists, "timezone": "UTC"}, FAMILY | {"children": FAMILY["children"] | bedtime})
        (house.config / "mine.txt").write_text("one.example\ntwo.example\nthree.example\n")
        fetched = tmp_path / "fetched.txt"
        fetched.write_text("bet.example\n")
        folder = lists_folder(house.state)
        folder.mkdir(parents=True)
        Downloads(house.state).folder.mkdir()
        compile_list(fetched, name="hostsvn-gambling", category="gambling", folder=folder, now=0)
        Downloads(house.state).write_meta("hostsvn-gambling", Meta(checked=1_750_000_000.0))
        Downloads(house.state).held("hostsvn-gambling").write_text("bet.example\n")
        house.start()
        metrics = house.metrics()
        now = CLOCK.wall()

    assert metrics["safedns_list_entries", ("games", "mine")] == 3
    assert metrics["safedns_list_entries", ("gambling", "hostsvn-gambling")] == 1
    assert metrics["safedns_list_entries", ("adult", "hostsvn-adult")] == 0
    assert metrics["safedns_list_updated_timestamp_seconds", ("hostsvn-gambling",)] == 1_750_000_000.0
    assert ("safedns_list_updated_timestamp_seconds", ("mine",)) not in metrics
    assert metrics["safedns_list_held", ("hostsvn-gambling",)] == 1
    assert metrics["safedns_list_held", ("hostsvn-adult",)] == 0
    half_a_day = 12 * 3600
    edge = metrics["safedns_next_edge_timestamp_seconds", ("binh",)]
    assert edge in ((now // half_a_day) * half_a_day, (now // half_a_day + 1) * half_a_day)
    assert metrics["safedns_next_edge_timestamp_seconds", ("an",)] == inf
