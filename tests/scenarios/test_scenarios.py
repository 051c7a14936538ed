"""Every scenario file is played in one process; those marked ``live`` against real processes, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.errors import ConfigError
from tests.scenarios.inprocess import InProcess
from tests.scenarios.live import Live
from tests.scenarios.runner import play
from tests.scenarios.scenario import Script, scripts

HERE = Path(__file__).parent
FILES = scripts(HERE)


def _name(file: Path) -> str:
    return str(file.relative_to(HERE).with_suffix(""))


def _is_live(file: Path) -> bool:
    try:
        return Script(file).scenario.live
    except ConfigError:
        return False  # what is wrong with it is told where it is played in one process


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_in_one_process(file: Path, tmp_path: Path, compiled: Path) -> None:
    script = Script(file)
    with InProcess(script.scenario, tmp_path, compiled) as stage:
        play(script, stage)


@pytest.mark.live
@pytest.mark.parametrize("file", [file for file in FILES if _is_live(file)], ids=_name)
def test_live(file: Path, compiled: Path) -> None:
    script = Script(file)
    with Live(script.scenario, compiled) as stage:
        play(script, stage)
