"""HAProxy in front: it passes encrypted bytes through and says by the PROXY protocol whose they are."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.certificates import Authority
from tests.e2e.running import ADULT, BINH, BLOCKED, FAMILY, Running, household, listens, until
from tests.ports import free_port
from tests.tools import run, tool

NAME = "dns.home.example"
TRANSPORTS = ("tcp", "tls", "https")


class Proxied(NamedTuple):
    """A household and the ports of HAProxy, by transport and version of the protocol."""

    house: Running
    authority: Path
    ports: dict[tuple[str, str], int]

    def ask(self, transport: str, option: str, name: str, client: str) -> str:
        """What kdig says to a question of ``client`` by way of HAProxy."""
        at = ["@127.0.0.1", "-p", str(self.ports[transport, option]), "-b", client, "+retry=0", "+time=5"]
        trust = [f"+tls-ca={self.authority}", f"+tls-hostname={NAME}"] if transport != "tcp" else []
        return run("kdig", *at, f"+{transport}", *trust, name)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    program, folder = tool("haproxy"), tmp_path_factory.mktemp("proxied")
    with household(folder) as house:
        authority = Authority(folder)
        made = authority.issue(NAME)
        inside = {"tcp": house.port, "tls": free_port(), "https": free_port()}
        listen = {"dns": [f"127.0.0.1:{house.port}"], "metrics": "off"}
        listen |= {transport: [f"127.0.0.1:{inside[transport]}"] for transport in ("tls", "https")}
        certificate = {"cert": str(made.cert), "key": str(made.key), "name": NAME}
        house.save({"listen": listen, "certificate": certificate, "proxy_protocol": [ADULT]}, FAMILY)
        house.start()
        ports = {
            (transport, option): free_port() for transport in TRANSPORTS for option in ("send-proxy", "send-proxy-v2")
        }
        config = folder / "haproxy.cfg"
        config.write_text(
            "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n"
            + "".join(
                f"listen {transport}-{option}\n  bind 127.0.0.1:{port}\n"
                f"  server dns 127.0.0.1:{inside[transport]} {option}\n"
                for (transport, option), port in ports.items()
            )
        )
        process = subprocess.Popen([program, "-db", "-f", str(config)], stdout=subprocess.DEVNULL)
        try:
            for port in ports.values():
                until(lambda port=port: listens(port), "HAProxy listens")  # type: ignore[misc]
            yield Proxied(house, authority.file, ports)
        finally:
            process.terminate()
            process.wait(timeout=10)


@pytest.mark.parametrize("option", ["send-proxy", "send-proxy-v2"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_each_client_behind_it_has_its_own_rules(proxied: Proxied, transport: str, option: str) -> None:
    assert "status: NXDOMAIN" in proxied.ask(transport, option, BLOCKED, BINH)
    assert "192.0.2.1" in proxied.ask(transport, option, BLOCKED, ADULT)


def test_the_log_has_the_address_of_the_client(proxied: Proxied) -> None:
    proxied.ask("tls", "send-proxy-v2", "logged.example", BINH)
    until(
        lambda: (
            [(row["client"], row["profile"]) for row in proxied.house.logs() if row["name"] == "logged.example"]
            == [(BINH, "binh")]
        ),
        "it is written down",
    )
