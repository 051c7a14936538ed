"""Validation with its surroundings: asks upstreams for keys, one step at a time, and makes the answer for the client.

    judge --> step --Need--> look up (cache, flight, upstream) --> next turn of the event loop --> step ... --> verdict

Between two steps others get their turn. Whatever goes wrong in here fails the answer: nothing unchecked gets out.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Collection
from functools import partial

import dns.message
from dns.exception import DNSException

from safedns import RELEASE
from safedns.clock import Clock
from safedns.errors import BogusError, UncheckedError, UpstreamError
from safedns.resolve.checking import Judged, Source
from safedns.resolve.counting import Counters
from safedns.resolve.dnssec.chain import Chain
from safedns.resolve.dnssec.client import closed, for_client
from safedns.resolve.dnssec.response import validate
from safedns.resolve.dnssec.trust import Trust
from safedns.resolve.dnssec.verdict import Bogus, Need, Security, Unreachable, Verdict
from safedns.resolve.dnssec.work import Fetched, Steps, Work
from safedns.resolve.flight import Resolved
from safedns.resolve.routing import set_of
from safedns.settings.model import Dnssec
from safedns.wire.answer import Answer
from safedns.wire.names import parents
from safedns.wire.query import Query, query_of, unchecked
from safedns.wire.records import HEADER, PAIR
from safedns.wire.types import FLAG_QR, Ede, QClass, RCode

log = logging.getLogger(__name__)

BUDGET = 5.0
"""Seconds after which no further question is asked for one answer; a client has long asked again by then."""
MAX_RECORDS = 400
"""Of a response; to read so many takes some milliseconds, and no honest answer comes near."""
STALE_TTL = 30
"""Seconds that keys past their time are kept for (RFC 8767 section 5)."""
_IN = int(QClass.IN)
_READABLE = (RCode.NOERROR, RCode.NXDOMAIN)


class Checker:
    """See ``checking.Checking``."""

    def __init__(
        self, settings: Dnssec, private: Collection[str], source: Source, clock: Clock, counters: Counters
    ) -> None:
        """``private``: canonical names that nobody on the Internet can vouch for, with what is below them."""
        self._private = frozenset(private)
        self._trust = Trust(settings.trust_anchors, (*private, *settings.negative_trust_anchors))
        self._chain = Chain(self._trust)
        self._source = source
        self._clock = clock
        self._turns: deque[partial[None]] = deque()
        self._secure = counters.cell("dnssec", "secure")
        self._insecure = counters.cell("dnssec", "insecure")
        self._bogus = counters.cell("dnssec", "bogus")
        self._unknown = counters.cell("dnssec", "unknown")
        self._filtered = counters.cell("dnssec", "filtered")

    def asked(self, query: Query) -> Query:
        """See ``Checking``."""
        if query.cd or query.qclass != _IN or any(name in self._private for name in parents(query.name)):
            return query
        return unchecked(query)

    def judge(self, query: Query, answer: Answer, judged: Judged) -> None:
        """See ``Checking``."""
        _Judgement(self, query, answer, judged).begin()

    def forget(self) -> None:
        """See ``Checking``."""
        self._chain = Chain(self._trust)

    def steps(self, query: Query, message: dns.message.Message) -> Steps[Verdict]:
        """The validation of one response, to be driven."""
        wall, mono = self._clock.wall(), self._clock.monotonic()
        work = Work(wall if wall >= RELEASE else None, set_of(query))
        return validate(self._chain, message, work, mono)

    def outcome(self, query: Query, answer: Answer, found: Verdict | Bogus | Unreachable) -> Answer | UpstreamError:
        """What the client is told; counted."""
        if isinstance(found, Verdict):
            cell = self._secure if found.security is Security.SECURE else self._insecure
            cell[0] += 1
            return for_client(query, answer, found)
        if answer.denied:
            self._filtered[0] += 1
            return closed(query, answer)
        if isinstance(found, Bogus):
            self._bogus[0] += 1
            return BogusError(f"DNSSEC: {found}", found.ede)
        self._unknown[0] += 1
        return UncheckedError(f"DNSSEC: {found}", found.ede)

    def look_up(self, lookup: Query, done: partial[None]) -> None:
        """Ask for what validation needs."""
        self._source.look_up(lookup, done)

    def forget_lookup(self, lookup: Query) -> None:
        """It has led to a bad end: it is asked for anew next time (RFC 4035 section 4.7)."""
        self._source.forget(lookup)

    def soon(self, step: partial[None]) -> None:
        """Take a step when it is its turn: one in each turn of the event loop, for all may come up at once."""
        self._turns.append(step)
        if len(self._turns) == 1:
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        try:
            self._turns[0]()
        finally:
            self._turns.popleft()
            if self._turns:
                asyncio.get_running_loop().call_soon(self._turn)

    def now(self) -> float:
        """Monotonic seconds."""
        return self._clock.monotonic()


class _Judgement:
    """One answer on its way to a verdict."""

    def __init__(self, checker: Checker, query: Query, answer: Answer, judged: Judged) -> None:
        self._checker = checker
        self._query = query
        self._answer = answer
        self._judged = judged
        self._lookups: list[Query] = []
        self._deadline = checker.now() + BUDGET

    def begin(self) -> None:
        """Take the first step."""
        if self._answer.rcode not in _READABLE:
            self._end(Bogus("it is no answer"))
            return
        try:
            self._steps = self._checker.steps(self._query, _message(self._query, self._answer))
        except (DNSException, ValueError) as error:
            self._end(Bogus(f"it cannot be read: {error}"))
            return
        self._step(None)

    def _step(self, fetched: Fetched | None) -> None:
        try:
            need = self._steps.send(fetched)
        except StopIteration as stop:
            self._end(stop.value)
        except (Bogus, Unreachable) as problem:
            self._end(problem)
        except DNSException as error:
            self._end(Bogus(f"it is not as it should be: {error}"))  # as names that are too long once put together
        except Exception as error:
            # A fault of ours, or of a library's: the answer has not been found good.
            log.exception("checking an answer by DNSSEC failed")
            self._end(Bogus(f"checking it failed: {error}"))
        else:
            if need is None:
                self._checker.soon(partial(self._step, None))
            else:
                self._look_up(need)

    def _look_up(self, need: Need) -> None:
        if self._checker.now() >= self._deadline:
            self._end(Unreachable(f"its keys cannot be found within {BUDGET:g} s"))
            return
        lookup = _lookup(need, self._query)
        self._lookups.append(lookup)
        if need.fresh:
            self._checker.forget_lookup(lookup)
        self._checker.look_up(lookup, partial(self._found, lookup))

    def _found(self, lookup: Query, outcome: Resolved | UpstreamError) -> None:
        self._checker.soon(partial(self._step, partial(_fetched, lookup, outcome)))

    def _end(self, found: Verdict | Bogus | Unreachable) -> None:
        if isinstance(found, Bogus):
            for lookup in self._lookups:
                self._checker.forget_lookup(lookup)
        told: Answer | UpstreamError
        try:
            told = self._checker.outcome(self._query, self._answer, found)
        except Exception as error:
            # As above; and who waits has to hear something.
            log.exception("making an answer that was checked failed")
            told = BogusError(f"DNSSEC: making the answer failed: {error}", Ede.OTHER)
        self._judged(told)


def _fetched(lookup: Query, outcome: Resolved | UpstreamError) -> dns.message.Message | None:
    """See ``Fetched``. What is past its time lives for a moment, as with anybody who gets it."""
    if isinstance(outcome, UpstreamError) or outcome.answer.rcode not in _READABLE:
        return None
    try:
        message = _message(lookup, outcome.answer)
    except (DNSException, ValueError):
        log.debug("an answer of an upstream cannot be read")
        return None
    if outcome.stale:
        for rrset in (*message.answer, *message.authority):
            rrset.ttl = min(rrset.ttl, STALE_TTL)
    return message


def _message(query: Query, answer: Answer) -> dns.message.Message:
    if sum(answer.counts) > MAX_RECORDS:
        raise ValueError(f"it has more than {MAX_RECORDS} records")
    header = HEADER.pack(0, FLAG_QR | answer.rcode, 1, *answer.counts)
    return dns.message.from_wire(header + query.cache_key[:-1] + answer.body)


def _lookup(need: Need, query: Query) -> Query:
    """The question for what is needed, asked of the same set of upstreams as ``query``."""
    marks = unchecked(query).cache_key[-1:]
    return query_of(need.name.to_digestable() + PAIR.pack(need.rdtype, _IN) + marks)
