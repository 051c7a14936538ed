"""What a scenario file may say, read as strictly as the configuration itself: a typing slip is an error, not silence.

The shape is in ``README.md``. Nothing here plays a scenario: ``runner`` does, on a stage in one process or on real
processes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import dns.opcode
import dns.rcode
from pydantic import AfterValidator, Field, PlainValidator, model_validator

from safedns.policy.decision import Action, ReasonKind
from safedns.settings.words import duration
from safedns.yamlfile.messages import unknown_word
from safedns.yamlfile.read import read_yaml
from safedns.yamlfile.validate import Model, OneOrList, Text, validate
from tests.scenarios import grammar

MAIN = "main"
"""The upstream that the table under ``upstream`` belongs to; ``<main>`` in settings is its address."""


_RCODES = tuple(rcode.name for rcode in dns.rcode.Rcode)
_KINDS = tuple(str(kind) for kind in ReasonKind)
_ACTIONS = tuple(str(action) for action in Action)

Number = Annotated[int, Text(grammar.number, {})]
YesNo = Annotated[bool, Text(grammar.yes_no, {})]
Moment = Annotated[str, Text(grammar.moment, {})]
Table = dict[
    Annotated[str, AfterValidator(grammar.table_key)],
    Annotated[list[Annotated[str, Text(grammar.table_line, {})]], OneOrList()],
]
Files = dict[Annotated[str, AfterValidator(grammar.file)], Any]
Rule = Annotated[str, grammar.one_of(_KINDS)]
Outcome = Annotated[str, grammar.one_of(_ACTIONS)]


_OF_A_REPLY = {"rcode", "answers", "ttl", "ttl_at_most", "ede", "told", "edns", "truncated", "replies"}


class Expect(Model):
    """What a query must come to; what is not mentioned is free."""

    rcode: Annotated[str, grammar.one_of(_RCODES)] | None = None
    answers: list[str] | None = None
    """The whole answer section in order: ``www.example.com A 192.0.2.1``."""
    ttl: Number | None = None
    """Of every record of the answer and authority sections; there must be one."""
    ttl_at_most: Number | None = None
    ede: Annotated[int | None, Text(grammar.ede, {})] = None
    """Code of the extended error, or ``none``."""
    told: str | None = None
    """Text of the extended error."""
    edns: YesNo | None = None
    """Whether the reply carries an OPT record."""
    truncated: YesNo | None = None
    reply: Annotated[str, grammar.one_of(("none",))] | None = None
    """There is none at all."""
    replies: Number | None = None
    """How many of ``times`` queries are answered; otherwise all."""
    who: str | None = None
    """The profile that it was counted for."""
    decision: Outcome | None = None
    why: Rule | None = None
    """Kind of the rule that decided."""
    upstream_asked: Annotated[tuple[str, ...], PlainValidator(grammar.questions)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Expect:
        if not self.model_fields_set:
            raise ValueError("nothing is expected; say at least the rcode")
        if self.reply is not None and (extra := sorted(self.model_fields_set & _OF_A_REPLY)):
            raise ValueError(f"{', '.join(extra)}: there is no reply to look at")
        return self


class Save(Model):
    """A parent saves files; what is not mentioned stays as it was."""

    settings: dict[str, Any] = Field(default={})
    """Laid over the settings of the scenario."""
    family: dict[str, Any] | None = None
    lists: dict[str, list[str]] | None = None
    files: Files = Field(default={})
    """Other files by their path in the folder; a text is written as it stands."""
    refused: str | None = None
    """The files are not taken, and this is in the complaint."""

    @model_validator(mode="after")
    def _saves_something(self) -> Save:
        if not self.model_fields_set - {"refused"}:
            raise ValueError("nothing is saved; expected settings, family, lists or files")
        return self


_ACTIONS_OF_A_STEP = (
    "ask", "send", "clock", "wait", "set_clock", "save", "upstream", "other_upstreams", "safedns", "restart",
)  # fmt: skip
_OF_A_QUERY = {"client", "edns", "tagged", "tcp", "opcode", "times", "every", "expect"}
_OF_A_COMMAND = {"says", "exit"}


class Step(Model):
    """One thing that happens."""

    ask: Annotated[tuple[str, str, str], Text(grammar.question, {})] | None = None
    send: Annotated[bytes, Text(grammar.packet, {})] | None = None
    """Raw bytes instead of a question."""
    client: str = Field(alias="from", default="127.0.0.1")
    edns: Annotated[int, Text(grammar.edns, {})] = 0
    tagged: Annotated[dns.edns.Option, Text(grammar.tag, {})] | None = None
    """For which device the client says that it asks, as a router does."""
    tcp: YesNo = False
    opcode: Annotated[str, grammar.one_of(tuple(opcode.name for opcode in dns.opcode.Opcode))] = "QUERY"
    times: Number = 1
    """So many at once; with ``every``, one after another."""
    every: Annotated[int, Text(duration, {})] | None = None
    """So much time passes between two of them."""
    expect: Expect | None = None
    clock: Moment | None = None
    """Time passes until then."""
    wait: Annotated[int, Text(duration, {})] | None = None
    """Time passes."""
    set_clock: Moment | None = None
    """Somebody sets the machine's clock; no time passes."""
    save: Save | None = None
    upstream: Table | None = None
    """From now on the upstream answers by this table."""
    other_upstreams: dict[str, Table] | None = None
    safedns: str | None = None
    """A parent types this command."""
    says: str | None = None
    """This is in what it prints."""
    exit: Number = 0
    restart: YesNo | None = None
    """Everything ends and is started again."""

    @model_validator(mode="after")
    def _one_thing(self) -> Step:
        done = [action for action in _ACTIONS_OF_A_STEP if getattr(self, action) is not None]
        if len(done) != 1:
            raise ValueError(f"a step does one thing; expected one of {', '.join(_ACTIONS_OF_A_STEP)}")
        query = done[0] in ("ask", "send")
        if query and self.expect is None:
            raise ValueError("nothing is expected of this query; say at least `expect: {rcode: NOERROR}`")
        if not query and (extra := self.model_fields_set & _OF_A_QUERY):
            raise ValueError(f"{', '.join(sorted(extra))}: only a query has that")
        if self.safedns is None and (extra := self.model_fields_set & _OF_A_COMMAND):
            raise ValueError(f"{', '.join(sorted(extra))}: only a command has that")
        return self

    @property
    def title(self) -> str:
        """The step in a few words, for messages."""
        if self.safedns is not None:
            return f"safedns {self.safedns}"
        if self.ask is None:
            return next(action for action in _ACTIONS_OF_A_STEP if getattr(self, action) is not None)
        return f"{self.client} asks {' '.join(self.ask)}"


class LogRow(Model):
    """Fields of one line of ``safedns logs``; ``who`` is its profile, ``why`` its reason, ``words`` its ``why``."""

    who: str | None = None
    client: str | None = Field(alias="from", default=None)
    device: str | None = None
    name: str | None = None
    type: str | None = None
    decision: Outcome | None = None
    why: Rule | None = None
    words: str | None = None
    rule: str | None = None
    matched: str | None = None
    category: str | None = None
    rcode: Annotated[str, grammar.one_of(_RCODES)] | None = None
    source: Annotated[str, grammar.one_of(("policy", "cache", "stale", "upstream", "local", "none"))] | None = None
    upstream: str | None = None
    protocol: Annotated[str, grammar.one_of(("udp", "tcp"))] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> LogRow:
        if not self.model_fields_set:
            raise ValueError("nothing is said of this line; expected who, name, decision ...")
        return self


class Scenario(Model):
    """One file."""

    title: str = Field(description="what happens, as a sentence", examples=["Bedtime begins at bedtime"])
    live: YesNo = False
    """Played against real processes too."""
    now: Moment = "2026-11-23 12:00"
    household: Literal["example"] | None = None
    """Start from the folder ``config`` of the repository."""
    settings: dict[str, Any] = Field(default={})
    family: dict[str, Any] | None = None
    lists: dict[str, list[str]] = Field(default={})
    files: Files = Field(default={})
    upstream: Table = Field(default={})
    other_upstreams: dict[str, Table] = Field(default={})
    steps: list[Step] = Field(description="what happens, in order", examples=["[{ask: x.com, expect: ...}]"])
    log: list[LogRow] | None = None
    """Every line of the query log, in order."""
    counters: dict[Annotated[str, AfterValidator(grammar.counter_key)], Number] = Field(default={})

    @model_validator(mode="after")
    def _expects_something(self) -> Scenario:
        if not any(step.expect for step in self.steps):
            raise ValueError("no step asks anything; a scenario without an expectation can only succeed")
        return self

    @model_validator(mode="after")
    def _can_be_played(self) -> Scenario:
        if self.household is None and self.family is None:
            raise ValueError("there is no family; expected `family: {...}` or `household: example`")
        if self.household is not None and self.family is not None:
            raise ValueError("`household: example` brings its own family; expected one of them")
        for name in {name for step in self.steps for name in step.other_upstreams or {}} - self.other_upstreams.keys():
            raise ValueError(f"the upstream {name} appears in a step only; expected it under `other_upstreams` as well")
        written = str([self.settings, *(step.save.settings for step in self.steps if step.save)])
        for name in self.other_upstreams:
            if f"<{name}>" not in written:
                raise ValueError(f"nobody asks the upstream {name}; expected <{name}> somewhere in `settings`")
        if self.live and (wrong := sorted(set(_not_live(self)))):
            raise ValueError(f"{', '.join(wrong)}: real processes have real time; take that or `live` out")
        return self


def _not_live(scenario: Scenario) -> Iterator[str]:
    """What a scenario says that cannot be played in real time on loopback."""
    if scenario.household is not None:
        yield "household"
    if "now" in scenario.model_fields_set:
        yield "now"
    for step in scenario.steps:
        times = ("clock", "wait", "set_clock", "every", "restart")
        yield from (action for action in times if getattr(step, action) is not None)
        if not step.client.startswith("127."):
            yield "a client outside 127.0.0.0/8"
        if step.expect is not None and step.expect.replies is not None:
            yield "replies"


class Script:
    """A scenario and where its steps stand in the file."""

    def __init__(self, path: Path) -> None:
        """Raises ``ConfigError`` with everything that is wrong in the file."""
        document = read_yaml(path)
        self.file = path
        self.scenario = validate(document, Scenario)
        self.lines = tuple(document.line(("steps", index)) for index in range(len(self.scenario.steps)))


def scripts(folder: Path) -> list[Path]:
    """Every scenario file."""
    return sorted(folder.rglob("*.yaml"))


def placed(tree: Any, places: Mapping[str, str]) -> Any:
    """``tree`` with ``<main>`` and the like replaced by addresses; an upstream that does not exist is an error."""
    if isinstance(tree, dict):
        return {key: placed(value, places) for key, value in tree.items()}
    if isinstance(tree, list):
        return [placed(item, places) for item in tree]
    if isinstance(tree, str) and re.fullmatch(r"<\w+>", tree):
        if tree not in places:
            raise ValueError(unknown_word(tree, sorted(places), "is no upstream of this scenario"))
        return places[tree]
    return tree
