"""The answer cache: how long answers live, which go first, and that it never grows beyond its bound."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.resolve.cache import MAX_BODY, AnswerCache, memory_of
from safedns.settings.model import CacheSettings
from safedns.wire.answer import MAX_NEGATIVE_TTL, MAX_TTL, Answer, make_answer
from safedns.wire.query import Query, decode_query
from safedns.wire.request import plain_request
from safedns.wire.types import Ede, QType, RCode
from tests.unit.resolve.values import FakeCounters, address_answer, failure_answer, question, small_cache

START = 1000.0


@pytest.fixture
def counters() -> FakeCounters:
    return FakeCounters()


@pytest.fixture
def cache(counters: FakeCounters) -> AnswerCache:
    return small_cache(counters)


def put(cache: AnswerCache, name: str, ttl: int = 60, now: float = START) -> bytes:
    """Store an address for ``name``; returns its key."""
    query = question(name)
    cache.put(query.cache_key, address_answer(query, ttl=ttl), now)
    return query.cache_key


def test_an_answer_is_served_with_its_age_until_its_ttl_ends(cache: AnswerCache) -> None:
    key = put(cache, "example.com", ttl=60)
    hit = cache.get(key, START + 59.9)
    assert hit is not None
    assert (hit.age, hit.stale, hit.stored) == (59, False, START)
    assert cache.get(key, START + 60) is None


def test_hits_misses_and_expiries_are_counted_apart(cache: AnswerCache, counters: FakeCounters) -> None:
    key = put(cache, "example.com", ttl=60)
    cache.get(key, START)
    cache.get(key, START + 61)
    cache.get(b"unknown", START)
    assert [counters["cache", event] for event in ("hit", "miss", "expired")] == [1, 1, 1]


def test_letter_case_makes_no_difference_but_type_and_dnssec_do(cache: AnswerCache) -> None:
    put(cache, "example.com")
    found = {
        "letter case": cache.get(question("EXAMPLE.com").cache_key, START),
        "type": cache.get(question("example.com", QType.AAAA).cache_key, START),
        "dnssec": cache.get(question("example.com", do=True).cache_key, START),
    }
    assert [name for name, hit in found.items() if hit is not None] == ["letter case"]


def test_a_ttl_of_a_week_is_kept_for_a_day(cache: AnswerCache) -> None:
    key = put(cache, "example.com", ttl=7 * 86_400)
    assert cache.get(key, START + MAX_TTL - 1) is not None
    assert cache.get(key, START + MAX_TTL) is None


def test_a_negative_answer_lives_by_its_soa_and_three_hours_at_most(cache: AnswerCache) -> None:
    query = question("nowhere.example.com")
    for soa_ttl, expected in ((30, 30), (86_400, MAX_NEGATIVE_TTL)):
        cache.put(query.cache_key, make_answer(query, [], rcode=RCode.NXDOMAIN, soa_ttl=soa_ttl), START)
        assert cache.get(query.cache_key, START + expected - 1) is not None
        assert cache.get(query.cache_key, START + expected) is None


@pytest.mark.parametrize("unfit", ["ttl 0", "no soa", "too large", "closed by the upstream"])
@pytest.mark.parametrize("later", [30, 90])
def test_what_may_not_be_cached_ends_the_older_answer_which_it_contradicts(
    cache: AnswerCache, unfit: str, later: float
) -> None:
    query = question("example.com")
    answers = {
        "ttl 0": address_answer(query, ttl=0),
        "no soa": make_answer(query, [], rcode=RCode.NXDOMAIN),
        "too large": make_answer(query, [(query.name, int(QType.TXT), 60, bytes(MAX_BODY))]),
        "closed by the upstream": failure_answer(query, RCode.REFUSED)._replace(denied=int(Ede.FILTERED)),
    }
    cache.put(query.cache_key, address_answer(query), START)
    cache.put(query.cache_key, answers[unfit], START + later)
    assert cache.get(query.cache_key, START + later) is None
    assert cache.stale(query.cache_key, START + later) is None
    assert cache.memory == 0


@pytest.mark.parametrize("rcode", [RCode.SERVFAIL, RCode.REFUSED, RCode.FORMERR, RCode.NOTIMP])
def test_a_failure_leaves_the_older_answer_alone(cache: AnswerCache, rcode: int) -> None:
    query = question("example.com")
    good = address_answer(query)
    cache.put(query.cache_key, good, START)
    cache.put(query.cache_key, failure_answer(query, rcode), START)
    hit = cache.get(query.cache_key, START)
    assert hit is not None
    assert hit.answer is good


def test_an_expired_answer_is_stale_for_as_long_as_is_configured(counters: FakeCounters) -> None:
    cache = small_cache(counters, stale=100)
    key = put(cache, "example.com", ttl=60)
    assert cache.stale(key, START + 59) is None
    hit = cache.stale(key, START + 159)
    assert hit is not None
    assert (hit.age, hit.stale) == (159, True)
    assert cache.stale(key, START + 160) is None


def test_without_stale_nothing_outlives_its_ttl(counters: FakeCounters) -> None:
    cache = small_cache(counters, stale=0)
    key = put(cache, "example.com", ttl=60)
    assert cache.stale(key, START + 60) is None


def test_the_least_recently_used_goes_first(counters: FakeCounters) -> None:
    cache = small_cache(counters, entries=2)
    first, second = put(cache, "a.example"), put(cache, "b.example")
    cache.get(first, START)
    put(cache, "c.example")
    assert cache.get(first, START) is not None
    assert cache.get(second, START) is None
    assert counters["cache", "evicted"] == 1


def test_storing_again_replaces_and_renews(counters: FakeCounters) -> None:
    cache = small_cache(counters, entries=2)
    first = put(cache, "a.example", ttl=10)
    put(cache, "b.example")
    put(cache, "a.example", ttl=10, now=START + 9)
    put(cache, "c.example")
    assert cache.get(first, START + 15) is not None
    assert len(cache) == 2


def test_a_smaller_bound_takes_effect_at_once(cache: AnswerCache) -> None:
    keys = [put(cache, f"{number}.example") for number in range(10)]
    cache.configure(CacheSettings(entries=3))
    assert len(cache) == 3
    assert cache.get(keys[-1], START) is not None


def addresses(query: Query, number: int) -> Answer:
    """That many A records."""
    return make_answer(query, [(query.name, int(QType.A), 60, bytes((192, 0, 2, last))) for last in range(number)])


def test_the_least_recently_used_goes_first_when_memory_is_used_up(counters: FakeCounters) -> None:
    queries = [question(f"{number}.example") for number in range(4)]
    large = addresses(queries[3], 20)
    room = memory_of(queries[3].cache_key, large) + memory_of(queries[0].cache_key, addresses(queries[0], 1))
    cache = AnswerCache(CacheSettings(memory=room), counters)
    for query in queries[:3]:
        cache.put(query.cache_key, addresses(query, 1), START)
    cache.get(queries[0].cache_key, START)
    cache.put(queries[3].cache_key, large, START)
    assert [cache.get(query.cache_key, START) is not None for query in queries] == [True, False, False, True]
    assert cache.memory == room
    assert counters["cache", "evicted"] == 2


def test_less_memory_takes_effect_at_once(cache: AnswerCache) -> None:
    keys = [put(cache, f"{number}.example") for number in range(10)]
    cache.configure(CacheSettings(memory=cache.memory // 2))
    assert [cache.get(key, START) is not None for key in keys] == [False] * 5 + [True] * 5


@pytest.mark.parametrize("records", [1, 4, 20])
def test_the_memory_of_an_answer_is_estimated_well_and_never_too_low(counters: FakeCounters, records: int) -> None:
    cache = AnswerCache(CacheSettings(), counters)
    packets = [plain_request(f"www{number}.example.com", QType.A, 1) for number in range(1000)]
    tracemalloc.start()
    for packet in packets:
        query = decode_query(packet)
        cache.put(query.cache_key, addresses(query, records), START)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < cache.memory < 2 * taken


def test_flushing_a_name_takes_what_is_below_it_and_nothing_else(cache: AnswerCache) -> None:
    names = ["example.com", "www.example.com", "a.b.example.com", "notexample.com", "example.com.net", "example.org"]
    keys = {name: put(cache, name) for name in names}
    # Inside one label stand the very octets of "example.com" on the wire.
    keys["tricky"] = put(cache, "x\\007example.com")
    assert cache.flush("example.com") == 3
    left = [name for name, key in keys.items() if cache.get(key, START) is not None]
    assert left == ["notexample.com", "example.com.net", "example.org", "tricky"]


def test_flushing_the_root_empties_it(cache: AnswerCache) -> None:
    put(cache, "example.com")
    put(cache, "example.org")
    assert cache.flush() == 2
    assert (len(cache), cache.memory) == (0, 0)


def test_the_oldest_answer_tells_its_age(cache: AnswerCache) -> None:
    assert cache.oldest(START) is None
    first = put(cache, "a.example", now=START)
    put(cache, "b.example", now=START + 30)
    cache.get(first, START + 40)
    assert cache.oldest(START + 45.5) == 45


def test_its_size_is_a_gauge(cache: AnswerCache, counters: FakeCounters) -> None:
    key = put(cache, "example.com")
    cache.gauges()
    size = memory_of(key, address_answer(question("example.com")))
    assert counters.gauges == {("cache_entries",): 1, ("cache_bytes",): size}


@given(
    entries=st.integers(1, 8),
    steps=st.lists(st.tuples(st.sampled_from(["put", "get", "stale"]), st.integers(0, 20), st.integers(0, 40))),
)
def test_it_stays_bounded_and_serves_only_what_was_stored_and_is_still_fresh(
    entries: int, steps: list[tuple[str, int, int]]
) -> None:
    cache = small_cache(FakeCounters(), entries=entries, stale=15)
    stored: dict[bytes, tuple[object, float]] = {}
    now = START
    for action, number, seconds in steps:
        query = question(f"{number}.example")
        key = query.cache_key
        if action == "put":
            answer = address_answer(query, ttl=20)
            cache.put(key, answer, now)
            stored[key] = (answer, now)
        elif (hit := (cache.get if action == "get" else cache.stale)(key, now)) is not None:
            assert (hit.answer, hit.stored) == stored[key]
            assert hit.age == now - hit.stored
            assert (hit.age < 20) if action == "get" else (20 <= hit.age < 35)
        assert len(cache) <= entries
        assert (cache.memory > 0) is (len(cache) > 0)
        now += seconds
