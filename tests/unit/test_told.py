"""What a device is told about a closed name: words, or JSON for those who ask for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.told import MAX_TEXT, structured
from tests.house import House, extended_error

BINH = "127.0.0.3"
FAMILY: dict[str, Any] = {
    "children": {"binh": {"preset": "open", "devices": [BINH], "services": {"tiktok": "off", "youtube": "strict"}}},
    "groups": {"adults": {"preset": "open"}},
    "unknown": "adults",
}
TABLE = {"restrict.youtube.com A": ["restrict.youtube.com 60 IN A 192.0.2.1"]}


def with_option(data: bytes) -> Any:
    def change(query: dns.message.Message) -> None:
        query.use_edns(0, options=[dns.edns.GenericOption(dns.edns.OptionType.EDE, data)])

    return change


def house(folder: Path, **settings: object) -> House:
    made = House(folder, table=TABLE)
    made.save(settings=settings, family=FAMILY)
    return made


@pytest.mark.parametrize("data", [b"", b"\0\0"], ids=["empty", "code 0"])
async def test_a_client_that_sends_the_option_is_told_in_json(tmp_path: Path, data: bytes) -> None:
    here = house(tmp_path, contact=["tel:111", "mailto:ba@home.example"])
    for _ in range(2):
        error = extended_error(await here.ask("tiktok.com", client=BINH, change=with_option(data)))
        assert error is not None
        assert error[0] == 17
        assert json.loads(error[1]) == {
            "c": ["tel:111", "mailto:ba@home.example"], "j": "tiktok is off", "o": "safedns"
        }  # fmt: skip


async def test_others_are_told_in_words_whatever_was_sent_before(tmp_path: Path) -> None:
    here = house(tmp_path)
    await here.ask("tiktok.com", client=BINH, change=with_option(b""))
    assert extended_error(await here.ask("tiktok.com", client=BINH)) == (17, "tiktok is off")


async def test_without_a_contact_there_is_none(tmp_path: Path) -> None:
    error = extended_error(await house(tmp_path).ask("tiktok.com", client=BINH, change=with_option(b"")))
    assert error == (17, '{"j":"tiktok is off","o":"safedns"}')


async def test_a_vietnamese_household_names_the_hotline_unless_it_says_otherwise(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, object], list[str] | None]] = [({}, ["tel:111"]), ({"contact": []}, None)]
    for settings, expected in cases:
        folder = tmp_path / str(len(settings))
        folder.mkdir()
        here = house(folder, language="vi", **settings)
        error = extended_error(await here.ask("tiktok.com", client=BINH, change=with_option(b"")))
        assert error is not None
        assert json.loads(error[1]).get("c") == expected
        assert json.loads(error[1])["j"] == "tiktok đang tắt"


async def test_an_answer_that_is_only_restricted_is_told_in_words(tmp_path: Path) -> None:
    error = extended_error(await house(tmp_path).ask("www.youtube.com", client=BINH, change=with_option(b"")))
    assert error is not None
    assert (error[0], error[1][:1]) == (4, "y")


@given(st.text(max_size=400), st.lists(st.text("abcdefghij:@.", min_size=1, max_size=40), max_size=3))
def test_the_text_is_json_that_fits_whatever_is_said(words: str, contact: list[str]) -> None:
    text = structured(words, tuple(contact))
    assert len(text.encode("utf-8", "surrogatepass")) <= MAX_TEXT
    read = json.loads(text)
    assert read.get("c", []) == contact
    assert words.startswith(read["j"].removesuffix("…"))
