"""``safedns query``: ask a DNS server as a device would, and show what it says, the reason for a block included.

UDP first, TCP when the answer does not fit. Of a name that is closed it also asks a safedns what applies to it for this
machine (``safedns.why``). Shows what came; decides nothing.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import click
import dnslib

from safedns.cli.common import config_option
from safedns.clock import Clock, SystemClock
from safedns.errors import ConfigError, NotRunningError, SafednsError, WireError
from safedns.resolve.special import WHY_ZONE
from safedns.settings.load import load_settings
from safedns.settings.model import Endpoint
from safedns.settings.words import upstream
from safedns.wire.answer import decode_answer
from safedns.wire.names import parse_name
from safedns.wire.query import Query, decode_query
from safedns.wire.request import plain_request
from safedns.wire.stream import Deframer, frame
from safedns.wire.types import FLAG_AA, FLAG_AD, FLAG_CD, FLAG_RA, FLAG_RD, FLAG_TC, Ede, EdnsOption, QType, parse_type

DEFAULT_SERVER = Endpoint("127.0.0.1", 5300)
_TRIES = 2
_SECONDS_PER_TRY = 5.0
"""Longer than the resolver itself takes before it gives up."""
_DATAGRAM_MAX = 65_535
_FILTERED = (Ede.BLOCKED, Ede.CENSORED, Ede.FILTERED)
_FLAGS = {"aa": FLAG_AA, "tc": FLAG_TC, "rd": FLAG_RD, "ra": FLAG_RA, "ad": FLAG_AD, "cd": FLAG_CD}


class Exchange(NamedTuple):
    """One question and what came of it."""

    query: Query
    packet: bytes
    rcode: int
    transport: str
    seconds: float


@click.command(help="Ask for NAME (TYPE: A unless given) and show the answer, with the reason for a block.")
@click.argument("name")
@click.argument("rtype", metavar="[TYPE]", default="A")
@click.option("--server", metavar="HOST:PORT", help="Whom to ask; the configuration's first address unless given.")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
@config_option
def command(name: str, rtype: str, server: str | None, as_json: bool, config: Path) -> None:  # noqa: FBT001 - click
    """Exit 0 when there is an answer of any kind, 2 for bad usage, 3 when nobody answers."""
    try:
        query = decode_query(plain_request(parse_name(name), parse_type(rtype), int.from_bytes(os.urandom(2))))
        at = _endpoint(server) if server is not None else configured_server(config)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    found = describe(ask(query, at, SystemClock()), at)
    if any(error["code"] in _FILTERED for error in found["errors"]):
        found["why"] = why(query.name, at)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _show(found)


def configured_server(config: Path) -> Endpoint:
    """The first address that the configuration listens on, as this machine reaches it; else the default."""
    try:
        listen = load_settings(config).listen_dns
    except ConfigError:
        return DEFAULT_SERVER  # to ask a running server one needs no good configuration
    if not listen:
        return DEFAULT_SERVER
    host, port = listen[0]
    if ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return Endpoint(host, port)


def _endpoint(text: str) -> Endpoint:
    given = upstream(text)
    if given.transport != "plain":
        raise ValueError(f"{text!r}: only plain DNS can be asked; expected an address such as 127.0.0.1:5300")
    return Endpoint(given.host, given.port)


def ask(query: Query, server: Endpoint, clock: Clock) -> Exchange:
    """Ask over UDP, then over TCP if the answer is truncated; raises ``NotRunningError`` when nobody answers."""
    start = clock.monotonic()
    request = plain_request(query.name, query.qtype, query.id)
    transport = "udp"
    try:
        packet = _over_udp(query, request, server)
        if decode_answer(packet, query).truncated:
            transport = "tcp"
            packet = _over_tcp(query, request, server)
    except OSError as error:
        reason = "no answer came" if isinstance(error, TimeoutError) else error.strerror or str(error)
        raise NotRunningError(f"{server} does not answer: {reason}; is safedns running there?") from None
    return Exchange(query, packet, decode_answer(packet, query).rcode, transport, clock.monotonic() - start)


def _over_udp(query: Query, request: bytes, server: Endpoint) -> bytes:
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect(server)
        sock.settimeout(_SECONDS_PER_TRY)
        sock.send(request)
        for _ in range(_TRIES - 1):
            with suppress(TimeoutError):
                return _await_answer(query, sock)
            sock.send(request)
        return _await_answer(query, sock)


def _await_answer(query: Query, sock: socket.socket) -> bytes:
    while not _answers(query, packet := sock.recv(_DATAGRAM_MAX)):
        pass
    return packet


def _over_tcp(query: Query, request: bytes, server: Endpoint) -> bytes:
    deframer = Deframer()
    with socket.create_connection(server, timeout=_SECONDS_PER_TRY) as sock:
        sock.sendall(frame(request))
        while data := sock.recv(_DATAGRAM_MAX):
            for packet in deframer.feed(data):
                if _answers(query, packet):
                    return packet
    raise ConnectionError("the TCP connection was closed without an answer")


def _answers(query: Query, packet: bytes) -> bool:
    """Whether ``packet`` is the response to ``query``."""
    if packet[:2] != query.id.to_bytes(2):
        return False
    try:
        decode_answer(packet, query)
    except WireError:
        return False
    return True


def why(name: str, server: Endpoint) -> str:
    """What a safedns says of a closed name to this machine; empty where the server is another."""
    try:
        request = plain_request(f"{name}.{WHY_ZONE}", int(QType.TXT), int.from_bytes(os.urandom(2)))
        exchange = ask(decode_query(request), server, SystemClock())
        texts = [
            record.rdata.data for record in dnslib.DNSRecord.parse(exchange.packet).rr if record.rtype == QType.TXT
        ]
    except (ValueError, NotRunningError, dnslib.DNSError):  # too long with the zone behind it; nobody; nonsense
        return ""
    return b"".join(texts[0]).decode(errors="replace") if texts else ""


def describe(exchange: Exchange, server: Endpoint) -> dict[str, Any]:
    """The answer as plain values: what ``--json`` prints."""
    try:
        record = dnslib.DNSRecord.parse(exchange.packet)
    except dnslib.DNSError as error:
        raise SafednsError(f"{server} sent an answer that cannot be shown: {error}") from None
    flags = int.from_bytes(exchange.packet[2:4])
    return {
        "name": exchange.query.name,
        "type": _type_name(exchange.query.qtype),
        "status": dnslib.RCODE.forward.get(exchange.rcode, f"RCODE{exchange.rcode}"),
        "flags": [name for name, bit in _FLAGS.items() if flags & bit],
        "answers": [_record(one) for one in record.rr],
        "authority": [_record(one) for one in record.auth],
        "why": "",
        "errors": [error for one in record.ar if one.rtype == QType.OPT for error in _extended_errors(one)],
        "server": str(server),
        "transport": exchange.transport,
        "milliseconds": round(exchange.seconds * 1000, 2),
    }


def _record(record: dnslib.RR) -> dict[str, Any]:
    name = str(record.rname)
    return {
        "name": name if name == "." else name.removesuffix("."),
        "ttl": record.ttl,
        "type": _type_name(record.rtype),
        "data": str(record.rdata),
    }


def _type_name(number: int) -> str:
    return str(dnslib.QTYPE.forward.get(number, f"TYPE{number}"))


def _extended_errors(opt: dnslib.RR) -> list[dict[str, Any]]:
    """The extended errors of an OPT record (RFC 8914 section 2)."""
    return [
        {"code": code, "meaning": _meaning(code), "text": option.data[2:].decode(errors="replace").rstrip("\0")}
        for option in opt.rdata
        if option.code == EdnsOption.EDE and len(option.data) >= 2
        for code in (int.from_bytes(option.data[:2]),)
    ]


def _meaning(code: int) -> str:
    try:
        return Ede(code).name.replace("_", " ").capitalize()
    except ValueError:
        return "Other"


def _show(found: dict[str, Any]) -> None:
    click.echo(f"{found['name']} {found['type']}: {found['status']} ({' '.join(found['flags'])})")
    for error in found["errors"]:
        click.echo(f"  {error['meaning']} (EDE {error['code']}){': ' if error['text'] else ''}{error['text']}")
    if found["why"]:
        click.echo(f"  for this device: {found['why']}")
    for record in found["answers"]:
        click.echo(f"{record['name']:<32} {record['ttl']:>7} {record['type']:<6} {record['data']}")
    if not found["answers"]:
        click.echo("no records of this type")
    click.echo(f"from {found['server']} over {found['transport'].upper()} in {found['milliseconds']:.1f} ms", err=True)
