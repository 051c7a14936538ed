"""Resolvers that run on a device and ask another over TLS: unbound, stubby and systemd-resolved.

Each serves one device in its network namespace, at ``STUB``, while its ``with`` block runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.e2e.namespaces import Namespace, Program
from tests.tools import missing

STUB = "127.0.0.53"
"""Where the programs of the device ask; systemd-resolved listens nowhere else."""


class Server(NamedTuple):
    """Whom to ask, and by what to know it."""

    address: str
    name: str
    authority: Path
    """PEM: who may vouch for it."""
    pin: str = ""
    """SHA-256 of its public key in base-64: stubby knows it by that instead, whatever its name and whoever vouches."""


Forwarder = Callable[[Namespace, Path, Server], AbstractContextManager[Program]]
"""Takes the device, a folder for the program's files, and the server."""


@contextmanager
def unbound(device: Namespace, folder: Path, server: Server) -> Iterator[Program]:
    config = folder / "unbound.conf"
    config.write_text(
        f"""
server:
  interface: {STUB}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  tls-cert-bundle: "{server.authority}"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-tls-upstream: yes
  forward-addr: {server.address}@853#{server.name}
""",
        encoding="utf-8",
    )
    with device.program("unbound", "-d", "-c", str(config), ready=device.serves_udp) as running:
        yield running


@contextmanager
def stubby(device: Namespace, folder: Path, server: Server) -> Iterator[Program]:
    config = folder / "stubby.yml"
    known_by = f'tls_auth_name: "{server.name}"'
    if server.pin:  # its own YAML: no other way of writing is understood
        known_by = f'tls_pubkey_pinset:\n      - digest: "sha256"\n        value: {server.pin}'
    config.write_text(
        f"""
resolution_type: GETDNS_RESOLUTION_STUB
dns_transport_list: [GETDNS_TRANSPORT_TLS]
tls_authentication: GETDNS_AUTHENTICATION_REQUIRED
tls_query_padding_blocksize: 128
tls_ca_file: "{server.authority}"
listen_addresses: [{STUB}]
upstream_recursive_servers:
  - address_data: {server.address}
    {known_by}
""",
        encoding="utf-8",
    )
    with device.program("stubby", "-C", str(config), ready=device.serves_udp) as running:
        yield running


_RESOLVED = "SAFEDNS_TEST_RESOLVED"
"""Names the program in an unpacked package: installing it takes over the machine's DNS."""
_USER = "systemd-resolve"
_START = """
set -e
mount -t tmpfs tmpfs /run
mkdir /run/systemd
mount --bind "$1/etc" /etc/systemd
mount --bind "$1/passwd" /etc/passwd
exec "$2"
"""


@contextmanager
def resolved(device: Namespace, folder: Path, server: Server, **settings: str) -> Iterator[Program]:
    """It has its own ``/run``, configuration and list of users, and does without D-Bus.

    ``settings`` are lines of ``resolved.conf``.
    """
    program = os.environ.get(_RESOLVED, "")
    if not Path(program).is_file():
        missing(f"{_RESOLVED} does not name the program of systemd-resolved, from its unpacked package")
    etc = folder / "etc"
    etc.mkdir()
    lines = {"DNS": f"{server.address}#{server.name}", "DNSOverTLS": "yes", "DNSSEC": "no", "Cache": "no", **settings}
    text = "".join(f"{key}={value}\n" for key, value in lines.items())
    (etc / "resolved.conf").write_text(f"[Resolve]\nDomains=~.\nLLMNR=no\nMulticastDNS=no\n{text}", encoding="utf-8")
    others = [line for line in Path("/etc/passwd").read_text().splitlines() if not line.startswith(f"{_USER}:")]
    (folder / "passwd").write_text("\n".join([*others, f"{_USER}:x:65533:65533::/:/usr/sbin/nologin", ""]))
    environment = {
        "SYSTEMD_LOG_LEVEL": "debug",
        "SYSTEMD_LOG_TARGET": "console",
        "SSL_CERT_FILE": str(server.authority),
    }
    command = ("--mount", "--propagation", "private", "sh", "-c", _START, "sh", str(folder), program)
    with device.program("unshare", *command, environment=environment, ready=device.serves_udp) as running:
        yield running


FORWARDERS: dict[str, Forwarder] = {"unbound": unbound, "stubby": stubby, "systemd-resolved": resolved}
