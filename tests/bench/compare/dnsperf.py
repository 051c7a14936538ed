"""The load: runs dnsperf over loopback and reads its report."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench.compare.process import BenchError

ANSWER_WITHIN = 2
"""Seconds after which a query counts as lost."""
SOCKETS = 4
"""From how many ports of each client address the queries come, for each worker that answers."""

_SENT = re.compile(r"Queries sent:\s+(\d+)")
_COMPLETED = re.compile(r"Queries completed:\s+(\d+)")
_CODES = re.compile(r"^\s*Response codes:(.*)$", re.MULTILINE)
_CODE = re.compile(r"([A-Z]\w*) (\d+)")
_RUN_TIME = re.compile(r"Run time \(s\):\s+([0-9.]+)")


class Report(NamedTuple):
    """What came of one load."""

    sent: int
    completed: int
    codes: Mapping[str, int]
    """RCODE -> number of answers."""
    seconds: float

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.completed / self.seconds if self.seconds else 0.0


def parse(text: str) -> Report:
    """Read dnsperf's statistics; raises ``BenchError`` where they are missing."""
    found = [pattern.search(text) for pattern in (_SENT, _COMPLETED, _CODES, _RUN_TIME)]
    sent, completed, codes, seconds = found
    if sent is None or completed is None or codes is None or seconds is None:
        message = text.strip().splitlines()[-1:] or ["nothing"]
        raise BenchError(f"dnsperf printed no statistics; its last line was: {message[0]}")
    counts = {code: int(count) for code, count in _CODE.findall(codes[1])}
    return Report(int(sent[1]), int(completed[1]), counts, float(seconds[1]))


def merged(reports: Sequence[Report]) -> Report:
    """One report of several loads that ran at the same time."""
    codes: Counter[str] = Counter()
    for report in reports:
        codes.update(report.codes)
    sent = sum(report.sent for report in reports)
    return Report(
        sent, sum(report.completed for report in reports), dict(codes), max(report.seconds for report in reports)
    )


def installed() -> bool:
    """Whether dnsperf can be run here."""
    return shutil.which("dnsperf") is not None


def command(port: int, file: Path, *, address: str, rate: int, seconds: int, passes: int, sockets: int) -> list[str]:
    """The dnsperf call that asks ``file`` from ``address``; ``rate`` in queries a second, 0 = as fast as it goes."""
    limit = ["-Q", str(rate)] if rate else []
    asked = ["-s", "127.0.0.1", "-p", str(port), "-d", str(file), "-a", address, "-c", str(sockets)]
    return ["dnsperf", *asked, "-n", str(passes), "-l", str(seconds), "-t", str(ANSWER_WITHIN), *limit]


def write_queries(names: Sequence[str], folder: Path, parts: int) -> list[Path]:
    """``names`` as query files of type A, one for each of ``parts`` clients that ask in turn."""
    files = [folder / f"queries-{part}.txt" for part in range(parts)]
    for part, file in enumerate(files):
        file.write_text("".join(f"{name} A\n" for name in names[part::parts]), encoding="ascii")
    return files


def run(port: int, files: Sequence[Path], *, rate: int = 0, seconds: int, passes: int, sockets: int) -> Report:
    """Ask each file from a loopback address of its own, all at once, ``rate`` queries a second together."""
    clients = [
        subprocess.Popen(
            command(
                port,
                file,
                address=f"127.0.0.{number}",
                rate=max(1, rate // len(files)) if rate else 0,
                seconds=seconds,
                passes=passes,
                sockets=sockets,
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number, file in enumerate(files, start=1)
    ]
    try:
        return merged([parse(client.communicate(timeout=seconds + 30)[0]) for client in clients])
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"dnsperf did not end {error.timeout:.0f} s after its start") from error
    finally:
        for client in clients:
            client.kill()
            client.communicate()
