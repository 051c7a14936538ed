"""The usual tools as clients: dig, kdig, drill and dnsperf get what they ask for, each in its own way of asking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import BINH, BLOCKED, Running, running
from tests.nameserver import Asked, Reaction, address, reply
from tests.tools import run

MANY_RECORDS = [f"A 192.0.2.{number}" for number in range(1, 120)]
"""Too many for a datagram of 1232 bytes."""


def large(asked: Asked) -> Reaction:
    """The usual upstream with one large answer."""
    if asked.name != "large.example":
        return address(asked)
    truncated = asked.transport == "udp"
    return reply(asked, *([] if truncated else MANY_RECORDS), truncated=truncated)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("clients"), settings={"rate_limit": 0}) as house:
        house.upstream.behave = large
        yield house


def dig(house: Running, *arguments: str, tool: str = "dig") -> str:
    at = ["@127.0.0.1", "-p", str(house.port), "-b", BINH]
    once = ["+tries=1", "+time=5"] if tool == "dig" else ["+retry=0", "+time=5"]
    return run(tool, *at, *once, *arguments)


@pytest.mark.parametrize("tool", ["dig", "kdig"])
@pytest.mark.parametrize(
    "options", [(), ("+tcp",), ("+noedns",), ("+bufsize=512",), ("+subnet=192.0.2.0/24",), ("+dnssec",), ("+cd",)]
)
def test_every_way_of_asking_gets_the_answer_and_the_block(house: Running, tool: str, options: tuple[str, ...]) -> None:
    assert dig(house, "www.example", "+short", *options, tool=tool).split() == ["192.0.2.1"]
    blocked = dig(house, BLOCKED, *options, tool=tool)
    assert "status: NXDOMAIN" in blocked
    assert "192.0.2.1" not in blocked


@pytest.mark.parametrize("tool", ["dig", "kdig"])
def test_a_block_says_why_to_who_can_hear_it(house: Running, tool: str) -> None:
    assert "blocked by a parent" in dig(house, BLOCKED, "+edns=0", tool=tool)
    assert "blocked by a parent" not in dig(house, BLOCKED, "+noedns", tool=tool)


def test_a_large_answer_comes_over_tcp_when_a_datagram_cannot_hold_it(house: Running) -> None:
    assert len(dig(house, "large.example", "+short").split()) == len(MANY_RECORDS)
    cut_short = dig(house, "large.example", "+ignore", "+noedns")
    assert re.search(r"flags:[a-z ]*\btc\b", cut_short)


def drill(house: Running, name: str, *arguments: str) -> str:
    return run("drill", "-p", str(house.port), "-I", BINH, *arguments, name, "@127.0.0.1")


@pytest.mark.parametrize("options", [(), ("-t",), ("-b", "512"), ("-D",), ("-o", "rd"), ("-o", "CD")], ids=" ".join)
def test_drill_gets_the_answer_and_the_block(house: Running, options: tuple[str, ...]) -> None:
    said = drill(house, "www.example", *options)
    assert "rcode: NOERROR" in said
    assert re.search(r"^www\.example\.\s+\d+\s+IN\s+A\s+192\.0\.2\.1$", said, re.MULTILINE)
    blocked = drill(house, BLOCKED, *options)
    assert "rcode: NXDOMAIN" in blocked
    assert "192.0.2.1" not in blocked


@pytest.mark.parametrize("option", ["-t", "-a"])
def test_drill_gets_a_large_answer_over_tcp_at_once_or_by_itself(house: Running, option: str) -> None:
    assert drill(house, "large.example", option).count("192.0.2.") == len(MANY_RECORDS)


@pytest.mark.parametrize("options", [(), ("-b", "4096")], ids=" ".join)
def test_drill_is_told_to_ask_for_a_large_answer_over_tcp(house: Running, options: tuple[str, ...]) -> None:
    assert re.search(r"flags:[a-z ]*\btc\b", drill(house, "large.example", *options))


def test_several_questions_over_one_tcp_connection(house: Running) -> None:
    found = dig(house, "+tcp", "+keepopen", "www.example", "+short", "other.example", "+short")
    assert found.split() == ["192.0.2.1", "192.0.2.1"]


def test_five_thousand_queries_at_a_fixed_rate_are_all_answered(house: Running, tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_text("".join(f"www{number % 50}.example A\nx{number}.{BLOCKED} A\n" for number in range(2500)))
    at = ["-s", "127.0.0.1", "-p", str(house.port), "-a", BINH]
    said = run("dnsperf", *at, "-d", str(names), "-n", "1", "-Q", "2500", "-c", "4", "-T", "1", "-t", "5")
    counts = {word: int(number) for word, number in re.findall(r"Queries (sent|completed|lost): +(\d+)", said)}
    assert counts == {"sent": 5000, "completed": 5000, "lost": 0}
    assert re.search(r"Response codes: +NOERROR 2500 \(50.00%\), NXDOMAIN 2500 \(50.00%\)", said), said
