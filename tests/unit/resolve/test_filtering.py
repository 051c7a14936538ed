"""Whether somebody filters, by what he says of the samples: closed, open, denied by his zone, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from safedns.errors import UpstreamError
from safedns.resolve.filtering import SAMPLES, Filtering, filtering_of
from safedns.wire.answer import Answer, failed_answer, make_answer
from safedns.wire.query import Query
from safedns.wire.types import Ede, QType, RCode

ADULT_SITE, ADULT_TEST = "pornhub.com", "nudity.testcategory.com"
MALWARE_TEST = "isitblocked.org"
OPEN = "192.0.2.1"

Says = Mapping[str, str]
"""Name -> what is said of it: an address, or a word of ``_answer``."""


def _answer(query: Query, said: str) -> Answer:
    match said:
        case "denied":
            return make_answer(query, [], rcode=RCode.NXDOMAIN)
        case "denied by its zone":
            return make_answer(query, [], rcode=RCode.NXDOMAIN, soa_ttl=60)._replace(denied=0)
        case "no address":
            return make_answer(query, [])
        case "refused":
            return make_answer(query, [], rcode=RCode.REFUSED)
        case "failed":
            return failed_answer(query)
        case "closed by word":
            return failed_answer(query)._replace(denied=int(Ede.BLOCKED))
        case "nothing":
            raise UpstreamError("no answer", Ede.NO_REACHABLE_AUTHORITY)
        case "safe search":
            alias = b"\x0fforcesafesearch\x06google\x03com\0"
            address = (bytes((216, 239, 38, 120)), "forcesafesearch.google.com")
            return make_answer(query, [(query.name, QType.CNAME, 60, alias), (address[1], QType.A, 60, address[0])])
        case _:
            octets = bytes(map(int, said.split(".")))
            return make_answer(query, [(query.name, QType.A, 60, octets)])


def found(says: Says, otherwise: str = OPEN) -> tuple[str, ...] | None:
    filtering = seen(says, otherwise)
    return filtering.closes if filtering is not None else None


def seen(says: Says, otherwise: str = OPEN) -> Filtering | None:
    async def ask(query: Query) -> Answer:
        return _answer(query, says.get(query.name, otherwise))

    return asyncio.run(filtering_of(ask))


def test_who_opens_everything_filters_nothing() -> None:
    assert found({}) == ()


@pytest.mark.parametrize(
    "said", ["0.0.0.0", "146.112.61.106", "94.140.14.35", "denied", "no address", "refused", "closed by word"]
)
@pytest.mark.parametrize(("name", "kind"), [(ADULT_SITE, "adult"), (MALWARE_TEST, "malware")])
def test_a_sample_that_is_closed_in_any_way_shows_its_kind(name: str, kind: str, said: str) -> None:
    assert found({name: said}) == (kind,)


@pytest.mark.parametrize("said", ["failed", "nothing", OPEN])
def test_what_is_opened_or_not_answered_shows_nothing(said: str) -> None:
    assert found({ADULT_SITE: said, MALWARE_TEST: said}) == ()


def test_a_famous_site_that_is_denied_was_closed_and_a_name_for_tests_may_have_lapsed() -> None:
    assert found({ADULT_SITE: "denied by its zone"}) == ("adult",)
    assert found({ADULT_TEST: "denied by its zone", MALWARE_TEST: "denied by its zone"}) == ()


@pytest.mark.parametrize("said", ["safe search", "216.239.38.120"])
def test_safe_search_shows_by_where_a_search_engine_leads(said: str) -> None:
    assert found({"www.google.com": said}) == ("safe search",)


def test_several_kinds_are_told_in_their_order() -> None:
    everything = {sample.name: "0.0.0.0" for samples in SAMPLES.values() for sample in samples}
    assert found(everything | {"www.google.com": "safe search"}) == (*SAMPLES, "safe search")


@pytest.mark.parametrize("otherwise", ["refused", "denied", "0.0.0.0", "failed", "nothing"])
def test_of_who_opens_nothing_at_all_nothing_can_be_told(otherwise: str) -> None:
    assert found({}, otherwise) is None


def test_who_answers_for_nothing_but_the_open_name_is_not_called_unfiltered() -> None:
    assert found({"www.google.com": OPEN}, "nothing") is None


@pytest.mark.parametrize("said", ["nothing", "failed", "0.0.0.0", OPEN])
def test_only_a_famous_name_with_an_address_shows_that_its_kind_is_opened(said: str) -> None:
    filtering = seen({ADULT_SITE: said})
    assert filtering is not None
    assert filtering.opens == (("adult", "ads") if said == OPEN else ("ads",))


def test_a_kind_of_which_any_name_is_closed_is_not_called_open() -> None:
    assert seen({ADULT_TEST: "0.0.0.0"}) == Filtering(closes=("adult",), opens=("ads",))


def test_a_fault_of_ours_is_not_taken_for_silence() -> None:
    async def ask(query: Query) -> Answer:
        raise ValueError(query.name)

    with pytest.raises(ValueError, match=r"www\.google\.com"):
        asyncio.run(filtering_of(ask))
