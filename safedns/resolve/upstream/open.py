"""From a specification to an upstream. Libraries that only one transport needs are loaded with it."""

from __future__ import annotations

from safedns.clock import Clock
from safedns.resolve.counting import UpstreamMeter
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
    return EncryptedUpstream(
        spec.name, TcpCarrier(place, spec.port, meter.mismatches, TlsClient(spec.certificate, spec.pins))
    )
