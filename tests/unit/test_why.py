"""What a device is told when it asks what applies to a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import pytest

from tests.house import House, ttls

BINH = "127.0.0.3"
FAMILY: dict[str, Any] = {
    "children": {
        "binh": {
            "preset": "open",
            "devices": [BINH],
            "bedtime": "21:00-06:30",
            "services": {"tiktok": "off", "roblox": {"on": {"sat": "09:00-11:00"}}},
        }
    },
    "groups": {"adults": {"preset": "open", "devices": ["127.0.0.1"]}},
    "unknown": "adults",
}


def house(folder: Path, language: str = "en") -> House:
    made = House(folder)
    made.save(settings={"language": language}, family=FAMILY)
    return made


def text(reply: dns.message.Message) -> str:
    (rrset,) = reply.answer
    (rdata,) = rrset
    return b"".join(rdata.strings).decode()


@pytest.mark.parametrize(
    ("language", "name", "expected"),
    [
        ("en", "www.example.com", "open, until 21:00"),
        ("en", "tiktok.com", "closed: tiktok is off"),
        ("en", "roblox.com", "closed: not at this time, until Sat 09:00"),
        ("vi", "www.example.com", "mở, đến 21:00"),
        ("vi", "roblox.com", "đóng: không phải giờ này, đến 09:00 28/11"),
        ("vi", "printer.local", "tên trong nhà"),
    ],
)
async def test_it_says_what_applies_and_until_when(tmp_path: Path, language: str, name: str, expected: str) -> None:
    reply = await house(tmp_path, language).ask(f"{name}.why.safedns.internal", "TXT", client=BINH)
    assert text(reply) == expected
    assert ttls(reply) == [1]


async def test_it_says_something_else_once_the_rules_do(tmp_path: Path) -> None:
    here = house(tmp_path)
    question = "www.example.com.why.safedns.internal"
    here.at("2026-11-23 20:59:59")
    first = [text(await here.ask(question, "TXT", client=BINH)) for _ in range(2)]
    here.at("2026-11-23 21:00")
    assert [*first, text(await here.ask(question, "TXT", client=BINH))] == [
        "open, until 21:00", "open, until 21:00", "closed: bedtime, until 06:30"
    ]  # fmt: skip


async def test_a_name_in_any_letters_and_one_of_the_longest_is_understood(tmp_path: Path) -> None:
    here = house(tmp_path)
    assert text(await here.ask("TikTok.COM.Why.SafeDNS.internal", "TXT", client=BINH)) == "closed: tiktok is off"
    longest = ".".join(["x" * 63] * 3 + ["x" * (253 - 3 * 64 - len(".tiktok.com.why.safedns.internal"))])
    reply = await here.ask(f"{longest}.tiktok.com.why.safedns.internal", "TXT", client=BINH)
    assert text(reply) == "closed: tiktok is off"


async def test_the_question_is_recorded_as_answered_here(tmp_path: Path) -> None:
    here = house(tmp_path)
    await here.ask("tiktok.com.why.safedns.internal", "TXT", client=BINH)
    assert here.counter("queries", "binh", "allowed", "local", "udp") == 1
    assert here.asked == []


@pytest.mark.parametrize(
    ("qtype", "rdclass", "rcode"),
    [("TXT", "CH", dns.rcode.REFUSED), ("AXFR", "IN", dns.rcode.REFUSED), ("MAILB", "IN", dns.rcode.NOTIMP)],
)
async def test_other_classes_and_what_is_no_type_of_data_are_turned_down_as_for_any_name(
    tmp_path: Path, qtype: str, rdclass: str, rcode: int
) -> None:
    query = dns.message.make_query("tiktok.com.why.safedns.internal", qtype, rdclass)
    reply = dns.message.from_wire(await house(tmp_path).packet(query.to_wire(), BINH) or b"")
    assert (reply.rcode(), reply.answer) == (rcode, [])
