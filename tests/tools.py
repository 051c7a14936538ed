"""Programs, rights and files of the machine that some tests need: found, or the test says what is missing.

On a developer's machine such a test is skipped with the reason. With ``SAFEDNS_TEST_ALL=1``, as CI sets it, it fails:
nothing that is meant to be tried there goes untried unseen.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import NoReturn

import pytest

_EVERYTHING = "SAFEDNS_TEST_ALL"
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
"""Servers lie where an ordinary user's shell does not look."""


def missing(what: str) -> NoReturn:
    """Skip the test for want of ``what``, a whole sentence; fail it where everything must be tried."""
    if os.environ.get(_EVERYTHING):
        pytest.fail(f"{what}, and {_EVERYTHING} asks for every test")
    pytest.skip(what)


def tool(name: str) -> str:
    """Where a program is."""
    program = shutil.which(name, path=_PATH)
    if program is None:
        missing(f"{name} is not installed")
    return program


def run(name: str, *arguments: str, code: int | None = 0, stdin: str | bytes = b"") -> str:
    """What a program says on standard output and standard error; ``code``: how it must end, ``None`` for anyhow."""
    sent = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run([tool(name), *arguments], capture_output=True, input=sent, timeout=60, check=False)
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert code in (None, done.returncode), said
    return said
