"""Who compiles lists steps back behind who answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from safedns.app.__main__ import PATIENT
from safedns.courtesy import NICENESS

AUTOGROUP = Path("/proc/self/autogroup")


def in_a_session_of_its_own(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], start_new_session=True, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout.strip()


def test_a_process_that_steps_back_is_as_nice_as_it_says() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    script = "import os; from safedns.courtesy import step_back; step_back(); print(os.getpriority(os.PRIO_PROCESS, 0))"
    assert int(in_a_session_of_its_own("-c", script)) == min(before + NICENESS, 19)


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel does not weigh sessions (no autogroup)")
def test_its_session_steps_back_with_it() -> None:
    script = f"from safedns.courtesy import step_back; step_back(session=True); print(open('{AUTOGROUP}').read())"
    assert in_a_session_of_its_own("-c", script).endswith(f" nice {NICENESS}")


@pytest.mark.parametrize("role", ["prepare", "lists", "resolver", "recorder", "page"])
def test_only_what_nobody_waits_for_steps_back_before_it_begins(role: str, tmp_path: Path) -> None:
    """The role's module is one of the test's own, found first, which says how nice it was run."""
    spy = (
        "import os, sys, types, safedns.app.__main__ as app; module = types.ModuleType('spy'); "
        "module.run = lambda _: print(os.getpriority(os.PRIO_PROCESS, 0)); "
        f"sys.modules['safedns.app.{role}'] = module; sys.argv = ['app', '{role}', '--state', '{tmp_path}']; app.main()"
    )
    before = os.getpriority(os.PRIO_PROCESS, 0)
    expected = min(before + NICENESS, 19) if role in PATIENT else before
    assert int(in_a_session_of_its_own("-c", spy)) == expected
    assert PATIENT == ("lists",)
