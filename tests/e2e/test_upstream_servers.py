"""Upstreams as others built them: unbound, dnsdist, knot-resolver and BIND answer over each transport they have."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
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
from tests.e2e.running import free_port, running, until
from tests.nameserver import Asked, NameServer, Reaction, Secure, reply
from tests.tools import tool
from tests.unit.resolve.values import PATIENCE, Awaited, FakeCounters, question, resolved, small_cache

NAME = "dns.test"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@contextmanager
def started(command: Sequence[str], port: int) -> Iterator[None]:
    """A server that listens on ``port`` of loopback; skips where its program is not installed."""
    process = subprocess.Popen([tool(command[0]), *command[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _listens(port), f"{command[0]} listens")
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


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


@pytest.fixture
def unbound(authority: Authority, tmp_path: Path) -> Iterator[int]:
    """The port of an unbound that serves TLS; plain DNS on the same port number is its own."""
    port, certificate = free_port(), authority.issue(NAME, "127.0.0.1")
    config = tmp_path / "unbound.conf"
    config.write_text(
        f"""
server:
  interface: 127.0.0.1@{port}
  tls-port: {port}
  tls-service-pem: {certificate.cert}
  tls-service-key: {certificate.key}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{tmp_path}"
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  local-zone: "home.test." static
  local-data: "a.home.test. A 192.0.2.1"
  local-data: "b.home.test. A 192.0.2.2"
remote-control:
  control-enable: no
""",
        encoding="utf-8",
    )
    with started(["unbound", "-d", "-c", str(config)], port):
        yield port


BOTH = {"192.0.2.1", "192.0.2.2"}


def test_unbound_answers_over_tls(unbound: int) -> None:
    assert ask_twice_at_once(upstream(f"tls://127.0.0.1:{unbound}#{NAME}")) == BOTH


@pytest.fixture
def dnsdist(authority: Authority, tmp_path: Path) -> Iterator[int]:
    """The port of a dnsdist that serves HTTPS from answers of its own."""
    port, certificate = free_port(), authority.issue(NAME, "127.0.0.1")
    config = tmp_path / "dnsdist.conf"
    config.write_text(
        f"""
setLocal("127.0.0.1:{free_port()}")
addDOHLocal("127.0.0.1:{port}", "{certificate.cert}", "{certificate.key}", "/dns-query")
addAction("a.home.test", SpoofAction("192.0.2.1"))
addAction("b.home.test", SpoofAction("192.0.2.2"))
newServer("127.0.0.1:9")
""",
        encoding="utf-8",
    )
    with started(["dnsdist", "--supervised", "--disable-syslog", "-C", str(config)], port):
        yield port


def test_dnsdist_answers_over_https(dnsdist: int) -> None:
    assert ask_twice_at_once(upstream(f"https://127.0.0.1:{dnsdist}/dns-query#{NAME}")) == BOTH


@pytest.fixture
def kresd(authority: Authority, tmp_path: Path) -> Iterator[dict[str, int]]:
    """The port of a knot-resolver for each transport."""
    certificate = authority.issue(NAME, "127.0.0.1")
    ports = {"dns": free_port(), "tls": free_port(), "doh2": free_port()}
    listen = [f'net.listen("127.0.0.1", {port}, {{ kind = "{kind}" }})' for kind, port in ports.items()]
    config = tmp_path / "kresd.conf"
    config.write_text(
        "\n".join(listen)
        + f"""
net.tls("{certificate.cert}", "{certificate.key}")
trust_anchors.remove(".")
modules = {{ "policy" }}
for name, address in pairs({{ a = "192.0.2.1", b = "192.0.2.2" }}) do
  local answer = policy.ANSWER({{ [kres.type.A] = {{ rdata = kres.str2ip(address), ttl = 60 }} }})
  policy.add(policy.domains(answer, {{ todname(name .. ".home.test") }}))
end
""",
        encoding="utf-8",
    )
    with started(["kresd", "-n", "-q", "-c", str(config), str(tmp_path)], ports["dns"]):
        yield ports


@pytest.mark.parametrize(
    ("kind", "written"),
    [("dns", "127.0.0.1:{}"), ("tls", f"tls://127.0.0.1:{{}}#{NAME}"), ("doh2", f"https://127.0.0.1:{{}}#{NAME}")],
)
def test_knot_resolver_answers_over_every_transport(kresd: dict[str, int], kind: str, written: str) -> None:
    assert ask_twice_at_once(upstream(written.format(kresd[kind]))) == BOTH


@pytest.fixture
def bind(authority: Authority, tmp_path: Path) -> Iterator[dict[str, int]]:
    """The port of a BIND for each transport; over UDP it gives cookies (RFC 7873)."""
    certificate = authority.issue(NAME, "127.0.0.1")
    ports = {"dns": free_port(), "tls": free_port(), "https": free_port()}
    zone = tmp_path / "home.zone"
    zone.write_text(
        "$TTL 60\n@ SOA ns admin 1 2 3 4 5\n@ NS ns\nns A 192.0.2.9\na A 192.0.2.1\nb A 192.0.2.2\n",
        encoding="utf-8",
    )
    config = tmp_path / "named.conf"
    config.write_text(
        f"""
tls ours {{ cert-file "{certificate.cert}"; key-file "{certificate.key}"; }};
options {{
  directory "{tmp_path}"; pid-file none; session-keyfile none; recursion no; listen-on-v6 {{ none; }};
  listen-on port {ports["dns"]} {{ 127.0.0.1; }};
  listen-on port {ports["tls"]} tls ours {{ 127.0.0.1; }};
  listen-on port {ports["https"]} tls ours http default {{ 127.0.0.1; }};
}};
controls {{ }};
zone "home.test" {{ type primary; file "{zone}"; }};
""",
        encoding="utf-8",
    )
    with started(["named", "-f", "-c", str(config), "-p", str(ports["dns"])], ports["dns"]):
        until(lambda: ask_twice_at_once(upstream(f"127.0.0.1:{ports['dns']}")) == BOTH, "BIND has loaded its zone")
        yield ports


@pytest.mark.parametrize(
    ("kind", "written"),
    [("dns", "127.0.0.1:{}"), ("tls", f"tls://127.0.0.1:{{}}#{NAME}"), ("https", f"https://127.0.0.1:{{}}#{NAME}")],
)
def test_bind_answers_over_every_transport(bind: dict[str, int], kind: str, written: str) -> None:
    assert ask_twice_at_once(upstream(written.format(bind[kind]))) == BOTH


def test_the_cookies_of_bind_are_used(bind: dict[str, int]) -> None:
    async def learned() -> bool:
        spec = upstream(f"127.0.0.1:{bind['dns']}")
        plain = open_upstream(spec, SystemClock(), UpstreamMeter(FakeCounters(), spec.name), Fixed(spec.host))
        try:
            for name in ("a.home.test", "b.home.test"):
                exchange = Awaited(question(name))
                plain.start(exchange)
                await asyncio.wait_for(exchange, PATIENCE)
            return plain.facts.cookies
        finally:
            await plain.close()

    assert asyncio.run(learned())


def test_an_upstream_by_name_is_found_through_bootstrap(dnsdist: int) -> None:
    with NameServer(lambda asked: reply(asked, *["A 127.0.0.1"] * (asked.qtype == "A"))) as bootstrap:
        found = ask_twice_at_once(upstream(f"https://{NAME}:{dnsdist}/dns-query"), bootstrap.spec)
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
