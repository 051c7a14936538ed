"""A school of two thousand profiles that reloads while two thousand queries a second arrive."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dns.rcode

from tests.e2e.load import Load
from tests.e2e.running import ADULT, household, until

PUPILS = 2000
ASKING = 4
"""Pupils whose devices ask, each for the same two names."""
RATE = 2000 // ASKING


def school(closed: str) -> dict[str, Any]:
    """Everybody may have everything but ``closed``; each has a device and a window of his own."""
    pupils = {
        f"p{number}": {
            "preset": "open",
            "devices": [address(number)],
            "block": [closed],
            "windows": {"nap": {"what": "nap.example", "off": f"12:{number % 60:02}-13:00"}},
        }
        for number in range(PUPILS)
    }
    return {"children": pupils, "groups": {"staff": {"preset": "open", "devices": [ADULT]}}, "unknown": "staff"}


def address(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


def test_no_query_is_lost_or_answered_by_anything_but_the_old_or_the_new_rules(tmp_path: Path) -> None:
    with household(tmp_path) as house, ExitStack() as stack:
        house.save({"timezone": "Asia/Ho_Chi_Minh"}, school("old.example"))
        house.start()
        server = ("127.0.0.1", house.port)
        loads = [
            stack.enter_context(Load(server, ["old.example", "new.example"], client=address(number * 499), rate=RATE))
            for number in range(ASKING)
        ]
        for load in loads:
            load.go_on_for(200)
        house.save(family=school("new.example"))
        until(lambda: house.blocked("new.example", client=address(1234)), "the new rules hold", within=60.0)
        for load in loads:
            load.go_on_for(200)
        stack.close()

        assert sum(len(load.asked) for load in loads) > RATE
        for load in loads:
            assert not load.lost
            by_the_new = [
                (asked.reply.rcode() == dns.rcode.NXDOMAIN) == (asked.name == "new.example") for asked in load.asked
            ]
            change = by_the_new.index(True)
            assert by_the_new == [False] * change + [True] * (len(by_the_new) - change)
