"""The systems side by side: how each is found, configured and started, with the same filter, cache and query log.

Blocked names and what is below them get NXDOMAIN; everything else goes to one upstream; answers are cached; each query
leaves one entry in a log file. Each system serves with one thread or process, as at home, or with more if told to.
"""

from __future__ import annotations

import contextlib
import filecmp
import importlib.util
import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safedns import __version__
from tests.bench.compare import peers
from tests.bench.compare.process import BenchError
from tests.bench.compare.site import CACHE_ENTRIES, Site

COMPILE_WITHIN = 600
"""Seconds that compiling the lists may take."""
COMPILED = Path("build", "compiled")
"""Where ``make compiled`` leaves safedns with its hot modules compiled."""


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
    logged: Callable[[Site], int] | None
    """How many queries its log holds; ``None`` for a system without one."""
    filters: bool = True
    scales: bool = True
    """Whether it can answer with several threads or processes."""
    workers: int = 1


def scaled(systems: Sequence[System], workers: Sequence[int]) -> tuple[System, ...]:
    """Each system once for each number of ``workers``, named after it; those that do not scale with one worker only."""
    return tuple(
        system if count == 1 else replace(system, name=f"{system.name}, {count} workers", workers=count)
        for system in systems
        for count in workers
        if count == 1 or system.scales
    )


def safedns_config(site: Site) -> str:
    """``safedns.yaml``; JSON is YAML too, and needs no writer of our own."""
    extra = [{"name": name, "category": name, "source": f"{name}.txt"} for name in site.lists]
    document = {
        "timezone": "UTC",
        "language": "en",
        "listen": {"dns": [f"127.0.0.1:{site.port}"], "metrics": f"127.0.0.1:{site.metrics_port}"},
        "clients": "private",
        "rate_limit": "off",
        "workers": site.workers,
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


def _prepare_safedns(site: Site) -> None:
    config = site.folder / "config"
    config.mkdir()
    _write(config / "safedns.yaml", [safedns_config(site)])
    _write(config / "family.yaml", [safedns_family(site)])
    for category, names in site.lists.items():
        _write(config / f"{category}.txt", names)
    command = safedns_command(site, "lists", "update")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_WITHIN, check=False)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"safedns lists update did not end within {COMPILE_WITHIN} s") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["nothing"]
        raise BenchError(f"safedns lists update ended with {done.returncode} and said: {said[0]}")


def _prepare_nothing(_: Site) -> None:
    """The loop has no configuration."""


def _files(files: Mapping[str, Callable[[Site], Iterable[str]]]) -> Callable[[Site], None]:
    """A preparation that writes each of ``files`` into the site's folder."""

    def prepare(site: Site) -> None:
        for name, lines in files.items():
            _write(site.folder / name, lines(site))

    return prepare


def _lines(mark: str) -> Callable[[Site], int]:
    """Counts the lines of ``queries.log`` that hold ``mark``."""

    def logged(site: Site) -> int:
        with contextlib.suppress(FileNotFoundError), (site.folder / "queries.log").open("rb") as log:
            return sum(mark.encode() in line for line in log)
        return 0

    return logged


def _rows(site: Site) -> int:
    file = site.folder / "state" / "querylog.db"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        count: int = database.execute("SELECT count(*) FROM query").fetchone()[0]
    return count


def _kresd(site: Site) -> list[str]:
    """One process, or several behind a shell, as there is no thread to ask for."""
    folder = str(site.folder)
    one = [str(_path("kresd")), "--noninteractive", "--quiet", "--config", f"{folder}/kresd.conf", folder]
    if site.workers == 1:
        return one
    return ["sh", "-c", f"{f'{shlex.join(one)} & ' * site.workers}wait"]


def safedns_command(site: Site, *command: str) -> list[str]:
    folders = ["--config", str(site.folder / "config"), "--state", str(site.folder / "state")]
    return [sys.executable, "-m", "safedns", *command, *folders]


def _absent_safedns() -> str:
    needed = ("safedns.cli.serve", "safedns.cli.lists")
    return next((f"this checkout has no {name} yet" for name in needed if importlib.util.find_spec(name) is None), "")


def _absent_compiled() -> str:
    ours = sorted(Path("safedns").rglob("*.py"))
    same = all((COMPILED / file).is_file() and filecmp.cmp(file, COMPILED / file, shallow=False) for file in ours)
    return "" if same else f"{COMPILED} is missing or not of this checkout; make compiled builds it"


def _compiled_version() -> str:
    done = subprocess.run(
        [sys.executable, "-m", "safedns", "--version"], cwd=COMPILED, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _absent(program: str) -> Callable[[], str]:
    return lambda: "" if _path(program) else f"{program} is not installed"


def _path(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


_STAMP = re.compile(r"[A-Z][a-z]{2} +\d+ [0-9:]{8} ")
"""Date and time before a message, as PowerDNS Recursor prints even its version."""


def _said(program: str, flag: str) -> Callable[[], str]:
    """The first line that the program says about its version, on either output."""

    def version() -> str:
        command = [_path(program) or program, flag]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        first = (done.stdout.splitlines() or [f"{program}, version unknown"])[0]
        return _STAMP.sub("", first).strip()

    return version


def _write(file: Path, lines: Iterable[str]) -> None:
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
            command=lambda site: safedns_command(site, "serve"),
            logged=_rows,
        ),
        System(
            name="safedns-compiled",
            absent=_absent_compiled,
            version=_compiled_version,
            prepare=_prepare_safedns,
            command=lambda site: ["env", f"--chdir={COMPILED.resolve()}", *safedns_command(site, "serve")],
            logged=_rows,
        ),
        System(
            name="dnsdist",
            absent=_absent("dnsdist"),
            version=_said("dnsdist", "--version"),
            prepare=_files({"blocked.txt": peers.blocked_names, "dnsdist.conf": peers.dnsdist_config}),
            command=lambda site: [str(_path("dnsdist")), "--supervised", "-C", f"{site.folder}/dnsdist.conf"],
            logged=_lines(" for "),
        ),
        System(
            name="dnsmasq",
            absent=_absent("dnsmasq"),
            version=_said("dnsmasq", "--version"),
            prepare=_files({"dnsmasq.conf": peers.dnsmasq_config}),
            command=lambda site: [str(_path("dnsmasq")), f"--conf-file={site.folder}/dnsmasq.conf"],
            logged=_lines(" query["),
            scales=False,
        ),
        System(
            name="unbound",
            absent=_absent("unbound"),
            version=_said("unbound", "-V"),
            prepare=_files({"unbound.conf": peers.unbound_config}),
            command=lambda site: [str(_path("unbound")), "-d", "-c", f"{site.folder}/unbound.conf"],
            logged=_lines(" IN "),
        ),
        System(
            name="knot-resolver",
            absent=_absent("kresd"),
            version=_said("kresd", "--version"),
            prepare=_files({"blocked.rpz": peers.policy_zone, "kresd.conf": peers.kresd_config}),
            command=_kresd,
            logged=_lines(" "),
        ),
        System(
            name="pdns-recursor",
            absent=_absent("pdns_recursor"),
            version=_said("pdns_recursor", "--version"),
            prepare=_files(
                {
                    "blocked.rpz": peers.policy_zone,
                    "rpz.lua": peers.recursor_rpz,
                    "log.lua": peers.recursor_log,
                    "recursor.conf": peers.recursor_config,
                }
            ),
            command=lambda site: [str(_path("pdns_recursor")), f"--config-dir={site.folder}"],
            logged=_lines(" "),
        ),
        System(
            name="python-loop",
            absent=lambda: "",
            version=lambda: "reads, answers, forgets; no filter, no cache, no log, no upstream",
            prepare=_prepare_nothing,
            command=lambda site: [sys.executable, "-m", "tests.bench.compare.upstream", str(site.port)],
            logged=None,
            filters=False,
            scales=False,
        ),
    )
}
"""Every system by name, in the order of the table."""
