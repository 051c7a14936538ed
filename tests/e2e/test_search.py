"""Safe search is ready before anybody searches, and stands while the internet is down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.running import ADULT, BINH, household, until
from tests.nameserver import reply

FAMILY: dict[str, Any] = {
    "children": {"binh": {"preset": "open", "devices": [BINH], "safe_search": "on"}},
    "groups": {"adults": {"preset": "open", "devices": [ADULT]}},
    "unknown": "adults",
}
SAFE = "forcesafesearch.google.com"


def test_a_first_search_finds_its_safe_address_in_the_cache(tmp_path: Path) -> None:
    addresses = {"A": "192.0.2.7", "AAAA": "2001:db8::7"}
    with household(tmp_path) as house:
        house.save({}, FAMILY)
        house.upstream.behave = lambda asked: reply(asked, f"{asked.qtype} {addresses[asked.qtype]}", ttl=300)
        house.start()
        looked_up = {(SAFE, qtype) for qtype in addresses}
        until(lambda: looked_up <= {(each.name, each.qtype) for each in house.upstream.asked}, "it is looked up ahead")
        house.upstream.behave = lambda _: None
        for qtype, address in addresses.items():
            first = house.ask("www.google.com.vn", qtype, client=BINH)
            assert [str(rrset[0]) for rrset in first.answer] == [f"{SAFE}.", address]
        assert not house.ask("www.google.com.vn", "HTTPS", client=BINH).answer
