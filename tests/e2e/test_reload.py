"""A configuration that changes while queries arrive: each is answered by the old rules or the new ones."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dns.rcode
import pytest

from safedns.supervisor.addresses import local_addresses
from tests.e2e.load import Asked, Load
from tests.e2e.running import AN, BINH, BLOCKED, FAMILY, Running, household, running, until
from tests.tools import missing

SOON = 3.0
"""Seconds; a saved rule takes half of one, but a test machine may be busy."""


def family_that_blocks(*names: str) -> dict[str, Any]:
    """The usual one with other names blocked for Bình."""
    children = FAMILY["children"] | {"binh": FAMILY["children"]["binh"] | {"block": list(names)}}
    return FAMILY | {"children": children}


def blocked(asked: Asked) -> bool:
    return asked.reply.rcode() == dns.rcode.NXDOMAIN


def test_a_saved_rule_holds_soon_and_no_query_is_lost_or_answered_by_anything_but_the_old_or_the_new_rules(
    tmp_path: Path,
) -> None:
    with running(tmp_path, family=family_that_blocks("old.example")) as house:
        house.ask("new.example", client=BINH)
        with Load(("127.0.0.1", house.port), ["old.example", "new.example"], client=BINH) as load:
            load.go_on_for(100)
            house.save(family=family_that_blocks("new.example"))
            until(lambda: house.blocked("new.example"), "the new rule holds", within=SOON)
            load.go_on_for(100)
        assert not load.lost
        by_the_new_rules = [blocked(asked) == (asked.name == "new.example") for asked in load.asked]
        change = by_the_new_rules.index(True)
        assert 100 <= change <= len(load.asked) - 100
        assert by_the_new_rules == [False] * change + [True] * (len(load.asked) - change)


def test_a_reload_lets_go_of_the_lists_of_before(tmp_path: Path) -> None:
    def mapped(house: Running) -> int:
        """How many times a resolver has opened a list."""
        (pid,) = house.pids("resolver")
        files = [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.exists()]
        return sum(file.startswith(str(house.state / "lists")) for file in files)

    def reload(house: Running, number: int) -> int:
        house.save(family=family_that_blocks(f"n{number}.example"))
        assert house.command("reload").returncode == 0
        return mapped(house)

    with running(tmp_path) as house:
        before = mapped(house)
        assert before
        assert [reload(house, number) for number in range(4)] == [before] * 4


def test_a_file_that_is_still_being_written_is_not_read(tmp_path: Path) -> None:
    """Copied over a slow line, a file is good YAML long before it is whole; what it closes must not open meanwhile."""
    with running(tmp_path, family=family_that_blocks("one.example", "two.example")) as house:
        file = house.config / "family.yaml"
        whole = file.read_text(encoding="utf-8")
        lines = whole.splitlines(keepends=True)
        without = "".join(line for line in lines if "two.example" not in line)
        assert without != whole
        with file.open("w", encoding="utf-8") as half_way:
            for number in range(40):
                half_way.write(without if number == 0 else "# more is coming\n")
                half_way.flush()
                assert house.blocked("two.example")
                time.sleep(0.02)
            half_way.seek(0)
            half_way.truncate()
            half_way.write(whole.replace("one.example", "other.example"))
        until(lambda: house.blocked("other.example"), "the whole file holds", within=SOON)
        assert house.blocked("two.example")
        assert house.said().count("configuration loaded") == 1


def test_a_slip_of_the_pen_keeps_the_last_good_rules_and_says_where_it_is(tmp_path: Path) -> None:
    with running(tmp_path) as house:
        good = (house.config / "family.yaml").read_text(encoding="utf-8")
        house.save_text("family.yaml", good.replace("devices:", "devises:", 1))
        until(lambda: "the last good one stays" in house.said(), "the slip is noticed")
        assert house.blocked(BLOCKED)

        status = house.command("status")
        assert status.returncode == 1
        assert "family.yaml:" in status.stderr
        assert house.status()["configuration"]["ok"] is False
        assert house.metrics()["safedns_config_ok", ()] == 0

        reload = house.command("reload")
        assert (reload.returncode, reload.stdout) == (2, "")
        where, what = reload.stderr.splitlines()[0].split(": ", 1)
        assert where.rpartition("/")[2].split(":")[0] == "family.yaml"
        assert [number.isdigit() for number in where.split(":")[-2:]] == [True, True]
        assert "did you mean `devices`" in what

        house.save_text("family.yaml", good)
        until(house.is_well, "all is well again")
        assert house.metrics()["safedns_config_ok", ()] == 1


def hang_up(house: Running) -> None:
    house.kill("supervisor", signal.SIGHUP)


def reload(house: Running) -> None:
    assert house.command("reload").stdout == "the configuration is in use\n"


def update_lists(house: Running) -> None:
    assert house.command("lists", "update", "own").returncode == 0


@pytest.mark.parametrize("take_up", [hang_up, reload, update_lists])
def test_a_list_of_ones_own_is_read_again_when_asked(tmp_path: Path, take_up: Callable[[Running], None]) -> None:
    own = {"name": "own", "category": "malware", "source": "own.txt"}
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "own.txt").write_text("first.example\n")
    with running(tmp_path, settings={"lists": {"use": "none", "extra": [own]}}) as house:
        assert house.blocked("first.example")
        assert not house.blocked("second.example")
        house.save_text("own.txt", "first.example\nsecond.example\n")
        take_up(house)
        until(lambda: house.blocked("second.example"), "the new list holds")


def test_listening_elsewhere_opens_and_closes_sockets_and_loses_nothing_at_the_address_that_stays(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as house:

        def listen(*hosts: str) -> dict[str, Any]:
            return {"listen": {"dns": [f"{host}:{house.port}" for host in hosts], "metrics": "off"}}

        house.save(listen("127.0.0.1", "127.0.0.5"))
        until(lambda: "127.0.0.5" in str(house.status()["listen"]), "it listens on a second address")
        with Load(("127.0.0.1", house.port), [BLOCKED], client=BINH) as load:
            load.go_on_for(50)
            house.save(listen("127.0.0.1", "127.0.0.6"))
            until(lambda: "127.0.0.6" in str(house.status()["listen"]), "it listens elsewhere")
            load.go_on_for(50)
        assert not load.lost
        assert house.ask(BLOCKED, client=AN, server="127.0.0.6").answer
        assert house.ask(BLOCKED, client=AN, server="127.0.0.6", protocol="tcp").answer
        with pytest.raises(ConnectionRefusedError):
            house.ask(BLOCKED, client=AN, server="127.0.0.5", protocol="tcp")


def test_ipv6_is_served_beside_ipv4(tmp_path: Path) -> None:
    if "::1" not in local_addresses(socket.AF_INET6):
        missing("this machine has no IPv6 loopback address")
    with household(tmp_path) as house:
        places = [f"127.0.0.1:{house.port}", f"[::1]:{house.port}"]
        house.save({"listen": {"dns": places, "metrics": f"127.0.0.1:{house.metrics_port}"}})
        house.start()
        for server, client in (("127.0.0.1", AN), ("::1", "::1")):
            for protocol in ("udp", "tcp"):
                assert house.ask(BLOCKED, client=client, server=server, protocol=protocol).answer
        assert house.metrics()["safedns_queries_total", ("allowed", "adults", "udp", "default")] == 1
        until(lambda: "::1" in {row["client"] for row in house.logs()}, "the client's address is in the log")


def test_an_address_that_cannot_be_had_changes_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as house, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.7", house.port))
        listen = [f"127.0.0.6:{house.port}", f"127.0.0.7:{house.port}"]
        house.save({"listen": {"dns": listen}}, family_that_blocks("new.example"))
        until(lambda: not house.is_well(), "the trouble is noticed")
        again = house.command("reload")
        assert again.returncode == 2
        assert f"cannot listen on udp://127.0.0.7:{house.port}: Address already in use" in again.stderr
        assert house.status()["listen"] == [f"tcp://127.0.0.1:{house.port}", f"udp://127.0.0.1:{house.port}"]
        assert house.blocked(BLOCKED)
        with pytest.raises(ConnectionRefusedError):
            house.ask(BLOCKED, server="127.0.0.6", protocol="tcp")


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1)])
def test_another_number_of_workers_waits_for_the_next_start_and_loses_no_query(
    tmp_path: Path, before: int, after: int
) -> None:
    with running(tmp_path, settings={"workers": before}) as house:
        resolvers = house.pids("resolver")
        house.save({"workers": after})
        until(lambda: "configuration loaded" in house.said(), "the change is noticed")
        assert f"`workers: {after}` takes effect at the next start" in house.said()
        with Load(("127.0.0.1", house.port), [BLOCKED], client=BINH) as load:
            load.go_on_for(100)
        assert not load.lost
        assert house.pids("resolver") == resolvers
