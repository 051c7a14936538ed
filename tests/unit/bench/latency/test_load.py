"""The load: its queries, and what it makes of a server that answers, and of one that does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from safedns.wire.query import decode_query
from tests.bench.compare.process import running
from tests.bench.compare.stand import ask
from tests.bench.latency.load import SOCKETS, Sender, packets
from tests.ports import free_port


def test_ids_do_not_repeat_on_a_socket() -> None:
    sent = list(packets(["a.example.com"] * SOCKETS * 3))
    assert [packet[:2] for packet in sent[::SOCKETS]] == [b"\0\0", b"\0\1", b"\0\2"]


def test_each_packet_is_a_query_for_its_name() -> None:
    (packet,) = packets(["www.example.com"])
    query = decode_query(packet)
    assert (query.qtype, query.qclass) == (1, 1)
    assert b"\3www\7example\3com\0" in packet


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="arrival times are the Linux kernel's")
def test_every_answer_is_matched_with_its_query(tmp_path: Path) -> None:
    port, names = free_port(), [f"n{number}.example.com" for number in range(50)]
    with running([sys.executable, "-m", "tests.bench.compare.upstream", str(port)], tmp_path):
        while ask(port, "example.com") is None:
            pass
        load = Sender(port, list(packets(names)), 1000).run(first=False)
    assert (len(load.micros), load.lost, load.codes) == (50, 0, {"0": 50})
    assert all(micros > 0 for micros in load.micros)
    assert len(load.late) == 50


def test_without_a_server_every_query_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.latency.load.ANSWER_WITHIN", 0.0)
    load = Sender(free_port(), list(packets(["example.com"] * 3)), 1000).run(first=False)
    assert (load.micros, load.lost) == ([], 3)
