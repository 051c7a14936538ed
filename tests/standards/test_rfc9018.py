"""RFC 9018: Interoperable domain name system cookies"""

from __future__ import annotations

import pytest

from safedns.resolve.upstream.cookies import Cookies
from tests.fakes import FakeClock


@pytest.mark.rfc(9018, "3")
def test_section_3_a_cookie_cannot_be_linked_to_another_address() -> None:
    """A client's cookie has 64 bits and changes with its own address, so that nobody can follow it from net to net."""
    cookies, seen = Cookies(FakeClock()), []
    for address in ("192.0.2.1", "192.0.2.1", "198.51.100.1"):
        cookies.leave_from(address)
        seen.append(cookies.ours)
    assert [len(cookie) for cookie in seen] == [8, 8, 8]
    assert seen[0] == seen[1] != seen[2]
