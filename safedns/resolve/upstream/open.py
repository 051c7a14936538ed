"""From a specification to an upstream. Libraries that only one transport needs are loaded with it."""

from __future__ import annotations

from safedns.clock import Clock
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.upstream.connection import ConnectionCarrier
from safedns.resolve.upstream.encrypted import EncryptedUpstream
from safedns.resolve.upstream.place import Place
from safedns.resolve.upstream.plain import PlainUpstream
from safedns.resolve.upstream.tcp import TcpCarrier
from safedns.resolve.upstream.tls import TlsClient
from safedns.settings.model import UpstreamSpec


def open_upstream(
    spec: UpstreamSpec, clock: Clock, meter: UpstreamMeter, place: Place
) -> PlainUpstream | EncryptedUpstream:
    """The upstream for a specification; nothing is sent yet. ``place``: its addresses."""
    if spec.transport == "plain":
        return PlainUpstream(spec.name, spec.host, spec.port, clock, mismatches=meter.mismatches, tcp_count=meter.tcp)
    return EncryptedUpstream(spec.name, _carrier(spec, meter, place))


def _carrier(spec: UpstreamSpec, meter: UpstreamMeter, place: Place) -> ConnectionCarrier:
    if spec.transport == "tls":
        return TcpCarrier(place, spec.port, meter.mismatches, TlsClient(spec.certificate, spec.pins))
    if spec.transport == "quic":
        from safedns.resolve.upstream.quic import QuicCarrier

        return QuicCarrier(place, spec.port, meter.mismatches, spec.certificate)
    from safedns.resolve.upstream.https import HttpsCarrier, Resource

    tls = TlsClient(spec.certificate, spec.pins, "h2")
    return HttpsCarrier(place, spec.port, meter.mismatches, tls, Resource(_authority(spec), spec.path))


def _authority(spec: UpstreamSpec) -> str:
    """The host of the address, by the name it proves, and the port where it is not the usual one."""
    host = f"[{spec.certificate}]" if ":" in spec.certificate else spec.certificate
    return host if spec.port == 443 else f"{host}:{spec.port}"
