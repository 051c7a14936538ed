"""What one household's rules cost, measured in a process of its own.

    python -m tests.bench.one_policy FOLDER

``FOLDER`` holds the configuration, and a ``state`` with the compiled lists. Prints one JSON object. Times are CPU time,
as the machine may do other things as well. ``tests.bench.policy`` starts it.
"""

from __future__ import annotations

import gc
import json
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from safedns.app.household import Sealed, seal, unseal
from safedns.blocklist.library import Library, open_library
from safedns.policy.compile import Compiler
from safedns.policy.household import load_household
from safedns.policy.live import Live, Override, Target, Used
from safedns.policy.model import Policy
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
    start = time.process_time()
    household = load_household(folder)
    load_s = time.process_time() - start
    policy = unseal(seal(Sealed(household.settings, household.policy, ()))).policy  # as a resolver gets it
    library = open_library(folder / "state")
    start = time.process_time()
    compiler = Compiler(policy, library)
    snapshot = compiler.snapshot(now=NOW)
    compile_s = time.process_time() - start
    pause = Override(1, policy.profiles[0].id, "pause", Target("internet"), NOW, NOW + 1200)
    day = datetime.fromtimestamp(NOW, snapshot.zone).date()
    used = {(spec.id, Target("internet"), day): Used(60) for spec in policy.profiles}
    return Cost(
        profiles=len(policy.profiles),
        load_s=load_s,
        compile_s=compile_s,
        again_ms=_median([lambda: compiler.snapshot(now=NOW, live=Live((pause,))), lambda: compiler.snapshot(now=NOW)]),
        minute_ms=_median([lambda: compiler.snapshot(now=NOW, live=Live(used=used))]),
        mib=_memory_mib(policy, library),
        decide_us=_decide_us(snapshot),
    )


def _memory_mib(policy: Policy, library: Library) -> float:
    """What a compiler and its first snapshot hold."""
    tracemalloc.start()
    compiler = Compiler(policy, library)
    snapshot = compiler.snapshot(now=NOW)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert snapshot.profiles
    return held / 2**20


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
        start = time.process_time()
        works[number % len(works)]()
        spent.append(time.process_time() - start)
    return statistics.median(spent) * 1e3


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))._asdict()))
