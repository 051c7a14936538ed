"""The control socket: a question and an answer, one line each."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from safedns.control import ControlServer, _short, ask, socket_file
from safedns.errors import NotRunningError, SafednsError


async def status(_: dict[str, object]) -> dict[str, object]:
    return {"version": "1", "profiles": ["Bình"]}


async def echo(request: dict[str, object]) -> dict[str, object]:
    return {"heard": request}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    deep = tmp_path / ("deep" * 20) / ("er" * 40)  # far beyond what a socket address holds
    (deep / "run").mkdir(parents=True)
    return deep


async def test_a_command_gets_its_answer_however_deep_the_folder_lies(state: Path) -> None:
    server = ControlServer(state, {"status": status})
    await server.start()
    try:
        assert await asyncio.to_thread(ask, state, "status") == {"version": "1", "profiles": ["Bình"]}
        with pytest.raises(SafednsError, match="unknown request"):
            await asyncio.to_thread(ask, state, "dance")
    finally:
        await server.close()


async def test_a_request_brings_what_more_it_has_to_say(state: Path) -> None:
    server = ControlServer(state, {"cache": echo})
    await server.start()
    answer = await asyncio.to_thread(ask, state, "cache", flush="example.com")
    await server.close()
    assert answer == {"heard": {"do": "cache", "flush": "example.com"}}


async def test_only_the_owner_may_use_it(state: Path) -> None:
    server = ControlServer(state, {"status": status})
    await server.start()
    mode = stat.S_IMODE(socket_file(state).stat().st_mode)
    await server.close()
    assert mode == 0o600


async def test_a_socket_left_by_a_process_that_was_killed_is_replaced(state: Path) -> None:
    first = ControlServer(state, {})
    await first.start()
    second = ControlServer(state, {"status": status})
    await second.start()
    answer = await asyncio.to_thread(ask, state, "status")
    await first.close()
    await second.close()
    assert answer["version"] == "1"


@pytest.mark.parametrize("line", [b"", b"\n", b"{\n", b"[]\n", b"null\n", b"{}\n", b"x" * 100_000 + b"\n"])
async def test_nonsense_does_no_harm(state: Path, line: bytes) -> None:
    server = ControlServer(state, {"status": status})
    await server.start()
    _, writer = await _connect(state)
    writer.write(line)
    writer.close()
    answer = await asyncio.to_thread(ask, state, "status")
    await server.close()
    assert answer["version"] == "1"


async def _connect(state: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    with _short(socket_file(state)) as name:
        return await asyncio.open_unix_connection(name)


def test_without_a_daemon_the_answer_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match="safedns does not run"):
        ask(tmp_path, "status")
