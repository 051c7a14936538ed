"""A small installation for tests of updating: data, state and configuration folders, and a clock that stands still."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

from safedns.blocklist.artefact import open_artefact
from safedns.blocklist.catalog import CatalogueList, load_catalogue
from safedns.blocklist.fetch import Limits, World
from safedns.blocklist.header import Header, read_header
from safedns.blocklist.prepare import prepare
from safedns.blocklist.schedule import due
from safedns.blocklist.update import Outcome, update
from safedns.settings.model import BlockSettings, CacheSettings, ExtraList, ListSettings, Settings, Upstreams
from safedns.wire.names import key_of
from tests.fakes import FakeClock
from tests.unit.blocklist.sample import write_data

SETTINGS = Settings(
    timezone="UTC",
    language="en",
    listen_dns=(),
    listen_metrics=None,
    clients=(IPv4Network("127.0.0.0/8"),),
    trusted_forwarders=(),
    workers=1,
    upstreams=Upstreams(()),
    records={},
    cache=CacheSettings(),
    block=BlockSettings(),
    lists=ListSettings(),
    log_keep=86_400,
)


class Household:
    """What an administrator does with lists, on folders of its own."""

    def __init__(self, root: Path) -> None:
        self.data = write_data(root / "data")
        self.state, self.config = root / "state", root / "config"
        self.config.mkdir()
        self.catalogue = load_catalogue(self.data)
        self.clock = FakeClock()
        self.use: tuple[str, ...] = ()
        self.said: list[str] = []
        self.slept: list[float] = []
        self.world = World(public=lambda _: True, sleep=self.slept.append, chance=lambda: 0.5)
        """On loopback every address is allowed."""
        self.limits = Limits(connect=5, read=5)

    @property
    def lists(self) -> Path:
        return self.state / "lists"

    @property
    def downloads(self) -> Path:
        return self.state / "downloads"

    def publish(self, name: str, source: str, *mirrors: str) -> None:
        """Put a list into the catalogue, at addresses that its file could not hold, and use it."""
        entry = CatalogueList(
            name, name, "adult", "domains", source, mirrors, "MIT", "", "", "", 0, True, "", "", 0, ""
        )
        self.catalogue = self.catalogue._replace(lists={name: entry})
        self.use = (name,)

    def prepare(self, *extra: ExtraList) -> tuple[str, ...]:
        settings = replace(SETTINGS, lists=self.list_settings(*extra))
        return prepare(self.state, settings, self.config, now=self.clock.wall(), catalogue=self.catalogue)

    def update(self, *extra: ExtraList, names: tuple[str, ...] = ("web",), accept: bool = False) -> tuple[Outcome, ...]:
        return update(
            self.state,
            self.list_settings(*extra),
            self.catalogue,
            self.config,
            clock=self.clock,
            names=names,
            accept=accept,
            report=self.said.append,
            limits=self.limits,
            world=self.world,
        )

    def due(self, *extra: ExtraList) -> tuple[str, ...]:
        return due(self.state, self.list_settings(*extra), self.catalogue, self.config, now=self.clock.wall())

    def list_settings(self, *extra: ExtraList) -> ListSettings:
        """What ``safedns.yaml`` says about lists."""
        return ListSettings(use=self.use, extra=extra)

    def header(self, name: str) -> Header:
        return read_header(self.lists, name)

    def blocks(self, list_name: str, name: str) -> bool:
        """Whether the compiled list covers ``name``."""
        return open_artefact(self.lists, list_name, verify=True).match(name, key_of(name)) is not None


def web(url: str, category: str = "social", form: str | None = None) -> ExtraList:
    """The user's list ``web`` at an address."""
    return ExtraList("web", category, url, form)


def mine(category: str = "social", form: str | None = None) -> ExtraList:
    """The user's list ``mine`` in a file of the configuration folder."""
    return ExtraList("mine", category, "mine.txt", form)
