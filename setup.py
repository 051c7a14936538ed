"""Packs safedns. With ``SAFEDNS_COMPILE=1``, mypyc compiles what every query passes through, from the same Python.

Without it the modules run as they stand. What is not listed is left as it is because compiling it gained nothing that
could be measured, or because tests put something of their own in its place.
"""

from __future__ import annotations

import os
from pathlib import Path

from setuptools import setup

COMPILED = {
    ".": ("blocking", "failures", "finish", "memo", "peers", "review", "share"),
    "policy": ("matching", "rules", "rules_now", "rules_time", "snapshot", "timeline", "walks"),
    "resolve": ("alarms", "cache", "denials", "failures", "flight", "local", "resolver", "routing", "strategy"),
    "resolve/upstream": ("cookies", "entropy", "udp"),
    "wire": ("answer", "carry", "edns", "introduction", "leads", "names", "query", "records", "reply", "request"),
}
"""Package inside ``safedns`` -> its modules."""


def options() -> dict[str, object]:
    """What ``setup`` is told beside ``pyproject.toml``."""
    if os.environ.get("SAFEDNS_COMPILE", "0") in ("", "0"):
        return {}
    try:
        from mypyc.build import mypycify
    except ImportError:
        return {"setup_requires": ["mypy>=2.4,<3"]}  # an isolated build asks first what it needs, then comes again
    files = [str(Path("safedns", package, f"{module}.py")) for package, names in COMPILED.items() for module in names]
    # No settings of the checkout: they name plugins and packages that an isolated build does not have.
    return {"ext_modules": mypycify(["--config-file=", "--ignore-missing-imports", *files], opt_level="3")}


setup(**options())
