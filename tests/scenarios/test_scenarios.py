"""Every scenario file is played in one process; those marked ``live`` against real processes, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.inprocess import InProcess
from tests.scenarios.runner import play
from tests.scenarios.scenario import Script, scripts

HERE = Path(__file__).parent
FILES = scripts(HERE)


def _name(file: Path) -> str:
    return str(file.relative_to(HERE).with_suffix(""))


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_in_one_process(file: Path, tmp_path: Path) -> None:
    script = Script(file)
    with InProcess(script.scenario, tmp_path) as stage:
        play(script, stage)
