"""Child processes: found again after their supervisor was killed, and nobody else's process touched."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from safedns.supervisor.children import remember, replace_orphans


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_the_children_of_a_killed_supervisor_are_ended(tmp_path: Path) -> None:
    file = tmp_path / "children.json"
    child = sleeper()
    remember(file, [child.pid])
    assert replace_orphans(file, 0.1, time.sleep) == 1
    assert child.wait(5) != 0


def test_one_that_has_ended_is_not_waited_for_also_where_nobody_has_taken_note(tmp_path: Path) -> None:
    file = tmp_path / "children.json"
    child = sleeper()
    remember(file, [child.pid])
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        time.sleep(seconds)

    assert replace_orphans(file, 5.0, pause) == 1
    assert sum(pauses) < 5.0
    child.wait()


def test_a_process_that_only_has_the_same_number_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "children.json"
    other = sleeper()
    try:
        file.write_text(json.dumps([[other.pid, "12345"]]))
        assert replace_orphans(file, 0.1, time.sleep) == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_no_file_or_a_damaged_one_means_no_orphans(tmp_path: Path) -> None:
    file = tmp_path / "children.json"
    assert replace_orphans(file, 0.1, time.sleep) == 0
    for damaged in ("", "{", "[1]", '[["x", "y"]]', "null"):
        file.write_text(damaged)
        assert replace_orphans(file, 0.1, time.sleep) == 0
