"""How a message of the daemon looks on a terminal and in the journal; each in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys

SAY = """
import logging
from safedns.app.logs import set_up_logging
set_up_logging("resolver")
logging.getLogger("any").debug("not worth a line")
logging.getLogger("any").warning("upstream %s rests", "9.9.9.9")
"""


def said(**environment: str) -> str:
    clean = {key: value for key, value in os.environ.items() if key != "JOURNAL_STREAM"}
    command = [sys.executable, "-c", SAY]
    done = subprocess.run(command, env=clean | environment, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == ""
    return done.stderr


def test_a_terminal_gets_the_time_the_process_and_one_line() -> None:
    assert re.fullmatch(r"\d\d:\d\d:\d\d resolver: WARNING: upstream 9\.9\.9\.9 rests\n", said())


def test_the_journal_adds_the_time_itself() -> None:
    assert said(JOURNAL_STREAM="8:12345") == "resolver: WARNING: upstream 9.9.9.9 rests\n"
