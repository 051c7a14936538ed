"""Plays a scenario on a stage: step by step, comparing after each, and at the end the log and the counters.

Script --play--> Stage   inprocess.py: tests/house.py, a fake clock, no sockets
                         live.py: ``safedns serve`` and its processes on loopback
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import dns.message
import dns.opcode
import yaml

from safedns.yamlfile.read import read_yaml
from tests.house import configuration
from tests.scenarios.expect import Counted, Seen, counter_differences, log_differences, query_differences
from tests.scenarios.scenario import MAIN, Save, Scenario, Script, Step, placed

EXAMPLE = Path(__file__).resolve().parents[2] / "config"


class Stage(Protocol):
    """Where a scenario is played."""

    @property
    def places(self) -> Mapping[str, str]:
        """Address of each upstream, by ``<name>``."""
        ...

    def start(self, files: Mapping[str, str]) -> None:
        """Bring the household to life with these configuration files."""
        ...

    def exchange(self, packets: Sequence[bytes], client: str, protocol: str, replies: int) -> list[bytes]:
        """Send all at once; the replies, of which so many are expected, in any order."""
        ...

    def counters(self, queries: int) -> Counted:
        """Every counter once ``queries`` queries have been counted."""
        ...

    def asked(self) -> list[str]:
        """Every question that has reached an upstream: ``www.example.com A``, with ``<name>`` if not the main one."""
        ...

    def answer_by(self, upstream: str, table: Mapping[str, list[str]]) -> None:
        """Let an upstream answer by another table."""
        ...

    def save(self, files: Mapping[str, str]) -> str:
        """Write configuration files and wait until they are taken (``""``) or refused: the complaint."""
        ...

    def move_clock(self, step: Step) -> None:
        """Do what ``step`` says about time."""
        ...

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        ...

    def command(self, words: Sequence[str]) -> tuple[int, str]:
        """Type ``safedns WORDS``: its exit status, and everything that it prints."""
        ...

    def restart(self) -> None:
        """End everything and start it again."""
        ...

    def log(self) -> list[dict[str, Any]]:
        """End the household; its query log as ``safedns logs --json`` shows it."""
        ...


class _Player:
    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        self._scenario = scenario
        self._stage = stage
        self._settings = {**_example("safedns.yaml", scenario), **scenario.settings}
        self._family = scenario.family or _example("family.yaml", scenario)
        self._lists = scenario.lists
        self._sent = 0

    def start(self) -> None:
        self._stage.start({**self._files(), **_texts(self._scenario.files)})

    def _files(self) -> dict[str, str]:
        settings = {"upstreams": {"servers": [f"<{MAIN}>"], "strategy": "ordered"}, **self._settings}
        settings["lists"] = {**settings.get("lists", {}), "use": "none"}
        settings.pop("listen", None)
        return configuration(placed(settings, self._stage.places), self._family, self._lists)

    def step(self, step: Step) -> list[str]:
        """Every difference of one step."""
        if step.expect is not None:
            return list(query_differences(step.expect, self._query(step)))
        if step.save is not None:
            return self._save(step.save)
        if step.safedns is not None:
            return list(self._command(step, step.safedns))
        if step.restart is not None:
            self._stage.restart()
            return []
        tables = step.other_upstreams or ({MAIN: step.upstream} if step.upstream is not None else {})
        for upstream, table in tables.items():
            self._stage.answer_by(upstream, table)
        if not tables:
            self._stage.move_clock(step)
        return []

    def _query(self, step: Step) -> Seen:
        assert step.expect is not None
        packets = [_packet(step) for _ in range(step.times)]
        wanted = (
            0 if step.expect.reply == "none" else step.times if step.expect.replies is None else step.expect.replies
        )
        before, asked = _queries(self._stage.counters(self._sent)), len(self._stage.asked())
        protocol = "tcp" if step.tcp else "udp"
        if step.every is None:
            replies = self._stage.exchange(packets, step.client, protocol, wanted)
        else:
            replies = self._one_by_one(packets, step.client, protocol, step.every)
        self._sent += len(packets)
        counted = _queries(self._stage.counters(self._sent)) - before
        ids = [packet[:2] for packet in packets]
        for reply in replies:
            ids.remove(reply[:2])  # an answer to nobody's question fails here
        return Seen([dns.message.from_wire(r) for r in replies], len(packets), counted, self._stage.asked()[asked:])

    def _one_by_one(self, packets: Sequence[bytes], client: str, protocol: str, every: int) -> list[bytes]:
        replies = self._stage.exchange(packets[:1], client, protocol, 1)
        for packet in packets[1:]:
            self._stage.wait(every)
            replies += self._stage.exchange([packet], client, protocol, 1)
        return replies

    def _command(self, step: Step, text: str) -> Iterator[str]:
        status, printed = self._stage.command(shlex.split(text))
        if status != step.exit:
            yield f"it ended with {status}; expected {step.exit}; it says:\n{printed}"
        if step.says is not None and step.says not in printed:
            yield f"it says:\n{printed}\nexpected in it: {step.says}"

    def _save(self, save: Save) -> list[str]:
        self._settings.update(save.settings)
        self._family = save.family or self._family
        self._lists = self._lists if save.lists is None else save.lists
        changed = self._files()
        if not save.settings and save.lists is None:
            del changed["safedns.yaml"]
        if save.family is None:
            del changed["family.yaml"]
        if save.lists is None:
            changed = {name: text for name, text in changed.items() if name.endswith(".yaml")}
        complaint = self._stage.save({**changed, **_texts(save.files)})
        if save.refused is None:
            return [f"the saved files were refused:\n{complaint}"] if complaint else []
        if save.refused not in complaint:
            return [f"the complaint is {complaint or 'missing: the files were taken'!r}; expected {save.refused!r}"]
        return []

    def end(self) -> list[str]:
        """Every difference of the counters and the log."""
        scenario = self._scenario
        names = {place: name for name, place in self._stage.places.items()}
        counted = Counter({_named(key, names): count for key, count in self._stage.counters(self._sent).items()})
        found = list(counter_differences(scenario.counters, counted))
        lines = self._stage.log()
        if scenario.log is not None:
            found += log_differences(scenario.log, [{**line, "upstream": _name(line, names)} for line in lines])
        return found


def play(script: Script, stage: Stage) -> None:
    """Play everything; raises ``AssertionError`` at the first step that came out differently, with all differences."""
    player = _Player(script.scenario, stage)
    player.start()
    for step, line in zip(script.scenario.steps, script.lines, strict=True):
        _complain(f"{script.file}:{line}: {step.title}", player.step(step))
    _complain(f"{script.file}: in the end", player.end())


def _complain(where: str, differences: list[str]) -> None:
    if differences:
        raise AssertionError("\n  ".join([where, *differences]))


def _example(file: str, scenario: Scenario) -> dict[str, Any]:
    if scenario.household is None:
        return {}
    tree = read_yaml(EXAMPLE / file).tree
    assert isinstance(tree, dict)
    settings = dict(tree)
    settings.pop("upstreams", None)
    return settings


def _texts(files: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True)
        for name, content in files.items()
    }


def _packet(step: Step) -> bytes:
    if step.send is not None:
        return step.send
    assert step.ask is not None
    name, qtype, qclass = step.ask
    query = dns.message.make_query(
        name, qtype, qclass, use_edns=step.edns, options=[step.tagged] if step.tagged else []
    )
    query.set_opcode(dns.opcode.from_text(step.opcode))
    return query.to_wire()


def _queries(counted: Counted) -> Counted:
    return Counter({key[1:]: count for key, count in counted.items() if key[0] == "queries"})


def _named(key: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names.get(label, label) for label in key)


def _name(line: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return names.get(line["upstream"], line["upstream"])
