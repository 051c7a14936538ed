"""RFC 8914: Extended DNS errors"""

from __future__ import annotations

import asyncio

import dns.rcode
import pytest

from safedns.tasks import spawn
from tests.house import House, extended_error
from tests.signed import DAY
from tests.standards.conftest import FAMILY
from tests.worlds import Signed, forged

BINH = "127.0.0.3"


@pytest.mark.rfc(8914, "2")
async def test_section_2_an_error_is_only_told_to_who_sent_an_opt(house: House) -> None:
    """Extended errors are EDNS options: a query without OPT gets a response without."""
    reply = await house.ask("blocked.example", client=BINH, edns=False)
    assert (reply.rcode(), reply.edns) == (dns.rcode.NXDOMAIN, -1)


@pytest.mark.rfc(8914, "3")
async def test_section_3_the_text_is_utf_8_and_the_rcode_stands(house: House) -> None:
    """The error comes with text for people, and does not change what the response means."""
    reply = await house.ask("blocked.example", client=BINH)
    code, text = extended_error(reply) or (0, "")
    assert (reply.rcode(), code, bool(text)) == (dns.rcode.NXDOMAIN, 17, True)


@pytest.mark.rfc(8914, "4.4")
async def test_section_4_4_a_stale_answer_is_called_stale(house: House) -> None:
    """Code 3: the answer comes from what had expired."""
    await house.ask("www.example.com")
    house.clock.advance(400)
    house.table["www.example.com A"] = ["SILENT"]
    assert (extended_error(await house.ask("www.example.com")) or (0,))[0] == 3


@pytest.mark.rfc(8914, "4.20")
async def test_section_4_20_a_denial_that_has_expired_is_called_a_stale_one(house: House) -> None:
    """Code 19: that the name does not exist comes from what had expired."""
    house.table["gone.example.com A"] = ["NXDOMAIN"]
    await house.ask("gone.example.com")
    house.clock.advance(400)
    house.table["gone.example.com A"] = ["SILENT"]
    reply = await house.ask("gone.example.com")
    assert (reply.rcode(), (extended_error(reply) or (0,))[0]) == (dns.rcode.NXDOMAIN, 19)


@pytest.mark.rfc(8914, "4.5")
async def test_section_4_5_a_rewritten_answer_is_called_forged(house: House) -> None:
    """Code 4: the answer is another than the one that was asked for, as safe search is."""
    assert (extended_error(await house.ask("www.youtube.com", client=BINH)) or (0,))[0] == 4


@pytest.mark.rfc(8914, "4.14")
async def test_section_4_14_a_failure_out_of_memory_is_called_cached(house: House) -> None:
    """Code 13: the failure is one that is remembered."""
    house.table["silent.example.com A"] = ["SILENT"]
    codes = [(extended_error(await house.ask("silent.example.com")) or (0,))[0] for _ in range(2)]
    assert codes[0] in (22, 23)
    assert codes[1] == 13


@pytest.mark.rfc(8914, "4.15")
async def test_section_4_15_who_asks_while_the_rules_change_is_told_not_ready(house: House) -> None:
    """Code 14: the server is not ready to answer, as when the answer under way is one by rules that are no more."""
    asking = spawn(house.ask("www.youtube.com", client=BINH), "ask")
    while not house.asked:  # noqa: ASYNC110 - the upstream answers a turn of the loop later
        await asyncio.sleep(0)
    house.save(family={**FAMILY, "children": {"binh": {**FAMILY["children"]["binh"], "services": {}}}})
    reply = await asking
    assert (reply.rcode(), (extended_error(reply) or (0,))[0]) == (dns.rcode.SERVFAIL, 14)


@pytest.mark.rfc(8914, "4.16")
async def test_section_4_16_what_is_dangerous_is_called_blocked(house: House) -> None:
    """Code 15: closed for security by who runs the server, as malware is."""
    house.save(
        family={**FAMILY, "groups": {"adults": {"preset": "13-15", "devices": ["127.0.0.1"]}}},
        lists={"malware": ["bad.example"]},
    )
    assert (extended_error(await house.ask("bad.example")) or (0,))[0] == 15


@pytest.mark.rfc(8914, "4.17")
async def test_section_4_17_what_an_upstream_calls_censored_is_passed_on_as_that(house: House) -> None:
    """Code 16: closed by demand of somebody else than who runs the server. An upstream has to know that, never we."""
    house.table["censored.example.com A"] = ["EDE 16", "NXDOMAIN"]
    reply = await house.ask("censored.example.com")
    assert (reply.rcode(), (extended_error(reply) or (0,))[0]) == (dns.rcode.NXDOMAIN, 16)


@pytest.mark.rfc(8914, "4.18")
async def test_section_4_18_what_a_family_closed_is_called_filtered(house: House) -> None:
    """Code 17: closed because the household asked for it."""
    assert (extended_error(await house.ask("blocked.example", client=BINH)) or (0,))[0] == 17


@pytest.mark.rfc(8914, "4.19")
async def test_section_4_19_who_may_not_ask_is_told_prohibited(house: House) -> None:
    """Code 18: this client may not ask here."""
    reply = await house.ask("www.example.com", client="203.0.113.7")
    assert (reply.rcode(), (extended_error(reply) or (0,))[0]) == (dns.rcode.REFUSED, 18)


@pytest.mark.rfc(8914, "4.23")
async def test_section_4_23_that_no_upstream_could_say_anything_is_told(house: House) -> None:
    """Code 22: nobody who was asked could tell."""
    reply = await house.ask("failing.example.com")
    assert (reply.rcode(), (extended_error(reply) or (0,))[0]) == (dns.rcode.SERVFAIL, 22)


@pytest.mark.rfc(8914, "4.24")
async def test_section_4_24_that_an_upstream_could_not_be_reached_is_told(house: House) -> None:
    """Code 23: the network let nothing through."""
    house.table["silent.example.com A"] = ["SILENT"]
    reply = await house.ask("silent.example.com")
    assert (reply.rcode(), (extended_error(reply) or (0,))[0]) == (dns.rcode.SERVFAIL, 23)


@pytest.mark.rfc(8914, "4.7")
async def test_section_4_7_what_is_bogus_says_so(signed: Signed) -> None:
    """An answer that does not pass the check by DNSSEC is told as bogus."""
    forged(signed.zones["signed"])
    error = extended_error(await signed.house.ask("www.signed.example"))
    assert error is not None
    assert error[0] == 6


@pytest.mark.rfc(8914, "4.8")
async def test_section_4_8_a_signature_that_has_expired_is_told(signed: Signed) -> None:
    """Where all signatures have expired, that is the error; likewise where they are not valid yet."""
    now = signed.house.clock.wall()
    signed.zones["signed"].sign(inception=now - 9 * DAY, expiration=now - 2 * DAY)
    expired = extended_error(await signed.house.ask("www.signed.example"))
    signed.zones["signed2"].sign(inception=now + 2 * DAY, expiration=now + 9 * DAY)
    early = extended_error(await signed.house.ask("leaf.signed2.example"))
    assert expired is not None
    assert early is not None
    assert (expired[0], early[0]) == (7, 8)
