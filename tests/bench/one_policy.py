"""What one household's rules cost, measured in a process of its own.

    python -m tests.bench.one_policy FOLDER

``FOLDER`` holds the configuration, and a ``state`` with the compiled lists. Prints one JSON object;
``tests.bench.policy`` starts it.
"""

from __future__ import annotations

import gc
import json
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from safedns.app.household import Sealed, seal, unseal
from safedns.blocklist.library import open_library
from safedns.policy.compile import Compiler
from safedns.policy.household import load_household
from safedns.policy.live import Live, Override, Target, Used
from safedns.policy.snapshot import Snapshot
from safedns.wire.names import key_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
_NAMES = (
    *(
        "www.google.com",
        "www.youtube.com",
        "i.ytimg.com",
        "www.tiktok.com",
        "vi.wikipedia.org",
        "zalo.me",
        "roblox.com",
    ),
    *("static.vnexpress.net", "gateway.icloud.com", "graph.facebook.com", "pornhub.com", "a.b.c.example.com"),
)
_ROUNDS = 7
_ASKED = 20_000


class Cost(NamedTuple):
    """One line of the table."""

    profiles: int
    load_s: float
    """Reading and checking the YAML, which a process of its own does."""
    compile_s: float
    """The first snapshot."""
    again_ms: float
    """Another one after one child was paused."""
    minute_ms: float
    """Another one after everybody used a minute of a limit."""
    mib: float
    """What the snapshot takes, policy and lists not counted."""
    decide_us: float


def measure(folder: Path) -> Cost:
    """Load, compile and ask."""
    start = time.perf_counter()
    household = load_household(folder)
    load_s = time.perf_counter() - start
    policy = unseal(seal(Sealed(household.settings, household.policy, ()))).policy  # as a resolver gets it
    library = open_library(folder / "state")
    del household
    before = memory_mib()
    start = time.perf_counter()
    compiler = Compiler(policy, library)
    snapshot = compiler.snapshot(now=NOW)
    compile_s = time.perf_counter() - start
    mib = memory_mib() - before
    pause = Override(1, policy.profiles[0].id, "pause", Target("internet"), NOW, NOW + 1200)
    day = datetime.fromtimestamp(NOW, snapshot.zone).date()
    used = {(spec.id, Target("internet"), day): Used(60) for spec in policy.profiles}
    return Cost(
        profiles=len(policy.profiles),
        load_s=load_s,
        compile_s=compile_s,
        again_ms=_median([lambda: compiler.snapshot(now=NOW, live=Live((pause,))), lambda: compiler.snapshot(now=NOW)]),
        minute_ms=_median([lambda: compiler.snapshot(now=NOW, live=Live(used=used))]),
        mib=mib,
        decide_us=_decide_us(snapshot),
    )


def memory_mib(status: Path = Path("/proc/self/status")) -> float:
    """What this process has in memory now, garbage collected."""
    gc.collect()
    found = re.search(r"^VmRSS:\s*(\d+) kB$", status.read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _decide_us(snapshot: Snapshot) -> float:
    chance = random.Random(1)
    profiles, names = list(snapshot.profiles.values()), [(name, key_of(name)) for name in _NAMES]
    asked = [(chance.choice(profiles), *chance.choice(names), NOW + chance.randrange(86_400)) for _ in range(_ASKED)]

    def ask() -> None:
        for profile, name, key, now in asked:
            snapshot.decide(profile, name, key, 1, now)

    return _median([ask]) * 1000 / _ASKED


def _median(works: list[Callable[[], object]]) -> float:
    """Milliseconds that one of ``works``, each in its turn, takes."""
    spent = []
    for number in range(_ROUNDS):
        start = time.perf_counter()
        works[number % len(works)]()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent) * 1e3


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))._asdict()))
