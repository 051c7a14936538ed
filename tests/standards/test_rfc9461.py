"""RFC 9461: Service binding mapping for DNS servers"""

from __future__ import annotations

import pytest

from tests.standards.designated import NAME, services


@pytest.mark.rfc(9461, "5")
def test_section_5_the_record_for_https_has_the_path() -> None:
    """A record that offers HTTPS has dohpath: a template with the variable dns. Others have none."""
    paths = {
        bytes(each.params[1].ids[0]): each.params[7].value if 7 in each.params else b""
        for each in services(f"_dns.{NAME}")
    }
    assert paths == {b"dot": b"", b"h2": b"/dns-query{?dns}", b"doq": b""}


@pytest.mark.rfc(9461, "3")
def test_section_3_the_name_of_a_server_has_the_label_dns_before_it() -> None:
    """What a server offers is asked for at its name behind the label _dns."""
    assert {each.target.to_text() for each in services(f"_dns.{NAME}")} == {f"{NAME}."}
