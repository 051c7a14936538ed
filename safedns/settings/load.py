"""``safedns.yaml`` -> ``Settings``: every problem at once; what must wait for a later version is a warning."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType

from safedns.errors import ConfigError, Problem
from safedns.settings.anchors import anchor_warnings
from safedns.settings.family_resolvers import family_resolver
from safedns.settings.itself import is_own, upstream_paths
from safedns.settings.listening import listening_problems, listening_warnings
from safedns.settings.model import (
    BlockSettings,
    CacheSettings,
    Certificate,
    Dnssec,
    ExtraList,
    ListSettings,
    Settings,
    Upstreams,
    UpstreamSpec,
)
from safedns.settings.schema import SettingsFile, UpstreamSection
from safedns.settings.timezone import machine_zone
from safedns.yamlfile.document import Document, TreePath, in_order
from safedns.yamlfile.messages import show
from safedns.yamlfile.read import may_exist, read_yaml
from safedns.yamlfile.validate import validate

FILE = "safedns.yaml"


def load_settings(folder: Path) -> Settings:
    """The settings in ``folder``; raises ``ConfigError`` with every problem."""
    return load_settings_with_warnings(folder)[0]


def load_settings_with_warnings(folder: Path) -> tuple[Settings, tuple[Problem, ...]]:
    """Like ``load_settings``, and what is written there but not done by this version."""
    path = folder / FILE
    if not may_exist(path):
        message = "there is no such file; expected the settings of this machine: copy the example folder `config`"
        raise ConfigError((Problem(str(path), 0, 0, "", f"{message}, or name yours with --config"),))
    document = read_yaml(path)
    written = validate(document, SettingsFile)
    problems = in_order((*_misled(document, written), *listening_problems(document, written)))
    if problems:
        raise ConfigError(problems)
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
        cache=_cache(written),
        block=BlockSettings(written.block.reply, written.block.ttl, tuple(written.block.page)),
        lists=_lists(written),
        log_keep=written.log.keep,
        rate_limit=written.rate_limit,
        listen_page=written.listen.page,
        private_answers=tuple(dict.fromkeys(written.private_answers)),
        contact=_contact(written),
        leases=tuple(written.leases),
        folder=folder,
        listen_tls=tuple(written.listen.tls),
        listen_https=tuple(written.listen.https),
        listen_quic=tuple(written.listen.quic),
        certificate=_certificate(written, folder),
        proxy_protocol=tuple(written.proxy_protocol),
    )


def _contact(written: SettingsFile) -> tuple[str, ...]:
    """The contacts given; else in Viet Nam the hotline for children."""
    if written.contact is not None:
        return tuple(written.contact)
    return ("tel:111",) if written.language == "vi" else ()


def _cache(written: SettingsFile) -> CacheSettings:
    given = written.cache
    return CacheSettings(given.entries, given.stale, given.memory, given.prefetch, given.save)


def _certificate(written: SettingsFile, folder: Path) -> Certificate | None:
    given = written.certificate
    return None if given is None else Certificate(folder / given.cert, folder / given.key, given.name)


def _upstreams(written: SettingsFile) -> Upstreams:
    given, dnssec = written.upstreams, written.dnssec

    def asked(servers: Iterable[UpstreamSpec]) -> tuple[UpstreamSpec, ...]:
        # HTTP/3 has no place for pinned keys.
        return tuple(one._replace(http3=given.http3 and one.transport == "https" and not one.pins) for one in servers)

    return Upstreams(
        servers=asked(given.servers),
        strategy=given.strategy,
        bootstrap=tuple(given.bootstrap),
        routes=MappingProxyType({name: asked(servers) for name, servers in given.routes.items()}),
        sets=MappingProxyType({name: asked(servers) for name, servers in given.sets.items()}),
        dnssec=Dnssec(dnssec.validate_, tuple(dnssec.negative_trust_anchors), tuple(dnssec.trust_anchors)),
    )


def _lists(written: SettingsFile) -> ListSettings:
    given = written.lists
    extra = tuple(
        ExtraList(item.name, item.category, item.source, item.format, tuple(item.mirrors), item.refresh, item.part)
        for item in given.extra
    )
    return ListSettings(given.refresh, given.use, extra, tuple(given.exceptions))


def _misled(document: Document, written: SettingsFile) -> Iterator[Problem]:
    """Upstreams that are this very machine's own listening address, or that nobody can find."""
    given = written.upstreams
    for path, spec in upstream_paths(given):
        if any(is_own(spec, own) for own in written.listen.dns):
            message = f"{show(spec.name)} is where safedns itself listens; expected another resolver"
            yield document.problem(path, message)
        if spec.named and not given.bootstrap:
            message = f"{show(spec.name)} has a name and no address, and nobody is given who knows it"
            yield document.problem(path, f"{message}; expected `bootstrap` beside `servers`, such as [9.9.9.9]")


def _mixed(document: Document, given: UpstreamSection) -> Iterator[Problem]:
    """Groups of upstreams of which only some filter: what a device gets then depends on who happens to answer."""
    groups: list[tuple[TreePath, list[UpstreamSpec]]] = [(("upstreams", "servers"), given.servers)]
    groups += [(("upstreams", "sets", name), servers) for name, servers in given.sets.items()]
    for path, group in groups:
        filtering = [spec for spec in group if family_resolver(spec) is not None]
        if filtering and len(filtering) < len(group):
            other = next(spec for spec in group if family_resolver(spec) is None)
            message = f"{show(filtering[0].name)} filters and {show(other.name)} is not known to"
            yield document.problem(path, f"{message}; what is blocked there changes from query to query", at_key=True)


def _warnings(document: Document, written: SettingsFile) -> Iterator[Problem]:
    if written.listen.console is not None:
        message = "the web console is not in this version yet; nothing listens there"
        yield document.problem(("listen", "console"), message)
    yield from listening_warnings(document, written)
    yield from anchor_warnings(document, written)
    for index, file in enumerate(written.leases):
        if not file.is_file():
            message = f"there is no file {show(str(file))} now; it is read when it comes"
            yield document.problem(("leases", index), message)
    yield from _mixed(document, written.upstreams)
    if written.block.reply == "page" and written.listen.page is None and not written.block.page:
        message = 'nobody shows a page: add `listen: {page: "0.0.0.0:80"}`, or the address of a page of yours'
        yield document.problem(("block", "reply"), message)
