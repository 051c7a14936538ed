"""The systemd unit: well formed, tightly sandboxed, and a sandbox that the program's own dependencies can live in.

``systemd-analyze verify`` refuses a unit whose program is not installed, and a test machine has nothing in
``/opt/safedns``. So it is given a copy in which only the path of the program is replaced, by this interpreter's; every
other line is the real one. ``systemd-analyze security`` reads the unit as it stands.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.tools import missing, tool

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
UNIT = FOLDER / "safedns.service"
SOCKET = FOLDER / "safedns.socket"
SYSUSERS = FOLDER / "safedns.sysusers.conf"

MOST_EXPOSURE = 2.0
"""On systemd's scale from 0 (nothing can go wrong) to 10; up to 2.0 is its best grade but one."""

FORBID_WRITABLE_CODE = """
import ctypes, sys
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    sys.exit(77)
import os
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""

USE_EVERY_DEPENDENCY = """
import asyncio, sqlite3, ssl
import aioquic.asyncio.server, cryptography.x509, h2.connection, segno
import click, dnslib, idna, ifaddr, marisa_trie, prometheus_client, pydantic, requests, yaml, tzdata
list(ifaddr.get_adapters())
assert marisa_trie.Trie(["a", "ab"]).prefixes("abc") == ["a", "ab"]
from cryptography.hazmat.primitives.asymmetric import ec
ec.generate_private_key(ec.SECP256R1())
assert pydantic.TypeAdapter(int).validate_python("3") == 3
"""


def systemd_analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool("systemd-analyze"), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def values(key: str) -> list[str]:
    """Every value that the unit gives ``key``, in order."""
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def test_verify_finds_nothing_to_say(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    copy = tmp_path / UNIT.name
    copy.write_text(
        re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE), encoding="utf-8"
    )
    done = systemd_analyze("verify", str(copy))
    about_us = [line for line in (done.stdout + done.stderr).splitlines() if UNIT.stem in line]
    assert about_us == []
    assert done.returncode == 0


def test_verify_finds_nothing_to_say_of_the_sockets(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    (tmp_path / UNIT.name).write_text(
        re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE)
    )
    shutil.copy(SOCKET, tmp_path)
    done = systemd_analyze("verify", str(tmp_path / SOCKET.name))
    assert [line for line in (done.stdout + done.stderr).splitlines() if UNIT.stem in line] == []
    assert done.returncode == 0


def test_verify_would_have_found_a_mistyped_setting(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8").replace("ProtectHome=", "ProtectHouse="), encoding="utf-8")
    done = systemd_analyze("verify", str(copy))
    assert "ProtectHouse" in done.stdout + done.stderr


def test_the_sandbox_is_graded_at_most_two() -> None:
    done = systemd_analyze("security", "--offline=true", "--no-pager", str(UNIT))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= MOST_EXPOSURE


def test_the_program_is_told_the_folders_that_the_unit_prepares() -> None:
    assert values("ExecStart") == ["/opt/safedns/venv/bin/safedns serve --config /etc/safedns --state /var/lib/safedns"]
    assert values("ConfigurationDirectory") == values("StateDirectory") == ["safedns"]


def test_binding_low_ports_is_the_only_privilege() -> None:
    assert values("AmbientCapabilities") == values("CapabilityBoundingSet") == ["CAP_NET_BIND_SERVICE"]


def test_the_unit_runs_as_the_account_that_sysusers_creates() -> None:
    created = re.findall(r"^u (\S+) ", SYSUSERS.read_text(encoding="utf-8"), re.MULTILINE)
    assert created == values("User") == values("Group")


def test_every_dependency_works_where_memory_is_never_both_writable_and_executable() -> None:
    """``MemoryDenyWriteExecute`` in the unit; the kernel's own switch (Linux 6.3) stands in for systemd's."""
    command = [sys.executable, "-c", FORBID_WRITABLE_CODE, USE_EVERY_DEPENDENCY]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 77:
        missing("this kernel cannot forbid writable executable memory (Linux 6.3 can)")
    assert done.returncode == 0, done.stderr
