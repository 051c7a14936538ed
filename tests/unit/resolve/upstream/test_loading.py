"""What a transport brings along is loaded ahead, by a process of its own here: modules stay loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from safedns.clock import SystemClock
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.upstream.open import load_transports, open_upstream
from safedns.resolve.upstream.place import Fixed
from safedns.record.counters import Counters
from safedns.settings.model import UpstreamSpec

spec = UpstreamSpec(sys.argv[1], "192.0.2.1", 443, "test")
load_transports([spec])
before = set(sys.modules)
print(*sorted({"h2", "aioquic"} & before))
open_upstream(spec, SystemClock(), UpstreamMeter(Counters(), "test"), Fixed("192.0.2.1"))
print(*sorted(module for module in set(sys.modules) - before if module.startswith(("h2", "aioquic", "safedns"))))
"""


@pytest.mark.parametrize(
    ("transport", "libraries"), [("plain", ""), ("tls", ""), ("https", "h2"), ("quic", "aioquic"), ("h3", "aioquic")]
)
def test_opening_an_upstream_loads_nothing_more(transport: str, libraries: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, transport], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout.split("\n")[:2], done.stderr) == ([libraries, ""], "")
