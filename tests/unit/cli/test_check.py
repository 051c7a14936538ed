"""``safedns check`` as a parent meets it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from safedns.app import prepare
from safedns.cli.main import main

ROOT = Path(__file__).parents[3]
DATA = Path(__file__).parents[1] / "policy" / "data"


def test_a_good_folder_is_one_friendly_line_and_exit_0() -> None:
    result = CliRunner().invoke(main, ["check", "--config", str(ROOT / "config")])
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout == (
        f"{ROOT / 'config'} is good: 2 children, 2 groups, 6 device entries, 6 presets and 0 warnings.\n"
    )


def test_warnings_go_to_standard_error_and_do_not_fail() -> None:
    result = CliRunner().invoke(main, ["check", "--config", str(DATA / "contract")])
    assert result.exit_code == 0
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"warning: {DATA / 'contract'}") for line in lines)
    assert result.stdout.endswith("and 3 warnings.\n")


def test_problems_of_both_files_go_to_standard_error_with_exit_2() -> None:
    result = CliRunner().invoke(main, ["check", "--config", str(DATA / "mistakes")])
    assert result.exit_code == 2
    assert result.stdout == ""
    golden = (DATA / "mistakes" / "problems.txt").read_text(encoding="utf-8")
    assert result.stderr.replace(f"{DATA / 'mistakes'}/", "") == golden


def test_one_of_each_is_said_in_the_singular(tmp_path: Path) -> None:
    (tmp_path / "safedns.yaml").write_text("upstreams: {servers: [9.9.9.9]}\n")
    (tmp_path / "family.yaml").write_text(
        "children: {an: {born: 2021-03, devices: [192.168.1.31, an-tablet]}}\n"
        "groups: {guests: {preset: open}}\nunknown: guests\n"
    )
    result = CliRunner().invoke(main, ["check", "--config", str(tmp_path)])
    assert result.stdout == f"{tmp_path} is good: 1 child, 1 group, 2 device entries, 6 presets and 1 warning.\n"


def test_an_upstream_that_is_this_very_machine_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = {socket.AF_INET: ("127.0.0.1", "192.0.2.7"), socket.AF_INET6: ("2001:db8::7", "::1")}
    monkeypatch.setattr(prepare, "local_addresses", here.__getitem__)
    (tmp_path / "safedns.yaml").write_text(
        "listen: {dns: ['0.0.0.0:53', '[::]:53']}\n"
        "upstreams:\n"
        "  servers: [9.9.9.9, 192.0.2.7, '192.0.2.7:5300', 'tls://192.0.2.7#dns.example']\n"
        "  bootstrap: ['2001:db8:0::7']\n"
        "  routes: {lan: 192.0.2.7, home: 192.0.2.1}\n"
    )
    (tmp_path / "family.yaml").write_text("groups: {guests: {preset: open}}\nunknown: guests\n")
    result = CliRunner().invoke(main, ["check", "--config", str(tmp_path)])
    assert result.exit_code == 0
    what = "is an address of this machine now, and safedns itself listens there; name another resolver"
    assert [line.removeprefix(f"warning: {tmp_path / 'safedns.yaml'}:") for line in result.stderr.splitlines()] == [
        f"3:22: upstreams.servers[2]: `192.0.2.7` {what}",
        f"4:15: upstreams.bootstrap[1]: `2001:db8:0::7` {what}",
        f"5:17: upstreams.routes.lan: `192.0.2.7` {what}",
    ]


def test_addresses_of_this_machine_where_safedns_does_not_listen_are_other_resolvers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "local_addresses", lambda _: ("127.0.0.1", "192.0.2.7", "2001:db8::7"))
    text = "listen: {dns: ['LISTEN']}\nupstreams: {servers: ['SERVER']}\n"
    (tmp_path / "family.yaml").write_text("groups: {guests: {preset: open}}\nunknown: guests\n")
    for listen, server in (("127.0.0.1:53", "192.0.2.7"), ("0.0.0.0:53", "[2001:db8::7]:53")):
        (tmp_path / "safedns.yaml").write_text(text.replace("LISTEN", listen).replace("SERVER", server))
        assert CliRunner().invoke(main, ["check", "--config", str(tmp_path)]).stderr == ""
