"""Tasks that never fail silently, and expected failures that are let go of with everything they hold."""

from __future__ import annotations

import asyncio
import logging
import weakref

import pytest

from safedns.tasks import let_go, spawn


class Stream:
    """Keeps the exception that it raises, as asyncio's streams do."""

    def fail(self) -> None:
        self.kept = ConnectionError("gone")
        raise self.kept


@pytest.mark.usefixtures("no_collector")
def test_a_failure_that_is_let_go_of_holds_nothing() -> None:
    def serve() -> weakref.ref[Stream]:
        stream = Stream()
        with let_go(OSError):
            stream.fail()
        return weakref.ref(stream)

    assert serve()() is None


def test_only_what_is_expected_is_let_go_of() -> None:
    with pytest.raises(ValueError, match="a fault"), let_go(OSError, TimeoutError):
        raise ValueError("a fault")


async def test_a_task_that_fails_is_logged_once_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise ValueError("a fault")

    with caplog.at_level(logging.ERROR):
        await asyncio.wait([spawn(fails(), "the task")])
        await asyncio.sleep(0)
    (record,) = caplog.records
    assert "the task" in record.message
    assert record.exc_info is not None
