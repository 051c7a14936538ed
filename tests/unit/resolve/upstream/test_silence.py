"""Connections that have gone quiet: whatever is spoken on them, who asks again gets through on another one."""

from __future__ import annotations

import asyncio

import pytest

from safedns.resolve.upstream import connection
from safedns.tasks import spawn
from tests.certificates import Authority
from tests.nameserver import After, Asked, NameServer, Reaction, Secure, reply
from tests.standards.upstreams import NAME, asking
from tests.unit.resolve.values import until


@pytest.mark.parametrize("face", ["tls", "https", "h3", "quic"])
async def test_a_new_question_does_not_wait_for_a_connection_that_has_gone_quiet(
    face: Secure, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def behave(asked: Asked) -> Reaction:
        if asked.name.startswith("both"):  # one overtakes the other: this server answers in any order
            return After(0.02 if asked.name == "both1.example" else 0.0, reply(asked, "A 192.0.2.1"))
        return None if server.connections == 1 else reply(asked, "A 192.0.2.1")

    with NameServer(behave, certificate=authority.issue(NAME), face=face) as server:
        async with asking(server) as ask:
            await asyncio.gather(ask("both1.example"), ask("both2.example"))
            stuck = spawn(ask("stuck.example"), "a question that is stuck")
            await until(lambda: len(server.asked) == 3)
            monkeypatch.setattr(connection, "QUIET_SECONDS", 0.0)
            assert (await ask("again.example")).addresses == ("192.0.2.1",)
            assert (server.connections, stuck.done()) == (2, False)
            stuck.cancel()


@pytest.mark.parametrize("face", ["tls", "https", "h3", "quic"])
async def test_what_waits_on_a_connection_that_stays_silent_is_asked_on_another(
    face: Secure, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def behave(asked: Asked) -> Reaction:
        return None if server.connections == 1 else reply(asked, "A 192.0.2.1")

    with NameServer(behave, certificate=authority.issue(NAME), face=face) as server:
        async with asking(server) as ask:
            stuck = spawn(ask("stuck.example"), "a question that is stuck")
            await until(lambda: len(server.asked) == 1)
            monkeypatch.setattr(connection, "SILENT_SECONDS", 0.0)
            assert (await ask("again.example")).addresses == ("192.0.2.1",)
            assert (await stuck).addresses == ("192.0.2.1",)
