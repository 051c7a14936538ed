"""Upstreams as others built them: unbound, dnsdist, knot-resolver and BIND answer over each transport they have."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path

import pytest

from safedns.clock import SystemClock
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.resolver import Resolver
from safedns.resolve.upstream.open import open_upstream
from safedns.resolve.upstream.place import Fixed
from safedns.settings.model import Upstreams, UpstreamSpec
from safedns.settings.words import upstream
from tests.certificates import Authority
from tests.e2e import upstream_programs as programs
from tests.e2e.running import running, until
from tests.e2e.upstream_programs import NAME
from tests.nameserver import Asked, NameServer, Reaction, Secure, reply
from tests.unit.resolve.values import PATIENCE, Awaited, FakeCounters, question, resolved, small_cache

BOTH = {"192.0.2.1", "192.0.2.2"}


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def ask_twice_at_once(spec: UpstreamSpec, *bootstrap: UpstreamSpec) -> set[str]:
    """The addresses of names under home.test, asked of one upstream."""

    async def ask() -> set[str]:
        counters = FakeCounters()
        upstreams = Upstreams(servers=(spec,), bootstrap=bootstrap)
        resolver = Resolver(upstreams, small_cache(counters), SystemClock(), counters)
        try:
            answers = await asyncio.gather(
                resolved(resolver, question("a.home.test")), resolved(resolver, question("b.home.test"))
            )
            return {address for one in answers for address in one.answer.addresses}
        finally:
            await resolver.close()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("made", "transport"),
    [
        *((programs.unbound, transport) for transport in ("dns", "tls")),
        *((programs.dnsdist, transport) for transport in ("tls", "https")),
        *((programs.kresd, transport) for transport in ("dns", "tls", "https")),
        *((programs.bind, transport) for transport in ("dns", "tls", "https")),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_each_answers_over_every_transport(
    made: programs.Maker, transport: str, authority: Authority, tmp_path: Path
) -> None:
    with made(tmp_path, authority).running() as program:
        spec = program.upstream(transport)
        until(lambda: ask_twice_at_once(spec) == BOTH, f"{spec.name} answers")


def test_the_cookies_of_bind_are_used(authority: Authority, tmp_path: Path) -> None:
    async def learned(spec: UpstreamSpec) -> bool:
        plain = open_upstream(spec, SystemClock(), UpstreamMeter(FakeCounters(), spec.name), Fixed(spec.host))
        try:
            for name in ("a.home.test", "b.home.test"):
                exchange = Awaited(question(name))
                plain.start(exchange)
                await asyncio.wait_for(exchange, PATIENCE)
            return plain.facts.cookies
        finally:
            await plain.close()

    with programs.bind(tmp_path, authority).running() as program:
        assert asyncio.run(learned(program.upstream("dns")))


def test_an_upstream_by_name_is_found_through_bootstrap(authority: Authority, tmp_path: Path) -> None:
    with (
        programs.dnsdist(tmp_path, authority).running() as program,
        NameServer(lambda asked: reply(asked, *["A 127.0.0.1"] * (asked.qtype == "A"))) as bootstrap,
    ):
        port = program.ports["https"]
        found = ask_twice_at_once(upstream(f"https://{NAME}:{port}/dns-query"), bootstrap.spec)
    assert found == BOTH
    assert {asked.name for asked in bootstrap.asked} == {NAME}


@pytest.mark.parametrize("face", ["tls", "https", "h3", "quic"])
def test_a_household_lives_on_one_encrypted_upstream_found_by_name(
    authority: Authority, tmp_path: Path, face: Secure
) -> None:
    def knows(asked: Asked) -> Reaction:
        return reply(asked, *["A 127.0.0.1"] * (asked.qtype == "A"))

    with NameServer(certificate=authority.issue(NAME), face=face) as server, NameServer(knows) as bootstrap:
        name, at = f"{face}://{NAME}:{server.port}", f"127.0.0.1:{bootstrap.port}"
        with running(tmp_path, settings={"upstreams": {"servers": [name], "bootstrap": [at]}}) as house:
            assert "192.0.2.1" in house.ask("www.example").answer[0].to_text()
            shown = json.loads(house.command("upstreams", "status", "--json").stdout)
            assert [(one["name"], one["up"]) for one in shown] == [(name, True), (at, True)]
            assert house.metrics()["safedns_upstream_up", (name,)] == 1
    assert {asked.transport for asked in server.asked} == {face}
    assert {asked.name for asked in bootstrap.asked} == {NAME}


def test_a_household_is_answered_over_http3_where_that_is_offered_and_over_http2_when_it_fails(
    authority: Authority, tmp_path: Path
) -> None:
    with NameServer(certificate=authority.issue(NAME), face="h3") as server:
        server.offer = f'h3=":{server.port}"'
        settings = {"upstreams": {"servers": [f"https://127.0.0.1:{server.port}#{NAME}"], "http3": "on"}}
        with running(tmp_path, settings=settings) as house:
            names = (f"{number}.example" for number in itertools.count())
            until(
                lambda: bool(house.ask(next(names)).answer) and server.asked_over("h3"), "a question goes over HTTP/3"
            )
            server.behave = lambda asked: None if asked.transport == "h3" else reply(asked, "A 192.0.2.1")
            for _ in range(5):
                assert "192.0.2.1" in house.ask(next(names)).answer[0].to_text()
    assert server.asked[-1].transport == "https"
