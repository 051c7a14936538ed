"""From a specification to an upstream. Libraries that only one transport needs are loaded with it."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from safedns.clock import Clock
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.upstream.connection import ConnectionCarrier
from safedns.resolve.upstream.encrypted import EncryptedUpstream, Encrypting
from safedns.resolve.upstream.place import Place
from safedns.resolve.upstream.plain import PlainUpstream
from safedns.resolve.upstream.tcp import TcpCarrier
from safedns.resolve.upstream.tls import TlsClient
from safedns.settings.model import UpstreamSpec

_MODULES = {"https": "https", "quic": "quic", "h3": "http3"}
"""Transport -> its module here, which brings a library along."""


def load_transports(specs: Iterable[UpstreamSpec]) -> None:
    """Import what ``specs`` need, so that opening them takes no time. It may be called in a thread, beside answers."""
    for transport in {spec.transport for spec in specs} & _MODULES.keys():
        importlib.import_module(f"safedns.resolve.upstream.{_MODULES[transport]}")


def open_upstream(
    spec: UpstreamSpec, clock: Clock, meter: UpstreamMeter, place: Place
) -> PlainUpstream | EncryptedUpstream:
    """The upstream for a specification; nothing is sent yet. ``place``: its addresses."""
    if spec.transport == "plain":
        return PlainUpstream(spec.name, spec.host, spec.port, clock, mismatches=meter.mismatches, tcp_count=meter.tcp)
    return EncryptedUpstream(spec.name, _carrier(spec, meter, place))


def _carrier(spec: UpstreamSpec, meter: UpstreamMeter, place: Place) -> Encrypting:
    if spec.transport == "tls":
        return TcpCarrier(place, spec.port, meter.mismatches, TlsClient(spec.certificate, spec.pins))
    if spec.transport == "quic":
        from safedns.resolve.upstream.quic import QuicCarrier

        return QuicCarrier(place, spec.port, meter.mismatches, spec.certificate)
    if spec.transport == "h3":
        return _http3(spec, meter, place, spec.port)
    from safedns.resolve.upstream.http import resource_of
    from safedns.resolve.upstream.https import HttpsCarrier

    tls = TlsClient(spec.certificate, spec.pins, "h2")
    https = HttpsCarrier(place, spec.port, meter.mismatches, tls, resource_of(spec))
    if not spec.http3:
        return https
    from safedns.resolve.upstream.upgrade import UpgradingCarrier

    return UpgradingCarrier(https, lambda port: _http3(spec, meter, place, port))


def _http3(spec: UpstreamSpec, meter: UpstreamMeter, place: Place, port: int) -> ConnectionCarrier:
    from safedns.resolve.upstream.http import resource_of
    from safedns.resolve.upstream.http3 import Http3Carrier

    return Http3Carrier(place, port, meter.mismatches, spec.certificate, resource_of(spec))
