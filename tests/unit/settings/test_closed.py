"""A configuration that only others may read: said in one line, whoever asks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NOBODY = 65534

SCRIPT = """
import os, sys
from pathlib import Path
from safedns.errors import ConfigError
from safedns.settings.load import load_settings
os.setuid(int(sys.argv[1]))
try:
    load_settings(Path(sys.argv[2]))
except ConfigError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read a folder")
@pytest.mark.parametrize("closed", ["folder", "file"])
def test_it_says_that_it_cannot_be_read(tmp_path: Path, closed: str) -> None:
    tmp_path.parent.chmod(0o755)
    tmp_path.chmod(0o700 if closed == "folder" else 0o755)
    file = tmp_path / "safedns.yaml"
    file.write_text("timezone: UTC\n", encoding="utf-8")
    file.chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(NOBODY), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout.strip(), done.stderr) == (f"{file}: cannot be read: Permission denied", "")
