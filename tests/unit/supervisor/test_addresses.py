"""Which of this machine's addresses others can ask at."""

from __future__ import annotations

from pathlib import Path

import ifaddr
import pytest

from safedns.supervisor.addresses import addresses_of_cards

ADDRESSES: dict[str, tuple[str | tuple[str, int, int], ...]] = {
    "lo": ("127.0.0.1", ("::1", 0, 0)),
    "docker0": ("172.17.0.1",),
    "eth0": ("192.168.1.5", ("fe80::5", 0, 2)),
    "eth1": (),
    "br-lan": ("192.168.9.1", ("fd00::1", 0, 0)),
    "br-lan.7": ("192.168.7.1",),
    "wg0": ("10.8.0.1",),
}
ON = {"docker0": ["veth3"], "br-lan": ["eth1", "veth4"], "br-lan.7": ["br-lan"]}


def test_cards_and_what_stands_on_them_but_no_bridges_between_containers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters = [
        ifaddr.Adapter(name, name, [ifaddr.IP(address, 24, name) for address in addresses])
        for name, addresses in ADDRESSES.items()
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)
    for name in (*ADDRESSES, "veth3", "veth4"):
        (tmp_path / name).mkdir()
    for card in ("eth0", "eth1"):
        (tmp_path / card / "device").mkdir()
    for name, lowers in ON.items():
        for lower in lowers:
            (tmp_path / name / f"lower_{lower}").symlink_to(tmp_path / lower)
    assert addresses_of_cards(tmp_path) == {"192.168.1.5", "fe80::5%2", "192.168.9.1", "fd00::1", "192.168.7.1"}


def test_where_nothing_can_be_read_there_are_none(tmp_path: Path) -> None:
    assert addresses_of_cards(tmp_path / "none") == frozenset()
