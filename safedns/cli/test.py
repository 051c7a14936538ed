"""``safedns test``: do the rules do what the family expects of them? Works without the daemon.

``--json`` prints one object:

    passed, failed   how many
    failures         [{file, line, who, at, ask, type, expected, because, got: {outcome, target, ede, reason}}]
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click

from safedns.cli.common import config_option, say, state_option
from safedns.cli.explain import find_device
from safedns.cli.times import Times
from safedns.cli.verdicts import iso, judge, lists_of, outcome_fields, outcome_words, why_words
from safedns.clock import SystemClock
from safedns.errors import ConfigError, Problem
from safedns.lan.directory import Directory
from safedns.policy.decision import Decision
from safedns.policy.expectations import Expectation, load_expectations
from safedns.policy.household import load_household
from safedns.policy.snapshot import Device
from safedns.wire.names import display
from safedns.wire.types import type_name
from safedns.yamlfile.document import in_order
from safedns.yamlfile.messages import unknown_word

NOBODY_SEEN = Directory()
"""An expectation holds whoever is at home while it is tested."""
FILE = "expectations.yaml"
"""What is tested where no file is named: this one in the configuration folder."""


class Failure(NamedTuple):
    """An expectation that does not hold."""

    expectation: Expectation
    device: Device
    at: float
    got: Decision


@click.command()
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For machines: one object.")
@config_option
@state_option
@click.pass_context
def command(ctx: click.Context, *, files: tuple[Path, ...], as_json: bool, config: Path, state: Path) -> None:
    """Put the expectations in FILES (expectations.yaml of the configuration folder by default) to the rules.

    Exit 0 if all hold, 1 if one does not, 2 for a file that cannot be read.
    """
    household = load_household(config)
    expectations = [each for file in files or (config / FILE,) for each in load_expectations(file)]
    times = Times(household, lists_of(household, config, state))
    now = SystemClock.wall()
    _everybody_known(expectations, times, now)
    failures = list(_failures(expectations, times, now))
    if as_json:
        click.echo(json.dumps(_object(failures, len(expectations), times.zone), ensure_ascii=False, indent=2))
    else:
        for failure in failures:
            click.echo(_line(failure, times.zone))
        say(f"{len(expectations) - len(failures)} as expected, {len(failures)} not")
    ctx.exit(1 if failures else 0)


def _everybody_known(expectations: Iterable[Expectation], times: Times, now: float) -> None:
    """Raises ``ConfigError`` for each line about somebody who is not known."""
    policy = times.household.policy
    known = [*(spec.id for spec in policy.profiles), *(text for spec in policy.profiles for text in spec.devices)]
    problems: list[Problem] = [
        each.problem("who", unknown_word(each.line.who, known, "is no child, group, device or address"))
        for each in expectations
        if find_device(policy, times.snapshot(now), each.line.who, NOBODY_SEEN) is None
    ]
    if problems:
        raise ConfigError(in_order(problems))


def _failures(expectations: Iterable[Expectation], times: Times, now: float) -> Iterable[Failure]:
    for each in expectations:
        line = each.line
        at = now if line.at is None else line.at.replace(tzinfo=times.zone).timestamp()
        snapshot = times.snapshot(at)
        device = find_device(times.household.policy, snapshot, line.who, NOBODY_SEEN)
        assert device is not None  # noqa: S101 - everybody is known
        got = judge(times.household, snapshot, device.profile, line.ask.name, line.ask.qtype, at).decision
        if not _as_expected(each, got):
            yield Failure(each, device, at, got)


def _as_expected(expectation: Expectation, got: Decision) -> bool:
    line = expectation.line
    right = bool(got.target) if line.expect == "rewritten" else got.blocked == (line.expect == "blocked")
    kind, *words = got.reason
    return right and line.because in (None, str(kind), str(kind).replace("_", " "), *words)


def _line(failure: Failure, zone: ZoneInfo) -> str:
    (line, *_), device, at, got = failure
    wanted = line.expect + (f" because {line.because}" if line.because else "")
    what = display(line.ask.name) + ("" if type_name(line.ask.qtype) == "A" else f" {type_name(line.ask.qtype)}")
    return (
        f"{failure.expectation.document.file}:{failure.expectation.on_line}: {device.profile.name} asks for {what} at "
        f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M}: expected {wanted}, "
        f"but it is {outcome_words(got)} ({why_words(got)})"
    )


def _object(failures: list[Failure], total: int, zone: ZoneInfo) -> dict[str, Any]:
    """The stable form for machines, as the module's docstring describes it."""
    return {
        "passed": total - len(failures),
        "failed": len(failures),
        "failures": [
            {
                "file": each.document.file,
                "line": each.on_line,
                "who": each.line.who,
                "at": iso(at, zone),
                "ask": each.line.ask.name,
                "type": type_name(each.line.ask.qtype),
                "expected": each.line.expect,
                "because": each.line.because,
                "got": outcome_fields(got),
            }
            for each, _, at, got in failures
        ],
    }
