"""``safedns upstreams``: how each one is doing, and a test of each without the daemon."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.name
import dns.rrset
import pytest
from click.testing import CliRunner, Result

from safedns.cli.main import main
from safedns.resolve.filtering import SAMPLES
from tests.certificates import Authority, Certificate
from tests.nameserver import Asked, Behaviour, NameServer, Reaction, Secure, reply
from tests.unit.cli.daemon import daemon


def root(asked: Asked) -> Reaction:
    """A validating resolver that gives cookies and pads."""
    query = dns.message.from_wire(asked.packet)
    message = dns.message.from_wire(reply(asked, ". SOA a.root. b.root. 1 2 3 4 5"))
    message.flags |= dns.flags.AD
    padding = dns.edns.GenericOption(dns.edns.OptionType.PADDING, bytes(20))
    cookies: list[dns.edns.Option] = [
        dns.edns.GenericOption(option.otype, (option.to_wire() or b"")[:8] + b"servers ")
        for option in query.options
        if option.otype == dns.edns.OptionType.COOKIE
    ]
    message.use_edns(0, options=[*cookies] if asked.transport == "udp" else [padding])
    return message.to_wire()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.fixture
def servers(authority: Authority) -> Iterator[dict[str, int]]:
    """The port of one name server for each transport."""
    faces: tuple[Secure, ...] = ("tls", "https", "h3", "quic")
    with ExitStack() as stack:
        ports = {
            face: stack.enter_context(NameServer(root, certificate=authority.issue("dns.test"), face=face)).port
            for face in faces
        }
        yield ports | {"plain": stack.enter_context(NameServer(root)).port}


def put_to_the_test(folder: Path, upstreams: str, *options: str) -> Result:
    (folder / "safedns.yaml").write_text(f"upstreams: {upstreams}\n", encoding="utf-8")
    return CliRunner().invoke(main, ["upstreams", "test", "--config", str(folder), *options])


@pytest.mark.parametrize(
    ("transport", "protocol", "cookies"),
    [
        ("plain", "", True),
        ("tls", "TLSv1.3", False),
        ("https", "TLSv1.3", False),
        ("h3", "HTTP/3", False),
        ("quic", "QUIC", False),
    ],
)
def test_each_transport_is_asked_and_tells_what_it_can(
    tmp_path: Path, servers: dict[str, int], transport: str, protocol: str, cookies: bool
) -> None:
    at = f"127.0.0.1:{servers[transport]}"
    name = at if transport == "plain" else f"{transport}://{at}#dns.test"
    result = put_to_the_test(tmp_path, f'{{servers: ["{name}"]}}', "--json")
    (found,) = json.loads(result.stdout)
    assert result.exit_code == 0
    assert 0 < found.pop("milliseconds") < 5000
    assert 0 < found.pop("first_milliseconds") < 5000
    assert found == {
        "name": name,
        "transport": transport,
        "for": ["everything"],
        "answers": True,
        "problem": "",
        "address": "127.0.0.1",
        "protocol": protocol,
        "dnssec": "validates",
        "cookies": cookies,
        "padding": not cookies,
        "http3": False,
        "resumes": transport != "plain",
        "filters": None,
        "known_as": "",
    }


@pytest.mark.parametrize(("http3", "protocol"), [("off", {"TLSv1.3"}), ("on", {"TLSv1.3", "HTTP/3"})])
def test_whether_http3_is_offered_is_told_and_it_is_used_where_that_is_wanted(
    tmp_path: Path, authority: Authority, http3: str, protocol: set[str]
) -> None:
    with NameServer(root, certificate=authority.issue("dns.test"), face="h3") as server:
        server.offer = f'h3=":{server.port}"'
        config = f'{{servers: ["https://127.0.0.1:{server.port}#dns.test"], http3: {http3}}}'
        (found,) = json.loads(put_to_the_test(tmp_path, config, "--json").stdout)
        assert found["http3"]
        assert found["protocol"] in protocol
        assert "HTTP/3" in put_to_the_test(tmp_path, config).stdout


class Forgetful(Certificate):
    """Of a server that gives nothing to go on from."""

    def context(self, *alpn: str) -> ssl.SSLContext:
        made = super().context(*alpn)
        made.num_tickets = 0
        return made


@pytest.mark.parametrize("face", ["tls", "https"])
def test_whether_a_second_handshake_goes_on_from_the_first_is_told(
    tmp_path: Path, authority: Authority, face: Secure
) -> None:
    usual = authority.issue("dns.test")
    said = []
    for certificate in (usual, Forgetful(*usual)):
        with NameServer(root, certificate=certificate, face=face) as server:
            said.append(put_to_the_test(tmp_path, f'{{servers: ["{face}://127.0.0.1:{server.port}#dns.test"]}}').stdout)
            assert server.connections == 2
    assert ["padding, resumes" in one for one in said] == [True, False]


def test_what_follows_the_first_answer_is_timed_with_nothing_else_going_on(tmp_path: Path) -> None:
    order: list[str] = []

    def noted(name: str) -> Behaviour:
        def behave(asked: Asked) -> Reaction:
            if not asked.name:
                order.append(name)
            return root(asked)

        return behave

    with NameServer(noted("a")) as a, NameServer(noted("b")) as b:
        put_to_the_test(tmp_path, f'{{servers: ["127.0.0.1:{a.port}", "127.0.0.1:{b.port}"]}}')
    assert sorted(order[:2]) == ["a", "b"]
    assert "".join(order[2:]) == "aaaaabbbbb"


def test_only_the_root_and_the_samples_are_asked_for_and_of_a_router_the_root_alone(tmp_path: Path) -> None:
    with NameServer() as server, NameServer() as router:
        routes = f'{{lan: "127.0.0.1:{router.port}"}}'
        put_to_the_test(tmp_path, f'{{servers: ["127.0.0.1:{server.port}"], routes: {routes}}}')
    samples = {(sample.name, "A") for several in SAMPLES.values() for sample in several}
    assert {(asked.name, asked.qtype) for asked in server.asked} == {("", "SOA"), ("www.google.com", "A"), *samples}
    assert {(asked.name, asked.qtype) for asked in router.asked} == {("", "SOA")}


def family_service(asked: Asked) -> Reaction:
    """Closes adult names by a null address, and knows safe search."""
    if asked.name in ("pornhub.com", "exampleadultsite.com"):
        return reply(asked, "A 0.0.0.0")
    if asked.name == "www.google.com":
        return reply(asked, "CNAME forcesafesearch.google.com.", "forcesafesearch.google.com. A 216.239.38.120")
    return opens_everything(asked)


def opens_everything(asked: Asked) -> Reaction:
    return reply(asked, "A 192.0.2.1") if asked.name else root(asked)


@pytest.mark.parametrize(
    ("behaviour", "filters", "shown"),
    [
        (family_service, ["adult", "safe search"], "adult, safe search"),
        (opens_everything, [], "nothing seen"),
        (root, None, ""),
    ],
)
def test_what_is_filtered_is_found_out_by_asking(
    tmp_path: Path, behaviour: Behaviour, filters: list[str] | None, shown: str
) -> None:
    with NameServer(behaviour) as server:
        config = f'{{servers: ["127.0.0.1:{server.port}"]}}'
        (found,) = json.loads(put_to_the_test(tmp_path, config, "--json").stdout)
        table = put_to_the_test(tmp_path, config)
    assert (found["filters"], found["known_as"], table.exit_code) == (filters, "", 0)
    headings, row = table.stdout.splitlines()
    assert row[headings.index("FILTERS") :] == shown


@pytest.mark.parametrize(("behaviour", "complains"), [(family_service, False), (opens_everything, True), (root, False)])
def test_a_family_service_that_opens_adult_names_is_exit_1(
    tmp_path: Path, authority: Authority, behaviour: Behaviour, complains: bool
) -> None:
    name = "family.cloudflare-dns.com"
    with NameServer(behaviour, certificate=authority.issue(name), face="tls") as server:
        at = f"tls://127.0.0.1:{server.port}#{name}"
        result = put_to_the_test(tmp_path, f'{{servers: ["{at}"]}}')
    line = (
        f"{at}: it opens adult names, which Cloudflare for Families keeps closed: "
        "is somebody else answering in its place?"
    )
    assert (result.exit_code, result.stdout.splitlines()[2:]) == ((1, [line]) if complains else (0, []))


def test_one_that_does_not_answer_is_exit_1_with_the_reason(tmp_path: Path, servers: dict[str, int]) -> None:
    with NameServer() as gone:
        pass
    good, bad = f"tls://127.0.0.1:{servers['tls']}#dns.test", f"127.0.0.1:{gone.port}"
    result = put_to_the_test(tmp_path, f'{{servers: ["{good}"], routes: {{lan: "{bad}"}}}}')
    assert result.exit_code == 1
    headings, first, second, reason = result.stdout.splitlines()
    assert headings.startswith("UPSTREAM")
    assert headings.endswith("FILTERS")
    assert first.startswith(good)
    assert "TLSv1.3" in first
    assert second.split()[:5] == [bad, "lan", "127.0.0.1", "no", "answer"]
    assert reason == f"{bad}: the upstream cannot be reached: Connection refused"


def test_bootstrap_is_tested_too_where_it_is_needed(tmp_path: Path, servers: dict[str, int]) -> None:
    def knows(asked: Asked) -> Reaction:
        return reply(asked, *["A 127.0.0.1"] * (asked.qtype == "A"))

    with NameServer(knows) as bootstrap:
        at = f"127.0.0.1:{bootstrap.port}"
        result = put_to_the_test(
            tmp_path, f'{{servers: ["https://dns.test:{servers["https"]}"], bootstrap: ["{at}"]}}', "--json"
        )
    found = json.loads(result.stdout)
    assert [(one["for"], one["address"], one["answers"]) for one in found] == [
        (["everything"], "127.0.0.1", True),
        (["bootstrap"], "127.0.0.1", True),
    ]


def test_wrong_settings_are_exit_2(tmp_path: Path) -> None:
    result = put_to_the_test(tmp_path, "{servers: [tls://dns.quad9.net]}")
    assert result.exit_code == 2
    assert "expected `bootstrap` beside `servers`" in result.stderr


def health(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "up": True, "milliseconds": 12.34, "failures": 0, "rests_seconds": 0} | changes


HEALTH = [
    health("tls://9.9.9.9"),
    health("1.1.1.1", up=False, failures=3, rests_seconds=4),
    health("8.8.8.8", up=False, failures=1),
    health("192.168.1.1", milliseconds=None),
]


@pytest.mark.parametrize("arguments", [[], ["status"]])
def test_health_is_told_as_the_running_safedns_knows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("SAFEDNS_STATE", str(tmp_path))
    with daemon(tmp_path, {"status": {"upstreams": HEALTH}}):
        result = CliRunner().invoke(main, ["upstreams", *arguments])
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["UPSTREAM", "STATE", "TIME", "FAILURES", "IN", "A", "ROW"],
        ["tls://9.9.9.9", "in", "use", "12.3", "ms"],
        ["1.1.1.1", "rests", "for", "4", "s", "12.3", "ms", "3"],
        ["8.8.8.8", "is", "tried", "again", "12.3", "ms", "1"],
        ["192.168.1.1", "in", "use", "not", "asked", "yet"],
    ]


def test_with_none_in_use_it_is_exit_1(tmp_path: Path) -> None:
    with daemon(tmp_path, {"status": {"upstreams": HEALTH[1:3]}}):
        result = CliRunner().invoke(main, ["upstreams", "status", "--state", str(tmp_path), "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (1, HEALTH[1:3])


def test_without_a_running_safedns_it_is_exit_3(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["upstreams", "status", "--state", str(tmp_path)]).exit_code == 3


def test_one_that_leaves_signatures_out_is_said_where_they_are_needed(tmp_path: Path) -> None:
    with NameServer(lambda asked: reply(asked, ". SOA a.root. b.root. 1 2 3 4 5")) as server, NameServer(root) as good:
        at = f"127.0.0.1:{server.port}"
        wanted = put_to_the_test(tmp_path, f"{{servers: ['{at}']}}\ndnssec: {{validate: on}}")
        unneeded = put_to_the_test(tmp_path, f"{{servers: ['{at}']}}")
        routed = f"{{servers: ['127.0.0.1:{good.port}'], routes: {{lan: '{at}'}}}}"
        elsewhere = put_to_the_test(tmp_path, f"{routed}\ndnssec: {{validate: on}}")
    line = f"{at}: it leaves signatures out: with `dnssec: {{validate: on}}` signed names fail there"
    assert (wanted.exit_code, wanted.stdout.splitlines()[-1]) == (1, line)
    assert [(done.exit_code, line in done.stdout) for done in (unneeded, elsewhere)] == [(0, False)] * 2
