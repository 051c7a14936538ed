"""RFC 8484: DNS queries over HTTPS"""

from __future__ import annotations

import base64

import dns.message
import dns.rcode
import pytest

from tests.certificates import Authority
from tests.nameserver import Http, NameServer, Secure, reply
from tests.standards.doors import Doors
from tests.standards.upstreams import NAME, asking
from tests.unit.server.h2client import Response, connected

KIND = "application/dns-message"


async def asked(doors: Doors, name: str, method: str) -> Response:
    packet = dns.message.make_query(name, "A", id=0).to_wire()
    async with doors.https() as port, connected(port, doors.trust.client("h2")) as client:
        if method == "POST":
            return await client.response(client.post(packet))
        text = base64.urlsafe_b64encode(packet).decode().rstrip("=")
        return await client.response(client.request("GET", f"/dns-query?dns={text}"))


@pytest.mark.rfc(8484, "4.1")
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_section_4_1_both_methods_ask(doors: Doors, method: str) -> None:
    """A query comes as the body of a POST, or in base64url without padding as a parameter of a GET."""
    response = await asked(doors, "www.example.com", method)
    assert (response.status, response.headers["content-type"]) == (200, KIND)
    assert dns.message.from_wire(response.body).answer


@pytest.mark.rfc(8484, "4.2.1")
@pytest.mark.parametrize(
    ("name", "rcode"), [("missing.example.com", dns.rcode.NXDOMAIN), ("failing.example.com", dns.rcode.SERVFAIL)]
)
async def test_section_4_2_1_a_dns_error_is_a_successful_response(doors: Doors, name: str, rcode: int) -> None:
    """The status of HTTP is about HTTP: any DNS response comes with status 200."""
    response = await asked(doors, name, "POST")
    assert (response.status, dns.message.from_wire(response.body).rcode()) == (200, rcode)


@pytest.mark.rfc(8484, "5.1")
async def test_section_5_1_a_response_is_fresh_no_longer_than_its_records(doors: Doors) -> None:
    """The freshness lifetime is not longer than the smallest TTL in the answer."""
    response = await asked(doors, "alias.example.com", "GET")
    assert response.headers["cache-control"] == "private, max-age=200"


@pytest.mark.rfc(8484, "5.1")
@pytest.mark.parametrize("face", ["https", "h3"])
async def test_section_5_1_the_age_of_a_response_is_taken_off_its_ttls(authority: Authority, face: Secure) -> None:
    """What an upstream's HTTP cache has kept for a while lives so much shorter here."""
    with NameServer(
        lambda asked: Http(reply(asked, "A 192.0.2.1", ttl=600), more=(("age", "250"),)),
        certificate=authority.issue(NAME),
        face=face,
    ) as server:
        async with asking(server) as ask:
            assert (await ask("www.example.com")).ttl == 350


@pytest.mark.rfc(8484, "5.1")
@pytest.mark.parametrize(
    ("name", "life"), [("missing.example.com", "private, max-age=60"), ("failing.example.com", "no-store")]
)
async def test_section_5_1_a_denial_is_fresh_as_long_as_its_soa_says_and_a_failure_never(
    doors: Doors, name: str, life: str
) -> None:
    """Without records in the answer section the SOA's TTL bounds the lifetime; a failure is not to be kept."""
    assert (await asked(doors, name, "GET")).headers["cache-control"] == life


@pytest.mark.rfc(8484, "5.2")
async def test_section_5_2_http_before_version_2_is_not_offered(doors: Doors) -> None:
    """HTTP/2 is the least version that is recommended: it is the one that is agreed on."""
    async with doors.https() as port, connected(port, doors.trust.client("http/1.1", "h2")) as client:
        tls = client.writer.get_extra_info("ssl_object")
        assert tls.selected_alpn_protocol() == "h2"


@pytest.mark.rfc(8484, "4.1")
async def test_section_4_1_our_own_questions_have_the_id_nought(authority: Authority) -> None:
    """Clients use the id 0, so that the same question is the same request."""
    with NameServer(certificate=authority.issue(NAME), face="https") as server:
        async with asking(server) as ask:
            await ask("www.example.com")
    (request,) = server.requests
    assert (server.asked[0].packet[:2], request[":method"], request["content-type"]) == (b"\0\0", "POST", KIND)


@pytest.mark.rfc(8484, "6")
async def test_section_6_another_media_type_is_refused(doors: Doors) -> None:
    """Messages are of the type application/dns-message; what is of another is not taken for one."""
    packet = dns.message.make_query("www.example.com", "A", id=0).to_wire()
    async with doors.https() as port, connected(port, doors.trust.client("h2")) as client:
        response = await client.response(client.post(packet, content_type="text/plain"))
    assert response.status == 415
