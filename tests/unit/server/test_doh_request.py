"""HTTP requests become queries or refusals, whatever they hold."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from safedns.server.doh_request import MEDIA_TYPE, HttpQuery, Refusal, Target, query_of, target_of

PATHS = st.text(max_size=60) | st.text(max_size=60).map(lambda text: "/dns-query" + text)


@given(st.binary(min_size=1, max_size=600))
def test_what_a_client_encodes_is_what_is_asked(packet: bytes) -> None:
    encoded = base64.urlsafe_b64encode(packet).decode().rstrip("=")
    for method, path, body in (
        ("GET", f"/dns-query/an-tablet?x=1&dns={encoded}&y=2", b""),
        ("POST", "/dns-query/an-tablet", packet),
    ):
        target = target_of(method, path, f"{MEDIA_TYPE}; charset=x")
        assert isinstance(target, Target)
        assert query_of(method, target, body) == HttpQuery(packet, "an-tablet")


@given(st.sampled_from(["GET", "POST", "PUT", ""]) | st.text(max_size=9), PATHS, st.text(max_size=30), st.binary())
def test_whatever_comes_it_is_a_query_or_a_refusal(method: str, path: str, media_type: str, body: bytes) -> None:
    target = target_of(method, path, media_type)
    found = target if isinstance(target, Refusal) else query_of(method, target, body)
    assert isinstance(found, HttpQuery) or 400 <= found.status < 500
