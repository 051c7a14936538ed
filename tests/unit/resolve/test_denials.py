"""What an NXDOMAIN says to other questions: the other types of its name, and where it is proven the names below."""

from __future__ import annotations

import tracemalloc
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from safedns.resolve.cache import AnswerCache, memory_of
from safedns.resolve.routing import asked_of
from safedns.settings.model import CacheSettings
from safedns.wire.answer import Answer, make_answer
from safedns.wire.names import parents
from safedns.wire.query import Query, decode_query
from safedns.wire.request import plain_request
from safedns.wire.types import Ede, QType, RCode
from tests.unit.resolve.values import FakeCounters, address_answer, question

NOW = 1000.0


def denial(query: Query, *, proven: bool = False, ttl: int = 60) -> Answer:
    return make_answer(query, [], rcode=RCode.NXDOMAIN, soa_ttl=ttl)._replace(aa=False, ad=proven)


def cache_with(
    *answers: tuple[Query, Answer], entries: int = 100, checked: bool = True, apart: tuple[str, ...] = ()
) -> AnswerCache:
    cache = AnswerCache(CacheSettings(entries=entries), FakeCounters())
    cache.denials.configure(checked=checked, apart=apart)
    for query, answer in answers:
        cache.put(query.cache_key, answer, NOW)
    return cache


def knows(cache: AnswerCache, name: str, qtype: int = QType.A, *, do: bool = False, now: float = NOW) -> bool:
    return cache.get(question(name, qtype, do=do).cache_key, now) is not None


def test_a_denied_address_answers_the_other_types_of_the_name() -> None:
    query = question("gone.example", QType.A)
    cache = cache_with((query, denial(query)))
    hit = cache.get(question("gone.example", QType.HTTPS).cache_key, NOW + 20)
    assert hit is not None
    assert (hit.answer.rcode, hit.age, hit.due) == (RCode.NXDOMAIN, 20, False)
    assert not knows(cache, "gone.example", QType.HTTPS, now=NOW + 60)


def test_other_dnssec_bits_sets_and_names_are_another_matter() -> None:
    query = question("gone.example")
    cache = cache_with((query, denial(query, proven=True)))
    assert not knows(cache, "gone.example", QType.AAAA, do=True)
    assert not knows(cache, "agone.example")
    assert not knows(cache, "example")
    assert cache.get(asked_of(question("gone.example", QType.AAAA), 1).cache_key, NOW) is None


def test_a_type_that_servers_may_not_know_denies_itself_alone_unless_it_is_proven() -> None:
    query = question("odd.example", QType.HTTPS)
    assert not knows(cache_with((query, denial(query))), "odd.example")
    assert knows(cache_with((query, denial(query, proven=True))), "odd.example")


def test_a_name_that_has_had_an_answer_is_not_denied_by_the_other_types() -> None:
    there, gone = question("odd.example", QType.AAAA), question("odd.example", QType.A)
    address = make_answer(there, [(there.name, int(QType.AAAA), 10, bytes(16))])
    cache = cache_with((there, address), (gone, denial(gone)))
    assert not knows(cache, "odd.example", QType.AAAA, now=NOW + 30)  # expired, and asked for again
    later = cache_with((gone, denial(gone)), (there, address))
    assert not knows(later, "odd.example", QType.HTTPS)


def test_only_a_proven_denial_reaches_below() -> None:
    query = question("gone.example")
    assert not knows(cache_with((query, denial(query))), "www.gone.example")
    cache = cache_with((query, denial(query, proven=True)))
    assert knows(cache, "www.gone.example")
    assert knows(cache, "a.b.c.gone.example", QType.MX)


def test_an_answer_below_is_an_answer_to_its_own_question() -> None:
    query = question("gone.example")
    cache = cache_with((query, denial(query, proven=True)))
    hit = cache.get(question("www.gone.example").cache_key, NOW)
    assert hit is not None
    assert (hit.answer.rcode, hit.answer.ad, hit.answer.counts, hit.answer.ttl) == (RCode.NXDOMAIN, True, (0, 1, 0), 60)
    assert hit.answer.body[:14] == b"\x04gone\x07example\0"  # the SOA's owner, no longer a pointer to the question


def test_a_filter_and_an_alias_deny_nothing_else() -> None:
    query = question("gone.example")
    filtered = denial(query)._replace(denied=int(Ede.FILTERED))
    behind = denial(query, proven=True)._replace(counts=(1, 1, 0))
    for answer in (filtered, behind):
        assert not knows(cache_with((query, answer)), "gone.example", QType.AAAA)


def test_a_domain_that_is_asked_elsewhere_is_not_denied_from_above() -> None:
    query = question("example")
    cache = cache_with((query, denial(query, proven=True)), apart=("lan.example",))
    assert knows(cache, "other.example")
    assert not knows(cache, "lan.example")
    assert not knows(cache, "printer.lan.example")


def test_what_is_said_in_a_domain_that_is_taken_as_it_comes_proves_nothing() -> None:
    """A resolver on this machine denies ``lan`` with AD, from the public tree; the router knows ``printer.lan``."""
    for denied in ("lan", "gone.lan"):
        query = question(denied)
        cache = cache_with((query, denial(query, proven=True)), apart=("lan",))
        assert knows(cache, denied, QType.AAAA)
        assert not knows(cache, f"printer.{denied}")


def test_the_upstreams_word_alone_does_not_reach_below() -> None:
    query = question("odd.example", QType.HTTPS)
    cache = cache_with((query, denial(query, proven=True)), checked=False)
    assert knows(cache, "odd.example")
    assert not knows(cache, "www.odd.example")


def test_where_answers_are_checked_one_that_was_not_denies_only_itself() -> None:
    """Keys are asked for with CD: what was told to a device that sets it must not answer for them."""
    query = question("gone.example", do=True, cd=True)
    cache = cache_with((query, denial(query, proven=True)))
    below = question("www.gone.example", QType.DS, do=True, cd=True)
    assert cache.get(query.cache_key, NOW) is not None
    assert cache.get(question("gone.example", QType.DS, do=True, cd=True).cache_key, NOW) is None
    assert cache.get(below.cache_key, NOW) is None


def test_what_is_forgotten_denies_nothing() -> None:
    query = question("gone.example")
    cache = cache_with((query, denial(query, proven=True)), entries=1)
    assert cache.memory == memory_of(query.cache_key, denial(query))
    other = question("other.example")
    cache.put(other.cache_key, address_answer(other), NOW)  # pushes it out
    assert not knows(cache, "gone.example", QType.AAAA)
    assert cache.memory == memory_of(other.cache_key, address_answer(other))


def test_the_memory_of_a_denial_is_estimated_well_and_never_too_low() -> None:
    cache = cache_with(entries=10_000)
    packets = [plain_request(f"www{number}.example.com", QType.A, 1) for number in range(1000)]
    tracemalloc.start()
    for query in map(decode_query, packets):
        cache.put(query.cache_key, denial(query, proven=True), NOW)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < cache.memory < 2 * taken


class Kept(NamedTuple):
    """An answer of the naive model."""

    denies: bool
    ad: bool
    proven: bool
    """By our own check."""
    until: float


NAMES = ["x", "a.x", "b.x", "c.a.x", "d.c.a.x"]
TYPES = [int(QType.A), int(QType.AAAA), int(QType.TXT)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "there", "denied", "proven", "flush"]),
        st.sampled_from(NAMES),
        st.sampled_from(TYPES),
        st.integers(0, 30),
    ),
    max_size=60,
)


@given(steps=STEPS, apart=st.sampled_from([(), ("a.x",)]))
def test_it_agrees_with_a_model_that_looks_through_everything(
    steps: list[tuple[str, str, int, int]], apart: tuple[str, ...]
) -> None:
    cache = cache_with(apart=apart)
    kept: dict[tuple[str, int], Kept] = {}
    denier: dict[str, tuple[str, int]] = {}
    now = NOW
    for what, name, qtype, seconds in steps:
        now += seconds
        query = question(name, qtype)
        if what == "ask":
            assert (cache.get(query.cache_key, now) is not None) is _model(kept, denier, name, qtype, now, apart)
        elif what == "flush":
            cache.flush(name)
            for each in [each for each in kept if name in parents(each[0])]:
                del kept[each]
                if denier.get(each[0]) == each:
                    del denier[each[0]]
        else:
            answer = _there(query) if what == "there" else denial(query, proven=what == "proven")
            cache.put(query.cache_key, answer, now)
            proven = what == "proven" and not any(above in apart for above in parents(name))
            _remember(kept, denier, (name, qtype), Kept(what != "there", what == "proven", proven, now + 60))
    cache.flush()
    assert cache.memory == 0


def _there(query: Query) -> Answer:
    return make_answer(query, [(query.name, query.qtype, 60, bytes(16 if query.qtype == QType.AAAA else 4))])


def _remember(
    kept: dict[tuple[str, int], Kept], denier: dict[str, tuple[str, int]], where: tuple[str, int], new: Kept
) -> None:
    """The last word about a name counts, but nothing unproven takes the place of a proof."""
    name, qtype = where
    if denier.get(name) == where:
        del denier[name]
    kept[where] = new
    if not new.denies:
        denier.pop(name, None)
    elif new.ad or (qtype == QType.A and not (name in denier and kept[denier[name]].proven)):
        denier[name] = where


def _model(
    kept: dict[tuple[str, int], Kept],
    denier: dict[str, tuple[str, int]],
    name: str,
    qtype: int,
    now: float,
    apart: tuple[str, ...],
) -> bool:
    if (name, qtype) in kept:
        return now < kept[name, qtype].until
    for above in parents(name):
        if above in denier and (above == name or kept[denier[above]].proven):
            return now < kept[denier[above]].until
        if above in apart:
            return False
    return False
