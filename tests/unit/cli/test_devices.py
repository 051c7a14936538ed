"""``safedns devices``: the table, the lines to paste, the object for machines, word of a router that asks for all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safedns.cli import devices, sightings
from safedns.cli.main import main
from safedns.clock import SystemClock
from safedns.record.counters import Counters
from safedns.record.schema import QUERY_LOG
from safedns.record.writer import LogWriter
from tests.fakes import FakeClock
from tests.unit.record.samples import event

NOW = SystemClock.wall()
BINH, PI, PHONE = "00:1b:63:00:00:01", "b8:27:eb:00:00:02", "da:a1:19:00:00:03"
ROUTER = "192.168.1.1"

Run = Callable[..., Result]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Callable[..., None]]:
    writer = LogWriter(tmp_path / QUERY_LOG.name, FakeClock(), Counters())

    def add(*events: tuple[object, ...]) -> None:
        writer.add(events)
        writer.commit()

    yield add
    writer.close()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in a home of three neighbours; ``settings`` are lines of safedns.yaml."""
    neighbours = ((ROUTER, PI), ("192.168.1.50", BINH), ("192.168.1.51", PHONE), ("fe80::51%eth0", PHONE))
    monkeypatch.setattr(sightings, "neighbours_now", lambda: neighbours)
    monkeypatch.setattr(devices, "default_gateways", lambda: frozenset({ROUTER}))

    def invoke(*arguments: str, settings: str = "") -> Result:
        (tmp_path / "safedns.yaml").write_text(f"timezone: UTC\nupstreams: {{servers: [9.9.9.9]}}\n{settings}\n")
        (tmp_path / "family.yaml").write_text(
            f"children: {{binh: {{name: Bình, preset: open, devices: ['{BINH}']}}}}\n"
            "groups: {guests: {preset: open}}\nunknown: guests\n"
        )
        return CliRunner().invoke(main, ["devices", "--config", str(tmp_path), "--state", str(tmp_path), *arguments])

    return invoke


def asked(client: str, device: str = "", *, number: int = 1, at: float = NOW - 60) -> list[tuple[object, ...]]:
    return [event(at=at, client=client, device=device, profile="any", micros=number) for number in range(number)]


def test_without_a_log_the_neighbours_are_shown_and_the_router_is_not_asked_to_be_claimed(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    heading, *lines = result.stdout.splitlines()
    assert heading.split("  ")[0] == "whose"
    assert any(line.startswith(f"Bình   {BINH}") and "Apple" in line for line in lines)
    paste = lines[lines.index("") + 1 :]
    assert paste == [
        "Nobody has claimed these: they fall under `guests`. Under `devices:` of whoever has it, write",
        f'  - "{PHONE}"  # private Wi-Fi address, 192.168.1.51 fe80::51%eth0',
    ]


def test_the_object_says_what_is_known_of_each(run: Run, write: Callable[..., None]) -> None:
    write(*asked("192.168.1.50", BINH, number=3), *asked("192.168.1.99", at=NOW - 3 * 86_400))
    found = json.loads(run("--json").stdout)
    assert (found["unknown"], found["only_router"]) == ("guests", "")
    first, second, *others = found["devices"]
    assert first == {
        "mac": BINH,
        "randomised": False,
        "vendor": "Apple, Inc.",
        "addresses": ["192.168.1.50"],
        "host": "",
        "profile": "binh",
        "claim": BINH,
        "last_seen": first["last_seen"],
        "queries": 3,
    }
    assert first["last_seen"].endswith("+00:00")
    assert (second["mac"], second["addresses"], second["claim"]) == ("", ["192.168.1.99"], "")
    assert {other["mac"]: (other["randomised"], other["last_seen"]) for other in others} == {
        PI: (False, None),
        PHONE: (True, None),
    }


def test_since_says_how_far_back_the_log_counts(run: Run, write: Callable[..., None]) -> None:
    write(*asked("192.168.1.99", at=NOW - 3 * 86_400))
    assert "192.168.1.99" in run().stdout
    assert "192.168.1.99" not in run("--since", "1d").stdout
    assert run("--since", "soon").exit_code == 2


def test_that_only_the_router_asks_is_said_with_the_cure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "resolvers": [{"clients": [[ROUTER, "", 30]]}, {}, {"clients": [[ROUTER, "", 20], ["192.168.1.50", BINH, 1]]}]
    }
    monkeypatch.setattr(devices, "ask", lambda _state, _what: told)
    assert json.loads(run("--json").stdout)["only_router"] == ROUTER
    assert run().stderr == (
        f"nearly every question comes from {ROUTER}, as when a router asks for everybody; have it hand out this "
        "machine as DNS server, or add for which device it asks (docs/routers.md, Only the router asks)\n"
    )
    assert "it is trusted but does not say" in run(settings=f"trusted_forwarders: [{ROUTER}]").stderr


def test_a_log_that_knows_one_device_alone_is_no_word_of_a_router(run: Run, write: Callable[..., None]) -> None:
    """The others may not be logged in full."""
    write(*asked(ROUTER, number=50))
    assert json.loads(run("--json").stdout)["only_router"] == ""


def test_a_configuration_with_a_mistake_is_said_and_shows_nobody(run: Run) -> None:
    result = run(settings="leases: [here]")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "leases[1]: `here` is not a whole path; expected one such as /var/lib/misc/dnsmasq.leases" in result.stderr
