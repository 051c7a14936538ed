"""Encrypted DNS as real clients speak it: kdig, curl, openssl and dnspython against the running program."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import dns.flags
import dns.message
import dns.query
import pytest

from safedns.wire.stream import frame
from tests.certificates import Authority
from tests.e2e.running import ADULT, AN, BINH, BLOCKED, CLOCK, FAMILY, Running, household, until
from tests.nameserver import Asked, Reaction, address, reply
from tests.ports import free_port
from tests.tools import run

NAME = "dns.home.example"
PHONE = "binh-phone-x7k2m9"
CHILDREN = {**FAMILY["children"], "binh": {**FAMILY["children"]["binh"], "devices": [BINH, PHONE]}}


class Encrypted(NamedTuple):
    """A household that speaks every kind of DNS."""

    house: Running
    authority: Authority
    tls: int
    https: int
    quic: int

    def certify(self, *names: str, days: int = 1) -> None:
        """Put a new certificate in place as a renewal does: one file, then the other."""
        made = self.authority.issue(*(names or (NAME, f"*.{NAME}", "127.0.0.1")), days=days)
        for source, name in ((made.cert, "cert.pem"), (made.key, "key.pem")):
            shutil.copy(source, self.house.config / f".{name}.new")
            (self.house.config / f".{name}.new").replace(self.house.config / name)

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority.file))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    folder = tmp_path_factory.mktemp("encrypted")
    with household(folder) as house:
        encrypted = Encrypted(house, Authority(folder), free_port(), free_port(), free_port())
        encrypted.certify()
        listen = {
            "dns": [f"127.0.0.1:{house.port}"],
            "metrics": f"127.0.0.1:{house.metrics_port}",
            "tls": [f"127.0.0.1:{encrypted.tls}"],
            "https": [f"127.0.0.1:{encrypted.https}"],
            "quic": [f"127.0.0.1:{encrypted.quic}"],
        }
        certificate = {"cert": "cert.pem", "key": "key.pem", "name": NAME}
        house.save(
            {"listen": listen, "certificate": certificate, "workers": 2, "clients": [f"{AN}/32", f"{ADULT}/32"]},
            {**FAMILY, "children": CHILDREN},
        )
        house.start()
        yield encrypted


def kdig(served: Encrypted, transport: str, *arguments: str, client: str = ADULT, hostname: str = NAME) -> str:
    port = {"tls": served.tls, "https": served.https, "quic": served.quic}[transport.partition("=")[0]]
    trust = [f"+tls-ca={served.authority.file}", f"+tls-hostname={hostname}", f"+tls-sni={hostname}"]
    at = ["@127.0.0.1", "-p", str(port), "-b", client]
    return run("kdig", *at, f"+{transport}", *trust, "+retry=0", "+time=5", *arguments)


TRANSPORTS = ["tls", "https", "quic"]


def need(transport: str) -> None:
    """Skip where kdig cannot speak it: Debian's is built without QUIC."""
    if transport == "quic" and "QUIC" not in run("kdig", "@127.0.0.1", "-p", "1", "+quic", "+retry=0", "x.", code=1):
        pytest.skip("this kdig is built without QUIC")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_kdig_gets_the_answer_and_a_child_the_block(served: Encrypted, transport: str) -> None:
    need(transport)
    assert kdig(served, transport, "www.example", "+short").split() == ["192.0.2.1"]
    phone = f"{PHONE}.{NAME}"
    assert "status: NXDOMAIN" in kdig(served, transport, BLOCKED, hostname=phone)
    assert kdig(served, transport, BLOCKED, "+short").split() == ["192.0.2.1"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_from_outside_only_a_claimed_id_is_served(served: Encrypted, transport: str) -> None:
    """``clients`` admits two addresses; the phone comes from a third."""
    need(transport)
    outside = "127.0.0.99"
    assert "status: NOERROR" in kdig(served, transport, "www.example", client=outside, hostname=f"{PHONE}.{NAME}")
    for unknown in (NAME, f"binh-phone.{NAME}"):
        assert "status: REFUSED" in kdig(served, transport, "www.example", client=outside, hostname=unknown)
    assert "status: REFUSED" in run("kdig", "@127.0.0.1", "-p", str(served.house.port), "-b", outside, "www.example")


def test_the_path_of_https_tells_the_device(served: Encrypted) -> None:
    said = kdig(served, f"https=/dns-query/{PHONE}", BLOCKED, client="127.0.0.99")
    assert "status: NXDOMAIN" in said
    assert "status: REFUSED" in kdig(served, "https=/dns-query/binh-phone", BLOCKED, client="127.0.0.99")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_answers_to_padded_questions_are_padded(served: Encrypted, transport: str) -> None:
    need(transport)
    assert "468 B" in kdig(served, transport, "www.example", "+padding=128")


def test_curl_finds_a_name_through_it(served: Encrypted) -> None:
    """The name leads to an address of documentation, so that curl gets no further than to want to connect."""
    said = run(
        "curl",
        *("-v", "--doh-url", f"https://{NAME}:{served.https}/dns-query", "--connect-timeout", "2"),
        *("--resolve", f"{NAME}:{served.https}:127.0.0.1", "--cacert", str(served.authority.file)),
        *("--max-time", "3", "http://www.example/"),
        code=None,
    )
    assert "192.0.2.1" in said


def test_curl_asks_nothing_of_one_whose_certificate_is_not_good(served: Encrypted) -> None:
    """Nobody in the system's list of authorities vouches for it."""
    said = run(
        "curl",
        *("-v", "--doh-url", f"https://{NAME}:{served.https}/dns-query", "--connect-timeout", "2"),
        *("--resolve", f"{NAME}:{served.https}:127.0.0.1", "--max-time", "3", "http://www.example/"),
        code=None,
    )
    assert "SSL certificate problem" in said
    assert "192.0.2.1" not in said


def test_openssl_verifies_the_certificate_and_speaks_dns_inside(served: Encrypted) -> None:
    query = dns.message.make_query("www.example", "A")
    said = run(
        "openssl",
        *("s_client", "-connect", f"127.0.0.1:{served.tls}", "-servername", NAME, "-alpn", "dot", "-brief"),
        *("-CAfile", str(served.authority.file), "-verify_return_error", "-verify_hostname", NAME),
        stdin=frame(query.to_wire()),
    )
    assert "Verification: OK" in said
    assert "TLSv1.3" in said


def test_dnspython_asks_over_tls_often_on_one_connection(served: Encrypted) -> None:
    with socket.socket() as sock:
        sock.settimeout(5)
        sock.connect(("127.0.0.1", served.tls))
        with served.context().wrap_socket(sock, server_hostname=NAME) as secure:
            for _ in range(20):
                query = dns.message.make_query("www.example", "A")
                answer = dns.query.tls(query, "127.0.0.1", sock=secure, timeout=5)
                assert answer.answer


def ask_over_quic(served: Encrypted, name: str, hostname: str, qtype: str = "A") -> dns.message.Message:
    query = dns.message.make_query(name, qtype, use_edns=0, pad=128)
    trust = str(served.authority.file)
    return dns.query.quic(query, "127.0.0.1", port=served.quic, timeout=5, server_hostname=hostname, verify=trust)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # dnspython leaves sockets to the collector
@pytest.mark.parametrize(("hostname", "blocked"), [(NAME, False), (f"{PHONE}.{NAME}", True)])
def test_dnspython_asks_over_quic(served: Encrypted, hostname: str, blocked: bool) -> None:
    answer = ask_over_quic(served, BLOCKED, hostname)
    assert bool(answer.answer) is not blocked
    assert answer.id == 0


LARGE = [f'"{number:0250d}"' for number in range(240)]
"""Texts of an answer of 63 kB; more than 65 do not fit in any message."""


@pytest.fixture
def large(served: Encrypted) -> Iterator[None]:
    """Names below large.example have a large answer, for which the plain upstream sends who asks to TCP."""

    def behave(asked: Asked) -> Reaction:
        if not asked.name.endswith("large.example"):
            return address(asked)
        return (
            reply(asked, truncated=True)
            if asked.transport == "udp"
            else reply(asked, *(f"TXT {text}" for text in LARGE))
        )

    served.house.upstream.behave = behave
    yield
    served.house.upstream.behave = address


@pytest.mark.usefixtures("large")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # as above
@pytest.mark.parametrize("transport", ["tcp", *TRANSPORTS])
def test_a_large_answer_passes_whole(served: Encrypted, transport: str) -> None:
    name = f"{transport}.large.example"
    if transport == "quic":
        said = [record.to_text() for rrset in ask_over_quic(served, name, NAME, "TXT").answer for record in rrset]
    elif transport == "tcp":
        said = [record.to_text() for rrset in served.house.ask(name, "TXT", protocol="tcp").answer for record in rrset]
    else:
        said = kdig(served, transport, name, "TXT", "+short").splitlines()
    assert sorted(said) == LARGE
    assert [each.transport for each in served.house.upstream.asked if each.name == name] == ["udp", "tcp"]


@pytest.mark.usefixtures("large")
def test_who_asks_for_a_large_answer_over_udp_is_sent_to_tcp(served: Encrypted) -> None:
    told = served.house.ask("udp.large.example", "TXT")
    assert (bool(told.flags & dns.flags.TC), told.answer) == (True, [])


def test_devices_that_ask_in_the_clear_are_told_where_it_is_encrypted(served: Encrypted) -> None:
    for name in ("_dns.resolver.arpa", f"_dns.{NAME}"):
        told = {record.to_text() for rrset in served.house.ask(name, "SVCB").answer for record in rrset}
        assert told == {
            f'1 {NAME}. alpn="dot" port="{served.tls}" ipv4hint="127.0.0.1"',
            f'2 {NAME}. alpn="h2" port="{served.https}" ipv4hint="127.0.0.1" dohpath="/dns-query{{?dns}}"',
            f'3 {NAME}. alpn="doq" port="{served.quic}" ipv4hint="127.0.0.1"',
        }


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # as above
def test_connections_leave_no_word_in_the_journal(served: Encrypted) -> None:
    """What comes from outside must not be able to fill or to write it."""
    before = served.house.said()
    with socket.create_connection(("127.0.0.1", served.tls), timeout=5) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        sock.recv(100)
    for hostname in (NAME, "elsewhere.example"):
        with contextlib.suppress(Exception):  # the second finds the certificate wrong
            ask_over_quic(served, "www.example", hostname)
    assert served.house.said() == before


def connections(pid: int, port: int) -> int:
    """How many connections to a local port a process has open, by the kernel's word."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = {f"socket:[{row[9]}]" for row in rows if row[3] == "01" and int(row[1].partition(":")[2], 16) == port}
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it is closed already
            found += str(descriptor.readlink()) in ours
    return found


def test_two_workers_share_the_connections(served: Encrypted) -> None:
    """Each connection goes to one of them; with thirty none of two stays without, but once in a thousand million."""
    query, context = dns.message.make_query("www.example", "A"), served.context()
    with contextlib.ExitStack() as held:
        for _ in range(30):
            sock = held.enter_context(socket.create_connection(("127.0.0.1", served.tls), timeout=10))
            secure = held.enter_context(context.wrap_socket(sock, server_hostname=NAME))
            dns.query.send_tcp(secure, query)
            reply, _ = dns.query.receive_tcp(secure, CLOCK.wall() + 10)
            assert reply.answer
        shares = [connections(pid, served.tls) for pid in served.house.pids("resolver")]
        assert len(shares) == 2
        assert min(shares) > 0
        assert sum(shares) == 30


def test_connections_that_find_no_room_are_counted(served: Encrypted) -> None:
    """Of 300 from one address the two workers let in 128 each, however they come to share them."""
    counted = "safedns_connections_refused_total", ("tcp",)
    before = served.house.metrics().get(counted, 0)
    with contextlib.ExitStack() as held:
        for _ in range(300):
            held.enter_context(socket.create_connection(("127.0.0.1", served.house.port), timeout=10))
        until(lambda: served.house.metrics().get(counted, 0) >= before + 300 - 2 * 128, "they are counted")
        assert served.house.metrics()["safedns_connections", ("tcp",)] <= 2 * 128


def test_all_doors_may_be_full_whatever_a_shell_allows(tmp_path: Path) -> None:
    with household(tmp_path, prefix=("prlimit", "--nofile=512:4096")) as house:
        house.save()
        house.start()
        limits = Path(f"/proc/{house.pids('resolver')[0]}/limits").read_text()
        assert re.search(r"Max open files\s+4096\s+4096", limits)


def test_the_log_and_the_metrics_say_over_what(served: Encrypted) -> None:
    served.house.ask("www.example")
    for transport in ("tls", "https"):
        kdig(served, transport, f"{transport}.{BLOCKED}", hostname=f"{PHONE}.{NAME}")

    def rows() -> list[tuple[str, ...]]:
        return [(row["protocol"], row["device"], row["profile"]) for row in served.house.logs() if row["name"] in names]

    names = {f"{transport}.{BLOCKED}" for transport in ("tls", "https")}
    until(lambda: len(rows()) == 2, "both are written down")
    assert sorted(rows()) == [("https", PHONE, "binh"), ("tls", PHONE, "binh")]
    counted = {labels for name, labels in served.house.metrics() if name == "safedns_queries_total"}
    assert {labels[2] for labels in counted} >= {"udp", "tls", "https"}


def test_the_metrics_count_open_connections_and_know_when_the_certificate_ends(served: Encrypted) -> None:
    with (
        socket.create_connection(("127.0.0.1", served.tls), timeout=5) as sock,
        served.context().wrap_socket(sock, server_hostname=NAME),
    ):
        until(lambda: served.house.metrics()["safedns_connections", ("tls",)] >= 1, "it is counted")
    ends = served.house.metrics()["safedns_certificate_expires_timestamp_seconds", ()]
    assert 0 < ends - CLOCK.wall() < 90 * 86_400


def shown(served: Encrypted) -> str:
    """The certificate that a new connection gets, as it is in a file."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", served.tls), timeout=5) as sock,
        context.wrap_socket(sock, server_hostname=NAME) as secure,
    ):
        certificate = secure.getpeercert(binary_form=True)
    assert certificate is not None
    return ssl.DER_cert_to_PEM_cert(certificate)


def test_a_renewed_certificate_is_shown_within_seconds_and_a_wrong_one_never(served: Encrypted) -> None:
    served.certify()
    good = (served.house.config / "cert.pem").read_text()
    until(lambda: shown(served) == good, "the new one is shown")
    (served.house.config / "key.pem").write_text("no key")
    until(lambda: not served.house.status()["configuration"]["ok"], "the mistake is seen")
    assert "holds no key that can be read" in served.house.status()["configuration"]["problems"]
    assert shown(served) == good
    assert kdig(served, "tls", "www.example", "+short").split() == ["192.0.2.1"]
    served.certify()
    until(lambda: served.house.status()["configuration"]["ok"], "it is mended")
    until(lambda: shown(served) != good, "the next one is shown")
