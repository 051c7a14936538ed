"""A device claimed by its host name has its rules as long as the DHCP server's file gives it that name."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.running import BLOCKED, running, until

TABLET = "127.0.0.9"
FAMILY = {
    "children": {"an": {"preset": "open", "devices": ["an-tablet"], "block": [BLOCKED], "log": "full"}},
    "groups": {"guests": {"preset": "open", "log": "full"}},
    "unknown": "guests",
}


def test_a_host_name_is_recognised_while_a_lease_says_it(tmp_path: Path) -> None:
    leases = tmp_path / "leases"
    leases.touch()
    with running(tmp_path, settings={"leases": [str(leases)]}, family=FAMILY) as house:
        assert not house.blocked(BLOCKED, client=TABLET)
        leases.write_text(f"0 aa:bb:cc:dd:ee:01 {TABLET} An-Tablet *\n")
        until(lambda: house.blocked(BLOCKED, client=TABLET), "the tablet has An's rules")
        assert "an-tablet" in house.command("devices").stdout
        until(lambda: "an-tablet" in house.command("logs", "--child", "an").stdout, "the log names the device")
        leases.write_text("")
        until(lambda: not house.blocked(BLOCKED, client=TABLET), "the tablet is unknown again")
