"""What is kept, against the program as it runs."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.running import ADULT, AN, Running, running, until


def asked(house: Running, name: str) -> int:
    """How often the upstream was asked for ``name``."""
    return sum(each.name == name for each in house.upstream.asked)


def test_a_name_that_is_flushed_is_asked_for_again_though_its_reply_was_finished(tmp_path: Path) -> None:
    with running(tmp_path) as house:
        for _ in range(4):  # a miss, a hit, and two of the finished reply
            house.ask("www.example")
        house.ask("other.example")
        (stats,) = json.loads(house.command("cache", "stats", "--json").stdout)
        assert (stats["entries"], stats["hit"], stats["finished"]) == (2, 1, 2)
        flushed = house.command("cache", "flush", "www.example")
        assert (flushed.returncode, flushed.stdout) == (0, "forgot 1 answer for www.example and names below it\n")
        house.ask("www.example")
        house.ask("other.example")
        assert (asked(house, "www.example"), asked(house, "other.example")) == (2, 1)


def test_every_worker_forgets(tmp_path: Path) -> None:
    with running(tmp_path, settings={"workers": 2}) as house:
        for client in (ADULT, AN) * 10:
            house.ask("www.example", client=client)
        kept = [one["entries"] for one in json.loads(house.command("cache", "stats", "--json").stdout)]
        assert len(kept) == 2
        assert house.command("cache", "flush", "--all").stdout.startswith(f"forgot {sum(kept)} answer")
        assert [one["entries"] for one in json.loads(house.command("cache", "stats", "--json").stdout)] == [0, 0]


def test_what_is_fresh_is_kept_over_a_restart_where_that_is_wanted(tmp_path: Path) -> None:
    with running(tmp_path, settings={"cache": {"save": "on"}}) as house:
        file = house.state / "cache" / "resolver-0"
        house.ask("www.example")
        assert not file.exists()
        house.end()
        assert file.stat().st_mode & 0o777 == 0o600
        house.start()
        assert not file.exists()
        assert house.ask("www.example").answer
        assert asked(house, "www.example") == 1
        house.save({"cache": {"save": "off"}})
        until(lambda: house.said().count("configuration loaded") == 1, "the new setting is in use")
        house.end()
        assert not file.exists()
