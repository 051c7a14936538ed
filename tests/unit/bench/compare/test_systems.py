"""The configurations: the same names, upstream, cache and log for every system."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bench.compare.peers import (
    dnsdist_config,
    dnsmasq_config,
    kresd_config,
    policy_zone,
    recursor_config,
    recursor_log,
    unbound_config,
)
from tests.bench.compare.site import Site
from tests.bench.compare.systems import SYSTEMS, safedns_config, safedns_family, scaled

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


@pytest.mark.parametrize("system", ["dnsdist", "dnsmasq", "unbound", "knot-resolver", "pdns-recursor"])
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


def test_a_policy_zone_closes_each_name_and_what_is_below_it() -> None:
    assert {"play.net CNAME .", "*.play.net CNAME ."} <= set(policy_zone(SITE))


def test_knot_resolver_logs_before_it_blocks_and_listens_once_the_names_are_read() -> None:
    text = "\n".join(kresd_config(SITE))
    assert text.index("log:write") < text.index("policy.rpz") < text.index("net.listen")


def test_pdns_recursor_forwards_without_validation_and_logs_each_query_with_its_client() -> None:
    assert {"dnssec=off", "forward-zones-recurse=.=127.0.0.1:5303", "threads=1"} <= set(recursor_config(SITE))
    hook = "\n".join(recursor_log(SITE))
    for part in ("get_remote(query)", "get_qname(query)", "get_qtype(query)"):
        assert part in hook


def test_each_number_of_workers_makes_a_system_of_its_own_where_it_scales() -> None:
    systems = scaled([SYSTEMS["unbound"], SYSTEMS["dnsmasq"]], [1, 2])
    assert [(system.name, system.workers) for system in systems] == [
        ("unbound", 1),
        ("unbound, 2 workers", 2),
        ("dnsmasq", 1),
    ]


@pytest.mark.parametrize(
    ("system", "wanted"),
    [
        ("safedns", '"workers": 3'),
        ("unbound", "num-threads: 3"),
        ("pdns-recursor", "threads=3"),
        ("dnsdist", "reusePort=true"),
    ],
)
def test_the_number_of_workers_stands_in_the_configuration(system: str, wanted: str, tmp_path: Path) -> None:
    site = replace(SITE, folder=tmp_path, workers=3)
    text = safedns_config(site) if system == "safedns" else ""
    if not text:
        SYSTEMS[system].prepare(site)
        text = "\n".join(file.read_text() for file in tmp_path.iterdir())
    assert wanted in text


def test_knot_resolver_runs_a_process_for_each_worker() -> None:
    assert " ".join(SYSTEMS["knot-resolver"].command(replace(SITE, workers=3))).count("--noninteractive") == 3


def test_only_the_lines_that_name_a_query_count_as_entries(tmp_path: Path) -> None:
    site = replace(SITE, folder=tmp_path)
    counted = SYSTEMS["dnsmasq"].logged
    assert counted is not None
    assert counted(site) == 0
    lines = "dnsmasq[1]: query[A] a.com from 127.0.0.1\ndnsmasq[1]: forwarded a.com to 127.0.0.1#53\n"
    (tmp_path / "queries.log").write_text(lines)
    assert counted(site) == 1


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
