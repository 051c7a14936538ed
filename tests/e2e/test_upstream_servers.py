"""Encrypted upstreams as others built them: unbound and dnsdist answer what the resolver asks over each transport."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from safedns.clock import SystemClock
from safedns.resolve.resolver import Resolver
from safedns.settings.model import Upstreams, UpstreamSpec
from safedns.settings.words import upstream
from tests.certificates import Authority
from tests.e2e.running import free_port, running, until
from tests.nameserver import Asked, NameServer, Reaction, Secure, reply
from tests.tools import tool
from tests.unit.resolve.values import FakeCounters, question, resolved, small_cache

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


def test_unbound_answers_over_tls(unbound: int) -> None:
    assert ask_twice_at_once(upstream(f"tls://127.0.0.1:{unbound}#{NAME}")) == {"192.0.2.1", "192.0.2.2"}


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
    assert ask_twice_at_once(upstream(f"https://127.0.0.1:{dnsdist}/dns-query#{NAME}")) == {"192.0.2.1", "192.0.2.2"}


def test_an_upstream_by_name_is_found_through_bootstrap(dnsdist: int) -> None:
    with NameServer(lambda asked: reply(asked, *["A 127.0.0.1"] * (asked.qtype == "A"))) as bootstrap:
        found = ask_twice_at_once(upstream(f"https://{NAME}:{dnsdist}/dns-query"), bootstrap.spec)
    assert found == {"192.0.2.1", "192.0.2.2"}
    assert {asked.name for asked in bootstrap.asked} == {NAME}


@pytest.mark.parametrize("face", ["tls", "https", "quic"])
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
