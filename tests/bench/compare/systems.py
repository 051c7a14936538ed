"""The systems side by side: how each is found, configured and started, with the same filter, cache and query log.

Blocked names and what is below them get NXDOMAIN; everything else goes to one upstream; answers are cached; each query
leaves one entry in a log file. Each system serves with one thread or process, as at home.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from safedns import __version__
from tests.bench.compare.process import BenchError

CACHE_ENTRIES = 20_000
COMPILE_WITHIN = 600
"""Seconds that compiling the lists may take."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where one system runs during a round."""

    folder: Path
    port: int
    metrics_port: int
    upstream_port: int
    lists: Mapping[str, tuple[str, ...]]
    """Category -> blocked names."""
    clients: tuple[str, ...]
    """Addresses that ask."""
    user: str
    """The account that runs the benchmark."""

    @property
    def blocked(self) -> Iterator[str]:
        """Every blocked name."""
        return itertools.chain.from_iterable(self.lists.values())


@dataclass(frozen=True, slots=True)
class System:
    """One resolver to measure."""

    name: str
    absent: Callable[[], str]
    """Why it cannot run on this machine; empty if it can."""
    version: Callable[[], str]
    prepare: Callable[[Site], None]
    """Writes the configuration; whatever is done before a start, such as compiling lists."""
    command: Callable[[Site], list[str]]
    log: str
    """Pattern of its query log inside the folder; empty for a system without one."""
    filters: bool = True


def dnsmasq_config(site: Site) -> Iterator[str]:
    """Lines of ``dnsmasq.conf``."""
    yield "keep-in-foreground"
    yield "no-resolv"
    yield "no-hosts"
    yield "bind-interfaces"
    yield "listen-address=127.0.0.1"
    yield f"port={site.port}"
    yield f"user={site.user}"
    yield f"pid-file={site.folder}/dnsmasq.pid"
    yield f"server=127.0.0.1#{site.upstream_port}"
    yield "dns-forward-max=2000"
    yield f"cache-size={CACHE_ENTRIES}"
    yield "log-queries"
    yield f"log-facility={site.folder}/queries.log"
    yield from (f"local=/{name}/" for name in site.blocked)


def unbound_config(site: Site) -> Iterator[str]:
    """Lines of ``unbound.conf``: a forwarder without validation, as the others are."""
    yield "server:"
    yield f"  interface: 127.0.0.1@{site.port}"
    yield "  do-daemonize: no"
    yield '  username: ""'
    yield '  chroot: ""'
    yield f'  directory: "{site.folder}"'
    yield f'  pidfile: "{site.folder}/unbound.pid"'
    yield "  use-syslog: no"
    yield f'  logfile: "{site.folder}/queries.log"'
    yield "  log-replies: yes"
    yield "  num-threads: 1"
    yield "  outgoing-range: 4096"
    yield "  num-queries-per-thread: 2048"
    yield '  module-config: "iterator"'
    yield "  do-not-query-localhost: no"
    yield "  access-control: 127.0.0.0/8 allow"
    yield from (f'  local-zone: "{name}." always_nxdomain' for name in site.blocked)
    yield "forward-zone:"
    yield '  name: "."'
    yield f"  forward-addr: 127.0.0.1@{site.upstream_port}"
    yield "remote-control:"
    yield "  control-enable: no"


def dnsdist_config(site: Site) -> Iterator[str]:
    """Lines of ``dnsdist.conf`` (Lua); the names are read from ``blocked.txt`` beside it."""
    yield f'setLocal("127.0.0.1:{site.port}")'
    yield 'setSecurityPollSuffix("")'
    yield f'newServer({{address="127.0.0.1:{site.upstream_port}"}})'
    yield f'getPool(""):setCache(newPacketCache({CACHE_ENTRIES}))'
    yield "blocked = newSuffixMatchNode()"
    yield f'for name in io.lines("{site.folder}/blocked.txt") do blocked:add(newDNSName(name)) end'
    yield f'addAction(AllRule(), LogAction("{site.folder}/queries.log", false, true, true, false, true))'
    yield "addAction(SuffixMatchNodeRule(blocked), RCodeAction(DNSRCode.NXDOMAIN))"


def safedns_config(site: Site) -> str:
    """``safedns.yaml``; JSON is YAML too, and needs no writer of our own."""
    extra = [{"name": name, "category": name, "source": f"{name}.txt"} for name in site.lists]
    document = {
        "timezone": "UTC",
        "language": "en",
        "listen": {"dns": [f"127.0.0.1:{site.port}"], "metrics": f"127.0.0.1:{site.metrics_port}"},
        "clients": "private",
        "rate_limit": "off",
        "workers": 1,
        "upstreams": {"servers": [f"127.0.0.1:{site.upstream_port}"], "strategy": "ordered"},
        "cache": {"entries": CACHE_ENTRIES},
        "block": {"reply": "nxdomain"},
        "lists": {"use": [], "extra": extra},
        "log": {"keep": "30 days"},
    }
    return json.dumps(document, indent=2)


def safedns_family(site: Site) -> str:
    """``family.yaml``: one child who asks from every client address, with each list's category off and a full log."""
    child = {
        "name": "An",
        "preset": "13-15",
        "devices": list(site.clients),
        "categories": dict.fromkeys(site.lists, "off"),
        "log": "full",
    }
    return json.dumps({"children": {"an": child}, "groups": {"guests": {"preset": "13-15"}}, "unknown": "guests"})


def _prepare_dnsmasq(site: Site) -> None:
    _write(site.folder / "dnsmasq.conf", dnsmasq_config(site))


def _prepare_unbound(site: Site) -> None:
    _write(site.folder / "unbound.conf", unbound_config(site))


def _prepare_dnsdist(site: Site) -> None:
    _write(site.folder / "blocked.txt", site.blocked)
    _write(site.folder / "dnsdist.conf", dnsdist_config(site))


def _prepare_safedns(site: Site) -> None:
    config = site.folder / "config"
    config.mkdir()
    _write(config / "safedns.yaml", [safedns_config(site)])
    _write(config / "family.yaml", [safedns_family(site)])
    for category, names in site.lists.items():
        _write(config / f"{category}.txt", names)
    command = _safedns(site, "lists", "update")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_WITHIN, check=False)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"safedns lists update did not end within {COMPILE_WITHIN} s") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["nothing"]
        raise BenchError(f"safedns lists update ended with {done.returncode} and said: {said[0]}")


def _prepare_nothing(_: Site) -> None:
    """The loop has no configuration."""


def _safedns(site: Site, *command: str) -> list[str]:
    folders = ["--config", str(site.folder / "config"), "--state", str(site.folder / "state")]
    return [sys.executable, "-m", "safedns", *command, *folders]


def _absent_safedns() -> str:
    needed = ("safedns.cli.serve", "safedns.cli.lists")
    return next((f"this checkout has no {name} yet" for name in needed if importlib.util.find_spec(name) is None), "")


def _absent(program: str) -> Callable[[], str]:
    return lambda: "" if _path(program) else f"{program} is not installed"


def _path(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


def _first_line(program: str, flag: str) -> Callable[[], str]:
    def version() -> str:
        done = subprocess.run([_path(program) or program, flag], capture_output=True, text=True, check=False)
        return (done.stdout.splitlines() or [f"{program}, version unknown"])[0].strip()

    return version


def _write(file: Path, lines: Iterator[str] | list[str] | tuple[str, ...]) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines)


SYSTEMS: Mapping[str, System] = {
    system.name: system
    for system in (
        System(
            name="safedns",
            absent=_absent_safedns,
            version=lambda: f"{__version__}, Python {sys.version.split()[0]}",
            prepare=_prepare_safedns,
            command=lambda site: _safedns(site, "serve"),
            log="state/querylog.db*",
        ),
        System(
            name="dnsdist",
            absent=_absent("dnsdist"),
            version=_first_line("dnsdist", "--version"),
            prepare=_prepare_dnsdist,
            command=lambda site: [str(_path("dnsdist")), "--supervised", "-C", f"{site.folder}/dnsdist.conf"],
            log="queries.log",
        ),
        System(
            name="dnsmasq",
            absent=_absent("dnsmasq"),
            version=_first_line("dnsmasq", "--version"),
            prepare=_prepare_dnsmasq,
            command=lambda site: [str(_path("dnsmasq")), f"--conf-file={site.folder}/dnsmasq.conf"],
            log="queries.log",
        ),
        System(
            name="unbound",
            absent=_absent("unbound"),
            version=_first_line("unbound", "-V"),
            prepare=_prepare_unbound,
            command=lambda site: [str(_path("unbound")), "-d", "-c", f"{site.folder}/unbound.conf"],
            log="queries.log",
        ),
        System(
            name="python-loop",
            absent=lambda: "",
            version=lambda: "reads, answers, forgets; no filter, no cache, no log, no upstream",
            prepare=_prepare_nothing,
            command=lambda site: [sys.executable, "-m", "tests.bench.compare.upstream", str(site.port)],
            log="",
            filters=False,
        ),
    )
}
"""Every system by name, in the order of the table."""
