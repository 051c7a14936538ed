"""The household of a soak: people with and without a log, every listener, lists from a server, three upstreams."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from safedns.record.schema import QUERY_LOG, open_writer
from tests.bench.compare import names
from tests.bench.soak.ledger import CLOCK
from tests.bench.soak.upstream import Upstream
from tests.certificates import Authority
from tests.e2e.running import Running
from tests.nameserver import NameServer
from tests.ports import free_port
from tests.unit.blocklist.listserver import Answer, ListServer

NAME = "dns.home.example"
PHONE = "binh-phone-x7k2m9"
BLOCKED = "blocked.example"
GROWING = "growing"
"""The list whose content changes."""
SLOW = "slow"
"""The list whose server takes its time."""
FULL = ("adults", "an", "binh", "visitor")
"""Profiles with a row for each query."""
COUNTED = (*FULL, "chi")
"""Profiles whose queries the log counts, with or without a row."""
ADULTS, AN, BINH, CHI = ["127.0.0.1"], ["127.0.1.1", "127.0.1.2"], ["127.0.2.1"], ["127.0.3.1"]
GUESTS, VISITOR, NUISANCE, PHONES, PROBE = ["127.0.4.1"], ["127.0.5.1"], "127.0.6.1", "127.0.7.1", "127.0.8.1"
OLD_ROWS = 100_000
CACHE = 10_000
"""Answers that are kept: few enough that the cache is full for most of the time."""


def family(*closed_for_chi: str) -> dict[str, Any]:
    """The people; Chi may not open ``closed_for_chi`` either."""

    def child(name: str, devices: list[str], log: str, *closed: str) -> dict[str, Any]:
        categories = {"adult": "off", "gambling": "off"}
        block = [BLOCKED, *closed]
        return {
            "name": name,
            "devices": devices,
            "log": log,
            "preset": "open",
            "categories": categories,
            "block": block,
        }

    return {
        "children": {
            "an": child("An", AN, "full"),
            "binh": child("Bình", [*BINH, PHONE], "full"),
            "chi": child("Chi", CHI, "summary", *closed_for_chi),
        },
        "groups": {
            "adults": {"preset": "open", "devices": [*ADULTS, NUISANCE], "log": "full"},
            "guests": {"preset": "open", "devices": [*GUESTS, PROBE], "log": "off"},
            "visitor": {"preset": "open", "devices": VISITOR, "log": "full"},
        },
        "unknown": "adults",
    }


class Home:
    """Everything around ``safedns serve``."""

    def __init__(
        self, house: Running, upstreams: list[Upstream], lists: ListServer, authority: Authority, listed: names.Names
    ) -> None:
        self.house = house
        self.upstreams = upstreams
        self.lists = lists
        self.authority = authority
        self.listed = listed
        self.tls, self.https, self.quic, self.page = (free_port() for _ in range(4))
        self.slow_for = 0.0
        self.edits = 0
        self._versions = 0

    def prepare(self, workers: int) -> None:
        """Write the files, fetch the lists, and leave an old log behind for pruning."""
        self.certify()
        dealt = names.dealt(self.listed.blocked)
        extra = []
        for category, listed in dealt.items():
            self._serve_list(f"/{category}.txt", listed)
            extra.append(
                {"name": f"big-{category}", "category": category, "source": self.lists.url(f"/{category}.txt")}
            )
        for name in (GROWING, SLOW):
            self._serve_list(f"/{name}.txt", [f"first.{name}.example"])
            extra.append({"name": name, "category": "gambling", "source": self.lists.url(f"/{name}.txt")})
        self.house.save(
            {
                "workers": workers,
                "listen": {
                    "dns": [f"127.0.0.1:{self.house.port}"],
                    "metrics": f"127.0.0.1:{self.house.metrics_port}",
                    "tls": [f"127.0.0.1:{self.tls}"],
                    "https": [f"127.0.0.1:{self.https}"],
                    "quic": [f"127.0.0.1:{self.quic}"],
                    "page": f"127.0.0.1:{self.page}",
                },
                "certificate": {"cert": "cert.pem", "key": "key.pem", "name": NAME},
                "upstreams": {"servers": [f"127.0.0.1:{each.port}" for each in self.upstreams]},
                "cache": {"entries": CACHE},
                "lists": {"use": "none", "refresh": "1 day", "extra": extra},
                "log": {"keep": "30 days"},
            },
            family(),
        )
        done = self.house.command("lists", "update", "--accept", *(each["name"] for each in extra), timeout=300)
        assert done.returncode == 0, done.stderr
        self._leave_old_rows()

    def certify(self) -> None:
        """Put a new certificate in place as a renewal does."""
        made = self.authority.issue(NAME, f"*.{NAME}", "127.0.0.1", days=2)
        for source, name in ((made.cert, "cert.pem"), (made.key, "key.pem")):
            shutil.copy(source, self.house.config / f".{name}.new")
            (self.house.config / f".{name}.new").replace(self.house.config / name)

    def trust(self, *alpn: str) -> ssl.SSLContext:
        """What a client needs to believe the certificate."""
        context = ssl.create_default_context(cafile=str(self.authority.file))
        context.set_alpn_protocols(list(alpn))
        return context

    def edit(self) -> None:
        """Save another family, in which Chi may not open one more site."""
        self.edits += 1
        self.house.save(family=family(f"edit{self.edits}.example"))

    def grow(self) -> None:
        """The growing list has a new version on its server."""
        self._versions += 1
        self._serve_list(f"/{GROWING}.txt", [f"v{self._versions}n{number}.growing.example" for number in range(500)])

    def _serve_list(self, path: str, listed: list[str] | tuple[str, ...]) -> None:
        self.lists.answers[path] = Answer("".join(f"{name}\n" for name in listed).encode(), etag=f'"{hash(listed[0])}"')

    def _leave_old_rows(self) -> None:
        """Rows that are too old to keep, and one of now: row ids go on from it."""
        db = open_writer(QUERY_LOG, self.house.state / QUERY_LOG.name)
        now = CLOCK.wall()
        hour, day = int(now // 3600), 86_400
        with db:
            db.execute("BEGIN")
            db.execute("INSERT INTO client VALUES (1, '192.0.2.99', '', ?)", (hour,))
            values = ("old.example", "before", 1, "allowed", "default", "", "", "", 0, "cache", "", "udp", hour)
            db.execute(f"INSERT INTO outcome VALUES (1, {', '.join('?' * len(values))})", values)
            ages = [*(40 * day + number for number in range(OLD_ROWS)), 0]
            rows = [(int((now - age) * 1000), 1, 1, 10) for age in ages]
            db.executemany("INSERT INTO query (at_ms, client_id, outcome_id, micros) VALUES (?, ?, ?, ?)", rows)
        db.close()


@contextmanager
def home(folder: Path, *, listed: int, workers: int) -> Iterator[Home]:
    """A household that answers, with ``listed`` names in its big lists."""
    with ExitStack() as stack:
        upstreams = [stack.enter_context(Upstream()) for _ in range(3)]
        lists = stack.enter_context(ListServer())
        never_asked = stack.enter_context(NameServer())
        house = Running(folder, never_asked)
        stack.callback(house.end)
        house.state.mkdir(exist_ok=True)
        made = Home(house, upstreams, lists, Authority(folder), names.load(listed))
        made.prepare(workers)
        house.start()
        yield made
