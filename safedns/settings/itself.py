"""Upstreams that are safedns itself: what it asks there comes back to it, round and round. Pure; told the addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import ip_address
from pathlib import Path

from safedns.errors import Problem
from safedns.settings.model import Endpoint, Settings, Upstreams, UpstreamSpec
from safedns.settings.schema import UpstreamSection
from safedns.yamlfile.document import TreePath
from safedns.yamlfile.messages import show
from safedns.yamlfile.read import read_yaml


def upstream_paths(given: UpstreamSection | Upstreams) -> Iterator[tuple[TreePath, UpstreamSpec]]:
    """Every upstream that is written, with its place in the document."""
    for index, spec in enumerate(given.servers):
        yield ("upstreams", "servers", index), spec
    for index, spec in enumerate(given.bootstrap):
        yield ("upstreams", "bootstrap", index), spec
    for key, group in (("routes", given.routes), ("sets", given.sets)):
        for name, servers in group.items():
            for spec in servers:
                yield ("upstreams", key, name), spec


def is_own(server: UpstreamSpec, listening: Endpoint, addresses: Collection[str] = ()) -> bool:
    """Whether safedns answers there itself, on a machine with these ``addresses`` beside the loopback ones."""
    if server.transport != "plain" or server.port != listening.port:
        return False
    if server.host == listening.host:
        return True
    asked, own = ip_address(server.host), ip_address(listening.host)
    return own.is_unspecified and asked.version == own.version and (asked.is_loopback or str(asked) in addresses)


def own_upstreams(settings: Settings, file: Path, addresses: Collection[str]) -> Iterator[Problem]:
    """Upstreams of ``file`` that are this machine, which has these ``addresses`` just now."""
    for path, spec in upstream_paths(settings.upstreams):
        if any(is_own(spec, listening, addresses) for listening in settings.listen_dns):
            message = f"{show(spec.name)} is an address of this machine now, and safedns itself listens there"
            yield read_yaml(file).problem(path, f"{message}; name another resolver")
