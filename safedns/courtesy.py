"""Lets answers go first: lowers the priority of a process whose work nobody waits for, such as compiling lists.

Must not be called by a process that serves.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

NICENESS = 10
_AUTOGROUP = Path("/proc/self/autogroup")


def step_back(*, session: bool = False) -> None:
    """Use the processor when nobody else wants it; ``session``: for all of our session, which must be ours alone.

    Linux may weigh sessions against each other before it looks at niceness (sched(7), autogroup): a process in a
    session of its own steps back only with its session.
    """
    os.nice(NICENESS)
    if session:
        with suppress(OSError):  # a kernel without that feature, or one that has had enough of us for now
            _AUTOGROUP.write_text(str(NICENESS), encoding="ascii")
