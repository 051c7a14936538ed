"""Questions to a child: the answer that belongs to each, and none where nothing comes."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from safedns.supervisor import questions as module
from safedns.supervisor.channel import Message
from safedns.supervisor.children import Child
from safedns.supervisor.questions import Questions
from safedns.tasks import spawn
from tests.unit.resolve.values import until


class Told:
    """A child that keeps what it is told."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    pid: int | None = 4711

    def send(self, message: Message) -> None:
        self.messages.append(message)

    def as_child(self) -> Child:
        return cast("Child", self)


def answer(question: Message, **fields: Any) -> Message:
    return {"event": "answer", "number": question["number"], **fields}


async def test_answers_find_their_questions_in_whatever_order_they_come() -> None:
    questions, one, two = Questions(), Told(), Told()
    asked = [spawn(questions.ask(each.as_child(), "status"), "question") for each in (one, two)]
    await asyncio.sleep(0)
    assert [each.messages[0]["do"] for each in (one, two)] == ["status", "status"]
    questions.answered(answer(two.messages[0], says="two"))
    questions.answered(answer(one.messages[0], says="one"))
    assert [reply["says"] for reply in await asyncio.gather(*asked)] == ["one", "two"]


async def test_all_that_run_are_asked_the_same() -> None:
    questions, one, gone, two = Questions(), Told(), Told(), Told()
    gone.pid = None
    children = [each.as_child() for each in (one, gone, two)]
    asked = spawn(questions.ask_all(children, "cache", flush="example.com"), "question")
    await until(lambda: bool(one.messages and two.messages))
    assert gone.messages == []
    for child in (one, two):
        assert child.messages[0]["flush"] == "example.com"
        questions.answered(answer(child.messages[0], entries=len(child.messages)))
    assert [reply["entries"] for reply in await asked] == [1, 1]


async def test_a_child_that_does_not_answer_in_time_has_said_nothing_and_a_late_answer_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    questions, child = Questions(), Told()
    assert await questions.ask(child.as_child(), "live") == {}
    questions.answered(answer(child.messages[0]))
    again = await questions.ask(child.as_child(), "live")
    assert again == {}
    assert child.messages[0]["number"] != child.messages[1]["number"]
