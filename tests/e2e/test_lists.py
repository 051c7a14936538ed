"""Lists that cannot be fetched: DNS goes on, and what was good serves."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.running import running, until
from tests.unit.blocklist.listserver import Answer, ListServer


def test_when_no_list_can_be_fetched_dns_goes_on_and_the_last_good_versions_serve(tmp_path: Path) -> None:
    with ListServer() as server:
        sources = {"near": server.put("near.example"), "far": "https://lists.example/list.txt"}
        extra = [{"name": name, "category": "malware", "source": source} for name, source in sources.items()]
        with running(tmp_path, settings={"lists": {"use": "none", "extra": extra}}) as house:
            house.command("lists", "update", "near")
            until(lambda: house.blocked("near.example"), "the list that could be had holds")

            server.answers["/list.txt"] = Answer(b"<!DOCTYPE html>", headers={"Content-Type": "text/html"})
            done = house.command("lists", "update")
            assert done.returncode != 0
            stand = house.command("lists", "status").stdout.splitlines()
            near, far = (next(line for line in stand if line.startswith(name)) for name in sources)
            assert "web page" in near
            assert "192.0.2.1" in far
            assert "lists.example" in {asked.name for asked in house.upstream.asked}

            assert house.blocked("near.example")
            assert house.ask("other.example").answer
            assert house.pids("resolver")


def test_a_list_of_ones_own_holds_as_soon_as_it_is_saved(tmp_path: Path) -> None:
    own = {"name": "own", "category": "malware", "source": "own.txt"}
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "own.txt").write_text("first.example\n")
    with running(tmp_path, settings={"lists": {"use": "none", "extra": [own]}}) as house:
        assert not house.blocked("second.example")
        house.save_text("own.txt", "first.example\nsecond.example\n")
        until(lambda: house.blocked("second.example"), "the new list holds")
