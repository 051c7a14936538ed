"""``safedns.yaml`` -> ``Settings``: every problem at once; what must wait for a later version is a warning."""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType

from safedns.errors import ConfigError, Problem
from safedns.settings.model import (
    BlockSettings,
    CacheSettings,
    Endpoint,
    ExtraList,
    ListSettings,
    Settings,
    Upstreams,
    UpstreamSpec,
)
from safedns.settings.schema import SettingsFile
from safedns.settings.timezone import machine_zone
from safedns.yamlfile.document import Document, in_order
from safedns.yamlfile.messages import show
from safedns.yamlfile.read import read_yaml
from safedns.yamlfile.validate import validate

FILE = "safedns.yaml"


def load_settings(folder: Path) -> Settings:
    """The settings in ``folder``; raises ``ConfigError`` with every problem."""
    return load_settings_with_warnings(folder)[0]


def load_settings_with_warnings(folder: Path) -> tuple[Settings, tuple[Problem, ...]]:
    """Like ``load_settings``, and what is written there but not done by this version."""
    path = folder / FILE
    if not path.exists():
        message = "there is no such file; expected the settings of this machine: copy the example folder `config`"
        raise ConfigError((Problem(str(path), 0, 0, "", f"{message}, or name yours with --config"),))
    document = read_yaml(path)
    written = validate(document, SettingsFile)
    loops = tuple(_loops(document, written))
    if loops:
        raise ConfigError(loops)
    return _settings(written, folder), in_order(_warnings(document, written))


def _settings(written: SettingsFile, folder: Path) -> Settings:
    return Settings(
        timezone=machine_zone() if written.timezone == "auto" else written.timezone,
        language=written.language,
        listen_dns=tuple(written.listen.dns),
        listen_metrics=written.listen.metrics,
        clients=written.clients,
        trusted_forwarders=tuple(written.trusted_forwarders),
        workers=written.workers or os.cpu_count() or 1,
        upstreams=_upstreams(written),
        records=MappingProxyType({name: tuple(addresses) for name, addresses in written.records.items()}),
        cache=CacheSettings(written.cache.entries, written.cache.stale),
        block=BlockSettings(written.block.reply, written.block.ttl),
        lists=_lists(written),
        log_keep=written.log.keep,
        rate_limit=written.rate_limit,
        folder=folder,
    )


def _upstreams(written: SettingsFile) -> Upstreams:
    given = written.upstreams
    return Upstreams(
        servers=tuple(server for server in given.servers if server.transport == "plain"),
        strategy=given.strategy,
        bootstrap=tuple(given.bootstrap),
        routes=MappingProxyType({name: tuple(servers) for name, servers in given.routes.items()}),
    )


def _lists(written: SettingsFile) -> ListSettings:
    given = written.lists
    extra = tuple(
        ExtraList(item.name, item.category, item.source, item.format, tuple(item.mirrors), item.refresh, item.part)
        for item in given.extra
    )
    return ListSettings(given.refresh, given.use, extra, tuple(given.exceptions))


def _loops(document: Document, written: SettingsFile) -> Iterator[Problem]:
    """Upstreams that are this very machine's own listening address."""
    for index, server in enumerate(written.upstreams.servers):
        if any(_is_own(server, own) for own in written.listen.dns):
            message = f"{show(server.name)} is where safedns itself listens; expected another resolver"
            yield document.problem(("upstreams", "servers", index), message)


def _is_own(server: UpstreamSpec, own: Endpoint) -> bool:
    if server.transport != "plain" or server.port != own.port:
        return False
    if server.host == own.host:
        return True
    asked, listening = ip_address(server.host), ip_address(own.host)
    return listening.is_unspecified and asked.is_loopback and asked.version == listening.version


def _warnings(document: Document, written: SettingsFile) -> Iterator[Problem]:
    later = "is not in this version yet"
    if written.listen.console is not None:
        yield document.problem(("listen", "console"), f"the web console {later}; nothing listens there")
    if written.certificate is not None:
        yield document.problem(("certificate",), f"encrypted DNS {later}; the certificate is not used", at_key=True)
    if written.trusted_forwarders:
        message = f"telling apart the devices behind a router {later}; this only lifts the rate limit"
        yield document.problem(("trusted_forwarders",), message, at_key=True)
    if written.cache.prefetch:
        yield document.problem(("cache", "prefetch"), f"prefetching {later}; answers are fetched when asked for")
    for index, server in enumerate(written.upstreams.servers):
        if server.transport != "plain":
            message = f"an encrypted upstream {later}; {show(server.name)} is skipped, plain ones are asked"
            yield document.problem(("upstreams", "servers", index), message)
