"""The Prometheus side: one table that says what every counter key means, and ``GET /metrics``.

Metrics are pulled: families are built from the recorder's ``Totals`` while a scrape waits, after the workers were
asked for their newest numbers. A key that the table does not know, or with other labels, is left out: it must never
break a scrape. Label values come from closed sets: never a name, an address or the text of a rule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from safedns import __version__
from safedns.plainhttp import MAX_REQUEST, HttpHandler, Reply, Request
from safedns.record.buckets import LATENCY_BUCKETS, UPSTREAM_BUCKETS
from safedns.record.counters import Key
from safedns.record.recorder import Totals
from safedns.settings.model import Endpoint


class Metric(NamedTuple):
    """One metric: which key counts it, and how it is shown."""

    key: str
    """First part of the counter or gauge key; the others are the label values."""
    kind: Literal["counter", "gauge", "histogram"]
    name: str
    """As exposed; Prometheus adds ``_bucket``, ``_sum`` and ``_count`` to a histogram's."""
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    aggregate: Literal["sum", "max", "min"] = "sum"
    """How a gauge's values of several workers become one."""
    buckets: tuple[str, ...] = ()
    """A histogram's key ends with one of these; they are counted apart, not cumulatively."""
    sum_key: str = ""
    """The counter of a histogram's sum, in microseconds."""


METRICS = (
    Metric("queries", "counter", "safedns_queries_total", "Queries by what was decided and why.",
           ("profile", "decision", "reason", "protocol")),
    Metric("latency", "histogram", "safedns_query_duration_seconds",
           "Time from reading a query to handing over its reply.",
           unit="seconds", buckets=LATENCY_BUCKETS, sum_key="latency_micros"),
    Metric("cache", "counter", "safedns_cache_events_total", "Answer cache look-ups and changes.", ("event",)),
    Metric("dnssec", "counter", "safedns_dnssec_answers_total",
           "Answers of upstreams by what checking their signatures came to.", ("outcome",)),
    Metric("memo", "counter", "safedns_memo_events_total", "Look-ups of finished replies.", ("event",)),
    Metric("cache_entries", "gauge", "safedns_cache_entries", "Answers in the cache."),
    Metric("cache_bytes", "gauge", "safedns_cache_bytes", "Memory that the answers in the cache take.", unit="bytes"),
    Metric("inflight", "gauge", "safedns_inflight_queries", "Queries that wait for an upstream."),
    Metric("connections", "gauge", "safedns_connections", "Open connections of clients.", ("protocol",)),
    Metric("connections_refused", "counter", "safedns_connections_refused_total",
           "Connections of clients that were turned away because there was no room.", ("protocol",)),
    Metric("certificate_expires", "gauge", "safedns_certificate_expires_timestamp_seconds",
           "When the certificate that encrypted DNS shows ends.", unit="seconds", aggregate="min"),
    Metric("upstream_queries", "counter", "safedns_upstream_queries_total", "Queries sent to upstreams by outcome.",
           ("upstream", "outcome")),
    Metric("upstream_latency", "histogram", "safedns_upstream_duration_seconds", "Time an upstream took to answer.",
           ("upstream",), unit="seconds", buckets=UPSTREAM_BUCKETS, sum_key="upstream_latency_micros"),
    Metric("upstream_up", "gauge", "safedns_upstream_up", "Whether an upstream is used (1) or rests (0).",
           ("upstream",), aggregate="min"),
    Metric("upstream_rtt_seconds", "gauge", "safedns_upstream_rtt_seconds", "Smoothed round trip to an upstream.",
           ("upstream",), unit="seconds", aggregate="max"),
    Metric("clients", "gauge", "safedns_clients",
           "Clients that have asked since the rules were last loaded, by whether somebody has claimed them.",
           ("claimed",), aggregate="max"),
    Metric("list_entries", "gauge", "safedns_list_entries", "Entries of a blocklist; 0 where it was never fetched yet.",
           ("list", "category"), aggregate="max"),
    Metric("list_updated", "gauge", "safedns_list_updated_timestamp_seconds",
           "When a loaded blocklist was last fetched and found good.", ("list",), unit="seconds", aggregate="min"),
    Metric("list_held", "gauge", "safedns_list_held",
           "Whether a version of a blocklist waits for a parent's consent (1) or none does (0).", ("list",),
           aggregate="max"),
    Metric("events_dropped", "counter", "safedns_events_dropped_total",
           "Queries that were answered but not logged because the pipe to the recorder was full."),
    Metric("log_rows", "counter", "safedns_log_rows_total", "Rows written to the query log."),
    Metric("log_rows_dropped", "counter", "safedns_log_rows_dropped_total",
           "Rows that are not in the query log: disk full, file broken, or the recorder was killed."),
    Metric("next_edge", "gauge", "safedns_next_edge_timestamp_seconds", "When a profile's rules change next.",
           ("profile",), unit="seconds", aggregate="min"),
    Metric("overrides", "gauge", "safedns_overrides", "Pauses, grants and blocks that hold now.", ("profile", "kind"),
           aggregate="max"),
    Metric("limit_used", "gauge", "safedns_limit_used_seconds", "Estimated use of a limit today.",
           ("profile", "target"), unit="seconds", aggregate="max"),
    Metric("limit_allowed", "gauge", "safedns_limit_allowed_seconds",
           "What a limit allows today, with extra time that a parent gave.",
           ("profile", "target"), unit="seconds", aggregate="max"),
    Metric("config_ok", "gauge", "safedns_config_ok",
           "Whether the configuration files as they are now were taken (1), or the last good ones rule (0).",
           aggregate="min"),
    Metric("config_loaded", "gauge", "safedns_config_loaded_timestamp_seconds",
           "When the configuration in force was loaded.", unit="seconds", aggregate="min"),
    Metric("restarts", "counter", "safedns_process_restarts_total", "Restarts of a process after it ended.",
           ("process",)),
    Metric("build_info", "gauge", "safedns_build_info", "Always 1; the version is in the label.", ("version",),
           aggregate="max"),
)  # fmt: skip
"""Every metric there is; ``docs/metrics.md`` explains them."""

_AGGREGATES: Mapping[str, Callable[[Iterable[float]], float]] = {"sum": sum, "max": max, "min": min}
_BUILD: dict[Key, float] = {("build_info", __version__): 1.0}

Samples = dict[tuple[str, ...], list[float]]
"""Label values -> the values that were found for them."""


class TotalsCollector(Collector):
    """Builds metric families from ``Totals`` at scrape time."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals

    def collect(self) -> Iterator[Family]:
        """One family for each entry of ``METRICS``, in that order, also where it has no samples yet."""
        counters = _by_metric([self._totals.counters])
        gauges = _by_metric([*self._totals.gauges.values(), _BUILD])
        for metric in METRICS:
            if metric.kind == "gauge":
                yield _gauge(metric, gauges.get(metric.key, {}))
            elif metric.kind == "counter":
                yield _counter(metric, counters.get(metric.key, {}))
            else:
                yield _histogram(metric, counters.get(metric.key, {}), counters.get(metric.sum_key, {}))


def _by_metric(sources: Iterable[Mapping[Key, float]]) -> dict[str, Samples]:
    found: dict[str, Samples] = {}
    for source in sources:
        for (key, *labels), value in source.items():
            # A text that is not valid Unicode would fail the whole page when it is encoded.
            values = tuple(label.encode(errors="replace").decode() for label in labels)
            found.setdefault(key, {}).setdefault(values, []).append(value)
    return found


def _counter(metric: Metric, samples: Samples) -> Family:
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, values in _fitting(samples, metric.labels):
        family.add_metric(labels, sum(values))
    if not metric.labels and not samples:
        # What has not happened yet is nought, so that a rate over its first occurrence is not lost.
        family.add_metric((), 0)
    return family


def _gauge(metric: Metric, samples: Samples) -> Family:
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels, unit=metric.unit)
    for labels, values in _fitting(samples, metric.labels):
        family.add_metric(labels, _AGGREGATES[metric.aggregate](values))
    return family


def _histogram(metric: Metric, samples: Samples, sums: Samples) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels, unit=metric.unit)
    counts: dict[tuple[str, ...], dict[str, float]] = {}
    for (*others, bucket), values in _fitting(samples, (*metric.labels, "bucket")):
        if bucket in metric.buckets:
            counts.setdefault(tuple(others), {})[bucket] = sum(values)
    for labels, buckets in sorted(counts.items()):
        total = 0.0
        cumulative = []
        for bound in metric.buckets:
            total += buckets.get(bound, 0)
            cumulative.append((bound, total))
        family.add_metric(labels, cumulative, sum(sums.get(labels, ())) / 1_000_000)
    return family


def _fitting(samples: Samples, labels: tuple[str, ...]) -> list[tuple[tuple[str, ...], list[float]]]:
    """The samples that have as many label values as the metric has labels, in the order of those."""
    return sorted(sample for sample in samples.items() if len(sample[0]) == len(labels))


async def serve_metrics(endpoint: Endpoint, totals: Totals, refresh: Callable[[], Awaitable[None]]) -> asyncio.Server:
    """Answer ``GET /metrics`` on ``endpoint``; ``refresh`` fetches the newest numbers before each scrape.

    The caller closes the server. Raises ``OSError`` where the address cannot be had.
    """
    registry = CollectorRegistry()
    registry.register(TotalsCollector(totals))

    async def answer(request: Request) -> Reply:
        if request.method not in ("GET", "HEAD"):
            return Reply("405 Method Not Allowed", b"only GET and HEAD\n")
        if request.path == "/":
            return Reply("200 OK", b"safedns: the metrics are at /metrics\n")
        if request.path != "/metrics":
            return Reply("404 Not Found", b"there is only /metrics\n")
        await refresh()
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Reply("200 OK", encode(registry), content_type)

    connected = HttpHandler(answer).connected
    return await asyncio.start_server(connected, endpoint.host, endpoint.port, limit=MAX_REQUEST)
