"""The resolver's event loop does what asyncio's does, whether a descriptor is served directly or by asyncio."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from safedns.clock import SystemClock
from safedns.server.loop import HotLoop

Result = TypeVar("Result")
Pair = tuple[socket.socket, socket.socket]


def run(scenario: Coroutine[Any, Any, Result]) -> Result:
    """Play a scenario in the loop under test, for at most ten seconds."""
    with asyncio.Runner(loop_factory=lambda: HotLoop(SystemClock())) as runner:
        return runner.run(asyncio.wait_for(scenario, 10))


@pytest.fixture
def pair() -> Any:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    theirs.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def test_a_reader_is_called_with_its_arguments_for_everything_that_arrives(pair: Pair) -> None:
    async def scenario() -> list[tuple[str, bytes]]:
        got: list[tuple[str, bytes]] = []
        done = asyncio.Event()

        def read(label: str) -> None:
            got.append((label, pair[0].recv(100)))
            if len(got) == 3:
                done.set()

        asyncio.get_running_loop().add_reader(pair[0], read, "ours")
        for packet in (b"1", b"2", b"3"):
            pair[1].send(packet)
        await done.wait()
        asyncio.get_running_loop().remove_reader(pair[0])
        return got

    assert run(scenario()) == [("ours", b"1"), ("ours", b"2"), ("ours", b"3")]


def test_a_descriptor_that_is_always_ready_starves_neither_timers_nor_tasks(pair: Pair) -> None:
    async def scenario() -> list[str]:
        loop = asyncio.get_running_loop()
        loop.add_reader(pair[0], lambda: None)
        pair[1].send(b"never read")
        happened: list[str] = []
        loop.call_later(0.02, happened.append, "timer")
        await asyncio.sleep(0.01)
        happened.append("task")
        await asyncio.to_thread(happened.append, "thread")
        await asyncio.sleep(0.02)
        loop.remove_reader(pair[0])
        return sorted(happened)

    assert run(scenario()) == ["task", "thread", "timer"]


def test_what_a_reader_leaves_for_asyncio_is_done_at_once(pair: Pair) -> None:
    async def scenario() -> str:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()
        loop.add_reader(pair[0], lambda: loop.call_soon(done.set_result, pair[0].recv(100).decode()))
        pair[1].send(b"done")
        async with asyncio.timeout(5):
            result = await done
        loop.remove_reader(pair[0])
        return result

    assert run(scenario()) == "done"


def test_a_timer_that_a_reader_sets_rings_although_asyncio_meant_to_wait_longer(pair: Pair) -> None:
    async def scenario() -> bool:
        loop = asyncio.get_running_loop()
        rung = asyncio.Event()

        def read() -> None:
            pair[0].recv(100)
            loop.call_later(0.01, rung.set)

        loop.add_reader(pair[0], read)
        loop.call_later(9.0, lambda: None)
        await asyncio.sleep(0)
        pair[1].send(b"1")
        async with asyncio.timeout(5):
            await rung.wait()
        loop.remove_reader(pair[0])
        return True

    assert run(scenario())


def test_a_reader_that_fails_is_reported_and_called_again(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> bytes:
        loop = asyncio.get_running_loop()
        second: asyncio.Future[bytes] = loop.create_future()

        def read() -> None:
            packet = pair[0].recv(100)
            if packet == b"bad":
                raise ValueError("cannot take this")
            second.set_result(packet)

        loop.add_reader(pair[0], read)
        pair[1].send(b"bad")
        pair[1].send(b"good")
        packet = await second
        loop.remove_reader(pair[0])
        return packet

    assert run(scenario()) == b"good"
    assert "cannot take this" in caplog.text


def test_a_reader_that_is_removed_is_not_called_and_may_be_added_again(pair: Pair) -> None:
    async def scenario() -> list[str]:
        loop = asyncio.get_running_loop()
        called: list[str] = []
        loop.add_reader(pair[0], called.append, "first")
        assert loop.remove_reader(pair[0])
        assert not loop.remove_reader(pair[0])
        pair[1].send(b"1")
        await asyncio.sleep(0.01)
        loop.add_reader(pair[0], called.append, "never")
        loop.add_reader(pair[0], lambda: called.append(f"second {pair[0].recv(100).decode()}"))
        await asyncio.sleep(0.01)
        loop.remove_reader(pair[0])
        return called

    assert run(scenario()) == ["second 1"]


def test_a_reader_may_remove_another_that_is_ready_in_the_same_wake_up() -> None:
    async def scenario(pairs: list[Pair]) -> int:
        loop = asyncio.get_running_loop()
        calls = 0

        def read() -> None:
            nonlocal calls
            calls += 1
            for ours, _ in pairs:
                loop.remove_reader(ours)

        for ours, theirs in pairs:
            loop.add_reader(ours, read)
            theirs.send(b"1")
        await asyncio.sleep(0.01)
        return calls

    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(3)]
    try:
        assert run(scenario(pairs)) == 1
    finally:
        for ours, theirs in pairs:
            ours.close()
            theirs.close()


def test_streams_signals_and_child_processes_work_as_ever(pair: Pair) -> None:
    async def scenario() -> tuple[bytes, int, int]:
        loop = asyncio.get_running_loop()
        loop.add_reader(pair[0], lambda: pair[0].recv(100))
        pair[1].send(b"beside everything else")
        server = await asyncio.start_server(_echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"x" * 1_000_000)
        writer.write_eof()
        echoed = await reader.read()
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        signalled: asyncio.Future[int] = loop.create_future()
        loop.add_signal_handler(signal.SIGUSR1, signalled.set_result, 1)
        os.kill(os.getpid(), signal.SIGUSR1)
        number = await signalled
        loop.remove_signal_handler(signal.SIGUSR1)
        process = await asyncio.create_subprocess_exec("true")
        loop.remove_reader(pair[0])
        return echoed, number, await process.wait()

    echoed, number, code = run(scenario())
    assert (len(echoed), number, code) == (1_000_000, 1, 0)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
