"""RFC 8310: Usage profiles for DNS over TLS"""

from __future__ import annotations

import pytest

from safedns.errors import UpstreamError
from tests.certificates import Authority
from tests.nameserver import NameServer, Secure
from tests.standards.upstreams import NAME, asking


@pytest.mark.rfc(8310, "5")
@pytest.mark.parametrize("face", ["tls", "https", "h3", "quic"])
async def test_section_5_who_cannot_prove_the_name_is_not_asked(authority: Authority, face: Secure) -> None:
    """The strict profile: a server that cannot prove its name gets no question, and nothing is sent in the clear."""
    with NameServer(certificate=authority.issue("another.test"), face=face) as server:
        async with asking(server) as ask:
            with pytest.raises(UpstreamError, match=r"no .* connection to the upstream: .*(?i:hostname)"):
                await ask("www.example.com")
    assert server.asked == []


@pytest.mark.rfc(8310, "8.1")
async def test_section_8_1_a_certificate_for_the_configured_name_is_taken(authority: Authority) -> None:
    """The name that is configured must be the certificate's, by an authority that is trusted."""
    with NameServer(certificate=authority.issue(NAME)) as server:
        async with asking(server) as ask:
            assert (await ask("www.example.com")).addresses == ("192.0.2.1",)
