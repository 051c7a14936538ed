"""What stands below a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.compare.machine import cpu_model, crowded, facts, versions
from tests.bench.compare.measure import Plan
from tests.bench.compare.names import household
from tests.bench.compare.systems import SYSTEMS, scaled


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("processor\t: 0\nmodel name\t: AMD EPYC\nprocessor\t: 1\nmodel name\t: AMD EPYC\n", "AMD EPYC"),
        (
            "processor\t: 0\nCPU part\t: 0xd08\n\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n",
            "Raspberry Pi 4 Model B Rev 1.4",
        ),
    ],
)
def test_the_processor_or_the_board_is_named(tmp_path: Path, text: str, model: str) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(text)
    assert cpu_model(file) == model


def test_load_and_origin_of_the_names_are_told() -> None:
    plan = Plan((SYSTEMS["python-loop"],), household(2000, ["bad.com"], []), 20_000, 5000, 3, 1, full_speed=False)
    text = "\n".join(facts(plan))
    for wanted in ("commit: ", "20000 queries", "5000 a second", "3 round(s)", "1 from real lists", "python-loop: "):
        assert wanted in text


def test_a_version_is_told_once_however_many_workers() -> None:
    assert len(versions(scaled([SYSTEMS["safedns"]], [1, 2, 4]))) == 1


@pytest.mark.parametrize(
    ("workers", "cores", "told"), [(1, 2, ""), (2, 2, "not how answers"), (4, 8, "4 workers on 8")]
)
def test_workers_without_cores_of_their_own_are_remarked_on(workers: int, cores: int, told: str) -> None:
    assert told in "".join(crowded(workers, cores))
    assert bool(crowded(workers, cores)) == bool(told)
