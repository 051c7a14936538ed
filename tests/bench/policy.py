"""What the rules of a family and of a school cost: time to load, compile and compile again, memory, time to decide.

    python -m tests.bench.policy [--children 2000]

Times are CPU time. The family is one of four under the presets of their ages. The school comes twice: in forms, where
all children of one age have the same rules, and with something of its own for every child. Each runs by itself.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from safedns.blocklist.prepare import prepare
from safedns.policy.household import load_household
from tests.bench.compare.machine import commit, cpu_model
from tests.bench.compare.table import as_markdown, as_text
from tests.bench.one_policy import NOW, Cost

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 600
"""For one household."""
Family = dict[str, Any]

_HEADING = (
    *("household", "profiles", "load s", "compile s", "again, one paused ms", "again, all used ms", "memory MiB"),
    "decide us",
)
_SETTINGS: Family = {
    "timezone": "Asia/Ho_Chi_Minh",
    "upstreams": {"servers": ["9.9.9.9"]},
    "lists": {"use": "none"},
}
_GROUPS: Family = {"groups": {"adults": {"preset": "open"}, "guests": {"preset": "13-15"}}, "unknown": "guests"}
_RULES: Family = {
    "bedtime": {"school nights": "21:00-06:30", "other nights": "22:30-07:30"},
    "homework": {"school days": "19:00-20:30"},
    "services": {"youtube": "moderate", "roblox": {"on": {"weekend": "09:00-11:00, 15:00-17:00"}}},
    "windows": {"dinner": {"off": "18:30-19:15"}},
    "limits": {"games": {"school days": "30m", "other days": "90m"}, "internet": "3h"},
}


def household(children: int, *, alike: bool) -> Family:
    """``children`` from six to seventeen; ``alike``: all of an age under the same rules."""
    written = {}
    for number in range(children):
        rules = _RULES if alike else {**_RULES, "allow": [f"s{number}.example"], "bedtime": _bedtime(number)}
        born = f"{2010 + number % 11}-{number % 12 + 1:02}"
        device = f"10.{number // 65_536}.{number // 256 % 256}.{number % 256}"
        written[f"c{number}"] = {"born": born, "devices": [device], **rules}
    return {"children": written, **_GROUPS}


def _bedtime(number: int) -> str:
    return f"{20 + number // 60 % 3}:{number % 60:02}-06:{number // 180 % 60:02}"


def cost(folder: Path, family: Family) -> Cost:
    """Measure in a process of its own; raises ``subprocess.SubprocessError``."""
    folder.mkdir()
    (folder / "safedns.yaml").write_text(json.dumps(_SETTINGS))
    (folder / "family.yaml").write_text(json.dumps(family))
    prepare(folder / "state", load_household(folder).settings, folder, now=NOW)
    command = [sys.executable, "-m", "tests.bench.one_policy", str(folder)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=LIMIT_S)
    return Cost(**json.loads(done.stdout))


def row(name: str, costs: Cost) -> list[str]:
    """The cells of one line."""
    return [
        name,
        f"{costs.profiles:,}".replace(",", " "),
        f"{costs.load_s:.2f}",
        f"{costs.compile_s:.2f}",
        f"{costs.again_ms:.1f}",
        f"{costs.minute_ms:.1f}",
        f"{costs.mib:.1f}",
        f"{costs.decide_us:.1f}",
    ]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--children", type=click.IntRange(1, 65_536), default=2000, show_default=True, help="Of the school.")
@click.option("--markdown", is_flag=True, help="Print for a document.")
def main(children: int, markdown: bool) -> None:
    """Seconds and memory that the rules of a family and of a school cost."""
    # Without this, a termination would leave the files behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    table: list[Sequence[str]] = [_HEADING]
    households = {
        "a family of four": household(4, alike=False),
        "a school in forms": household(children, alike=True),
        "a school, each child different": household(children, alike=False),
    }
    for name, family in households.items():
        with TemporaryDirectory(prefix="safedns-bench-") as temporary:
            try:
                table.append(row(name, cost(Path(temporary) / "config", family)))
            except subprocess.SubprocessError as error:
                raise click.ClickException(f"{name} could not be measured: {error}") from error
    click.echo(as_markdown(table) if markdown else as_text(table))
    bullet = "- " if markdown else ""
    click.echo(f"\n{bullet}machine: {cpu_model()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}")
    click.echo(f"{bullet}commit: {commit()}")


if __name__ == "__main__":
    main()
