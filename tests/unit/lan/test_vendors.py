"""Makers of network cards, and addresses that no maker gave."""

from __future__ import annotations

import pytest

from safedns.lan.vendors import is_invented, vendor_of


@pytest.mark.parametrize(("mac", "vendor"), [("00:1b:63:00:00:01", "Apple"), ("b8:27:eb:12:34:56", "Raspberry Pi")])
def test_a_maker_is_found_by_the_first_half(mac: str, vendor: str) -> None:
    assert vendor in vendor_of(mac)


@pytest.mark.parametrize("mac", ["02:00:00:00:00:01", "da:a1:19:00:00:01", "aa:bb:cc:dd:ee:01"])
def test_an_address_that_the_device_made_up_has_no_maker(mac: str) -> None:
    assert is_invented(mac)
    assert vendor_of(mac) == ""


def test_one_that_is_in_no_table_has_none() -> None:
    assert not is_invented("fc:ff:ff:00:00:01")
    assert vendor_of("fc:ff:ff:00:00:01") == ""
