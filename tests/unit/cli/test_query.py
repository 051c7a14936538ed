"""``safedns query``: what it asks, what it shows, and how it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import dns.edns
import dns.message
import pytest
from click.testing import CliRunner, Result

from safedns.cli import query as module
from safedns.cli.main import main
from safedns.cli.query import DEFAULT_SERVER, configured_server
from safedns.settings.model import Endpoint
from safedns.wire.types import QType
from tests.nameserver import Asked, HangUp, NameServer, Several, reply, soa, with_other_id


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as running:
        yield running


def run(server: NameServer, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["query", *arguments, "--server", f"{server.host}:{server.port}"])


def with_reason(asked: Asked, code: int, text: str) -> bytes:
    """NXDOMAIN with an extended error."""
    response = dns.message.from_wire(reply(asked, rcode=3, authority=(soa(10),)))
    response.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode(code), text)])
    return response.to_wire()


def without_time(output: str) -> str:
    return re.sub(r":\d+ over (\w+) in [\d.]+ ms", r":PORT over \1 in TIME", output)


def test_it_shows_status_records_and_who_answered(server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, "CNAME example.com.", "example.com. A 192.0.2.1", ttl=300)
    result = run(server, "www.example.com")
    assert result.exit_code == 0
    assert without_time(result.output).splitlines() == [
        "www.example.com A: NOERROR (rd ra)",
        "www.example.com                      300 CNAME  example.com.",
        "example.com                          300 A      192.0.2.1",
        "from 127.0.0.1:PORT over UDP in TIME",
    ]


def test_the_reason_of_a_block_is_shown(server: NameServer) -> None:
    server.behave = lambda asked: with_reason(asked, 17, "bedtime until 06:30")
    result = run(server, "tiktok.com")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "tiktok.com A: NXDOMAIN (rd ra)",
        "  Filtered (EDE 17): bedtime until 06:30",
        "no records of this type",
    ]


def test_a_safedns_is_asked_what_applies_to_a_closed_name_for_this_machine(server: NameServer) -> None:
    def behave(asked: Asked) -> bytes:
        if asked.name == "tiktok.com.why.safedns.internal":
            return reply(asked, 'TXT "\u0111\u00f3ng: tiktok \u0111ang t\u1eaft"')
        return with_reason(asked, 17, "tiktok is off")

    server.behave = behave
    assert run(server, "tiktok.com").stdout.splitlines()[2] == "  for this device: đóng: tiktok đang tắt"
    assert json.loads(run(server, "tiktok.com", "--json").stdout)["why"] == "đóng: tiktok đang tắt"
    assert [dns.message.from_wire(each.packet).question[0].rdtype for each in server.asked] == [1, 16, 1, 16]


def test_nobody_is_asked_why_an_open_name_is_open_or_one_too_long_for_it_closed(server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, "A 192.0.2.1")
    run(server, "example.com")
    server.behave = lambda asked: with_reason(asked, 17, "bedtime")
    assert run(server, ".".join(["x" * 60] * 4)).exit_code == 0
    assert len(server.asked) == 2


@pytest.mark.parametrize(("word", "number"), [("aaaa", QType.AAAA), ("HTTPS", QType.HTTPS), ("TYPE731", 731)])
def test_the_type_may_be_a_name_or_a_number(server: NameServer, word: str, number: int) -> None:
    run(server, "example.com", word)
    assert dns.message.from_wire(server.asked[0].packet).question[0].rdtype == number


def test_an_international_name_is_asked_in_its_wire_form(server: NameServer) -> None:
    run(server, "Bücher.example")
    assert server.asked[0].name == "xn--bcher-kva.example"


def test_a_truncated_answer_is_fetched_over_tcp(server: NameServer) -> None:
    server.behave = lambda asked: reply(asked, "A 192.0.2.1", truncated=asked.transport == "udp")
    result = run(server, "example.com")
    assert "over TCP" in result.stderr
    assert "192.0.2.1" in result.stdout


def test_json_holds_everything(server: NameServer) -> None:
    server.behave = lambda asked: with_reason(asked, 15, "malware")
    found = json.loads(run(server, "example.com", "--json").stdout)
    assert found.pop("milliseconds") > 0
    assert found == {
        "name": "example.com",
        "type": "A",
        "status": "NXDOMAIN",
        "flags": ["rd", "ra"],
        "answers": [],
        "authority": [
            {
                "name": "example.com",
                "ttl": 60,
                "type": "SOA",
                "data": "ns.example.com. admin.example.com. 1 7200 900 1209600 10",
            }
        ],
        "why": "",
        "errors": [{"code": 15, "meaning": "Blocked", "text": "malware"}],
        "server": f"127.0.0.1:{server.port}",
        "transport": "udp",
    }


def test_forged_answers_are_passed_over(server: NameServer) -> None:
    server.behave = lambda asked: Several(
        (with_other_id(reply(asked, "A 203.0.113.66")), b"noise", reply(asked, "A 192.0.2.1"))
    )
    assert "192.0.2.1" in run(server, "example.com").stdout


def test_a_lost_datagram_is_sent_again(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS_PER_TRY", 0.05)
    server.behave = lambda asked: None if asked.number == 0 else reply(asked, "A 192.0.2.1")
    assert "192.0.2.1" in run(server, "example.com").stdout


def test_nobody_there_exits_with_3_and_says_so() -> None:
    with NameServer() as gone:
        pass
    result = run(gone, "example.com")
    assert result.exit_code == 3
    assert result.stderr == (f"127.0.0.1:{gone.port} does not answer: Connection refused; is safedns running there?\n")


def test_silence_exits_with_3_and_says_so(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS_PER_TRY", 0.02)
    server.behave = lambda _: None
    result = run(server, "example.com")
    assert result.exit_code == 3
    assert "does not answer: no answer came" in result.stderr
    assert len(server.asked) == 2


def test_a_connection_that_ends_without_an_answer_exits_with_3(server: NameServer) -> None:
    server.behave = lambda asked: HangUp(b"\0\x20half") if asked.transport == "tcp" else reply(asked, truncated=True)
    assert run(server, "example.com").exit_code == 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["a..b"], "empty label"),
        (["example.com", "NONSENSE"], "'NONSENSE' is not a record type"),
        (["example.com", "--server", "tls://1.1.1.1#x.example"], "only plain DNS can be asked"),
        (["example.com", "--server", "nowhere"], "expected an address"),
    ],
)
def test_bad_usage_exits_with_2_and_says_what_is_expected(arguments: list[str], complaint: str) -> None:
    result = CliRunner().invoke(main, ["query", *arguments])
    assert result.exit_code == 2
    assert complaint in result.stderr


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("127.0.0.1:5301", Endpoint("127.0.0.1", 5301)),
        ("0.0.0.0:53", Endpoint("127.0.0.1", 53)),
        ("[::]:5300", Endpoint("::1", 5300)),
        ("192.168.1.2:53", Endpoint("192.168.1.2", 53)),
    ],
)
def test_the_server_is_the_first_address_of_the_configuration(tmp_path: Path, listen: str, expected: Endpoint) -> None:
    (tmp_path / "safedns.yaml").write_text(
        f'listen: {{dns: ["{listen}", "127.0.0.1:9999"]}}\nupstreams: {{servers: [192.0.2.53]}}\n'
    )
    assert configured_server(tmp_path) == expected


def test_without_a_usable_configuration_the_default_server_is_asked(tmp_path: Path) -> None:
    assert configured_server(tmp_path) == DEFAULT_SERVER
    (tmp_path / "safedns.yaml").write_text("nonsense: [")
    assert configured_server(tmp_path) == DEFAULT_SERVER
