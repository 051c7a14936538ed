"""The configurations: the same names, upstream, cache and log for every system."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bench.compare.systems import (
    SYSTEMS,
    Site,
    dnsdist_config,
    dnsmasq_config,
    safedns_config,
    safedns_family,
    unbound_config,
)

SITE = Site(
    folder=Path("/tmp/one"),
    port=5301,
    metrics_port=5302,
    upstream_port=5303,
    lists={"adult": ("bad.com",), "games": ("play.net", "fun.org")},
    clients=("127.0.0.1", "127.0.0.2"),
    user="somebody",
)


def written(system: str, folder: Path) -> str:
    """Everything that a system's preparation leaves in its folder."""
    SYSTEMS[system].prepare(replace(SITE, folder=folder))
    return "\n".join(file.read_text() for file in sorted(folder.iterdir()))


@pytest.mark.parametrize("system", ["dnsdist", "dnsmasq", "unbound"])
def test_every_peer_gets_all_names_its_port_the_upstream_and_a_log(system: str, tmp_path: Path) -> None:
    text = written(system, tmp_path)
    for wanted in ("bad.com", "play.net", "fun.org", "5301", "5303", f"{tmp_path}/queries.log"):
        assert wanted in text


def test_dnsmasq_answers_blocked_names_itself() -> None:
    lines = list(dnsmasq_config(SITE))
    assert "local=/play.net/" in lines
    assert "log-queries" in lines
    assert "user=somebody" in lines


def test_unbound_keeps_its_sections_apart() -> None:
    lines = list(unbound_config(SITE))
    assert [line for line in lines if not line.startswith(" ")] == ["server:", "forward-zone:", "remote-control:"]
    assert lines.index('  local-zone: "fun.org." always_nxdomain') < lines.index("forward-zone:")
    assert "  log-replies: yes" in lines


def test_dnsdist_logs_before_it_blocks() -> None:
    lines = list(dnsdist_config(SITE))
    logged = next(place for place, line in enumerate(lines) if "LogAction" in line)
    blocked = next(place for place, line in enumerate(lines) if "NXDOMAIN" in line)
    assert logged < blocked


def test_safedns_reads_each_category_from_a_file_of_its_own_and_downloads_nothing() -> None:
    document = json.loads(safedns_config(SITE))
    assert document["lists"]["use"] == []
    assert [entry["source"] for entry in document["lists"]["extra"]] == ["adult.txt", "games.txt"]
    assert document["listen"] == {"dns": ["127.0.0.1:5301"], "metrics": "127.0.0.1:5302"}
    assert document["upstreams"]["servers"] == ["127.0.0.1:5303"]


def test_safedns_filters_every_category_for_the_clients_that_ask_and_logs_in_full() -> None:
    child: dict[str, Any] = json.loads(safedns_family(SITE))["children"]["an"]
    assert child["devices"] == ["127.0.0.1", "127.0.0.2"]
    assert child["categories"] == {"adult": "off", "games": "off"}
    assert child["log"] == "full"
