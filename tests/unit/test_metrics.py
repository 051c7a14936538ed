"""Metrics: the table against its documents, totals as Prometheus reads them, and the endpoint under bad manners."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from safedns import __version__, metrics
from safedns.metrics import METRICS, TotalsCollector, serve_metrics
from safedns.record.recorder import Totals
from safedns.settings.model import Endpoint
from tests.unit.test_plainhttp import exchange

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
METRIC_NAME = re.compile(r"\bsafedns_[a-z_]+\b")

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def exposed(totals: Totals) -> Samples:
    registry = CollectorRegistry()
    registry.register(TotalsCollector(totals))
    return parsed(generate_latest(registry).decode())


def parsed(page: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def sample(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def expressions(of: str) -> list[str]:
    if of == "dashboard":
        board = json.loads((ROOT / "config/grafana/safedns.json").read_text(encoding="utf-8"))
        panels = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        return panels + [variable["query"]["query"] for variable in board["templating"]["list"][1:]]
    groups = yaml.safe_load((ROOT / "config/prometheus/alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def names_in(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in METRIC_NAME.findall(text)}


# -- the table and what is written about it -----------------------------------------------------------------------


@pytest.mark.parametrize("of", ["dashboard", "alerts"])
def test_every_metric_that_is_drawn_or_watched_exists(of: str) -> None:
    known = {metric.name + suffix for metric in METRICS for suffix in SUFFIXES[metric.kind]}
    assert names_in(expressions(of)) - known == set()


def test_every_metric_is_on_the_dashboard() -> None:
    used = names_in(expressions("dashboard"))
    assert [m.name for m in METRICS if not any(m.name + suffix in used for suffix in SUFFIXES[m.kind])] == []


def test_the_document_has_a_line_for_every_metric_and_for_no_other() -> None:
    text = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(safedns_\w+)` \| (\w+) \| (.*?) \|", text, re.MULTILINE)
    written = [(name, kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows]
    assert written == [(metric.name, metric.kind, metric.labels) for metric in METRICS]


def test_only_labels_of_their_metric_are_used_in_expressions() -> None:
    labels = {
        metric.name + suffix: {*metric.labels, "instance"} for metric in METRICS for suffix in SUFFIXES[metric.kind]
    }
    for expression in expressions("dashboard") + expressions("alerts"):
        for name, matchers in re.findall(r"\b(safedns_[a-z_]+)\{(.*?)\}", expression):
            assert set(re.findall(r"(\w+)[=!]", matchers)) <= labels[name], expression


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_conventions_of_prometheus(metric: metrics.Metric) -> None:
    assert metric.name.startswith("safedns_")
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.name.endswith(metric.unit)
    assert metric.help[0].isupper()
    assert metric.help[-1] == "."
    assert bool(metric.buckets) == bool(metric.sum_key) == (metric.kind == "histogram")


def test_no_key_or_name_is_used_twice() -> None:
    assert len({metric.key for metric in METRICS}) == len({metric.name for metric in METRICS}) == len(METRICS)


# -- what a scrape shows ------------------------------------------------------------------------------------------


def test_counters_are_shown_with_their_labels() -> None:
    totals = Totals()
    totals.add({("queries", "binh", "blocked", "service", "udp"): 3, ("events_dropped",): 2})
    totals.add({("queries", "binh", "blocked", "service", "udp"): 4})
    samples = exposed(totals)
    labels = {"profile": "binh", "decision": "blocked", "reason": "service", "protocol": "udp"}
    assert sample(samples, "safedns_queries_total", **labels) == 7
    assert sample(samples, "safedns_events_dropped_total") == 2


def test_buckets_become_cumulative_and_the_sum_is_in_seconds() -> None:
    totals = Totals()
    totals.add(
        {("latency", "0.0001"): 5, ("latency", "0.01"): 2, ("latency", "+Inf"): 1, ("latency_micros",): 3_500_000}
    )
    samples = exposed(totals)
    name = "safedns_query_duration_seconds"
    assert [sample(samples, f"{name}_bucket", le=bound) for bound in ("0.0001", "0.005", "0.01", "2.5", "+Inf")] == [
        5, 5, 7, 7, 8,
    ]  # fmt: skip
    assert (sample(samples, f"{name}_count"), sample(samples, f"{name}_sum")) == (8, 3.5)


def test_each_upstream_has_its_own_histogram() -> None:
    totals = Totals()
    totals.add({("upstream_latency", "a", "0.01"): 1, ("upstream_latency", "b", "1"): 2})
    totals.add({("upstream_latency_micros", "a"): 9000, ("upstream_latency_micros", "b"): 1_400_000})
    samples = exposed(totals)
    name = "safedns_upstream_duration_seconds"
    assert sample(samples, f"{name}_count", upstream="a") == 1
    assert sample(samples, f"{name}_sum", upstream="b") == 1.4
    assert sample(samples, f"{name}_bucket", upstream="b", le="0.5") == 0


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("cache_entries", "safedns_cache_entries", 30),
        ("inflight", "safedns_inflight_queries", 30),
        ("config_ok", "safedns_config_ok", 10),
        ("config_loaded", "safedns_config_loaded_timestamp_seconds", 10),
    ],
)
def test_gauges_of_several_workers_become_one(key: str, name: str, expected: float) -> None:
    totals = Totals()
    totals.gauges = {"resolver-0": {(key,): 10.0}, "resolver-1": {(key,): 20.0}, "supervisor": {}}
    assert sample(exposed(totals), name) == expected


def test_nothing_counted_yet_shows_noughts_where_there_are_no_labels_and_the_version() -> None:
    samples = exposed(Totals())
    assert sample(samples, "safedns_log_rows_total") == 0
    assert sample(samples, "safedns_build_info", version=__version__) == 1


@pytest.mark.parametrize(
    "key",
    [
        ("unheard of",),
        ("queries",),
        ("queries", "binh", "blocked", "service", "udp", "more"),
        ("latency",),
        ("latency", "0.0002"),
        ("latency", "x", "1"),
        ("upstream_latency", "1"),
        ("cache_entries", "x"),
        ("latency_micros",),
        ("",),
    ],
)
def test_a_key_that_the_table_does_not_know_never_breaks_a_scrape(key: tuple[str, ...]) -> None:
    odd, plain = Totals(), Totals()
    for totals in (odd, plain):
        totals.add({("queries", "binh", "allowed", "default", "udp"): 1})
    odd.add({key: 1})
    odd.gauges["resolver-0"] = {key: 1.0}
    assert exposed(odd) == exposed(plain)


def test_label_values_are_escaped_and_never_break_the_page() -> None:
    totals = Totals()
    totals.add({("cache", 'a"b\\c\nd'): 1, ("cache", "\ud800"): 2})
    samples = exposed(totals)
    assert sample(samples, "safedns_cache_events_total", event='a"b\\c\nd') == 1
    assert sample(samples, "safedns_cache_events_total", event="?") == 2


# -- the endpoint -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def endpoint(totals: Totals | None = None) -> AsyncIterator[int]:
    """A server on a free port; every refresh counts one memo hit."""
    totals = totals or Totals()

    async def refresh() -> None:
        totals.add({("memo", "hit"): 1})

    server = await serve_metrics(Endpoint("127.0.0.1", 0), totals, refresh)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def test_a_scrape_shows_what_a_refresh_just_brought() -> None:
    async with endpoint() as port:
        for expected in (1, 2):
            status, headers, body = await exchange(port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            assert status == "HTTP/1.1 200 OK"
            assert headers["Content-Type"].startswith("text/plain; version=")
            assert int(headers["Content-Length"]) == len(body.encode())
            assert sample(parsed(body), "safedns_memo_events_total", event="hit") == expected


async def test_openmetrics_is_spoken_where_it_is_asked_for() -> None:
    async with endpoint() as port:
        accept = b"Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
        _, headers, body = await exchange(port, b"GET /metrics HTTP/1.1\r\n" + accept + b"\r\n\r\n")
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert body.endswith("# EOF\n")


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /metrics?name=x HTTP/1.1", "200 OK"),
        (b"HEAD /metrics HTTP/1.1", "200 OK"),
        (b"GET / HTTP/1.0", "200 OK"),
        (b"GET /etc/passwd HTTP/1.1", "404 Not Found"),
        (b"GET", "404 Not Found"),
        (b"POST /metrics HTTP/1.1", "405 Method Not Allowed"),
    ],
)
async def test_requests_and_their_answers(request_line: bytes, status: str) -> None:
    async with endpoint() as port:
        answered, headers, body = await exchange(port, request_line + b"\r\nHost: x\r\n\r\n")
        assert answered == f"HTTP/1.1 {status}"
        assert headers["Connection"] == "close"
        assert bool(body) != request_line.startswith(b"HEAD")


async def test_the_root_says_where_the_metrics_are_in_one_line() -> None:
    async with endpoint() as port:
        _, _, body = await exchange(port, b"GET / HTTP/1.1\r\n\r\n")
    assert body == "safedns: the metrics are at /metrics\n"


async def test_an_address_that_is_taken_is_the_callers_to_report() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="address already in use"):
        await serve_metrics(Endpoint(*taken.getsockname()), Totals(), lambda: asyncio.sleep(0))
