"""``safedns phone``: what a parent types into a phone, and the profile that an Apple device installs."""

from __future__ import annotations

import plistlib
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from safedns.cli.main import main
from safedns.cli.phone import suggestion
from safedns.policy.words_names import is_guessable
from tests.certificates import Authority
from tests.terminal import DARK, LIGHT, Scheme, photograph
from tests.tools import run, tool

NAME = "dns.home.example"
PHONE = "binh-phone-x7k2m9"
LISTEN = 'tls: ["127.0.0.1:853"], https: ["127.0.0.1:443"]'
Run = Callable[..., Result]


class Household:
    """A configuration folder, and ``safedns phone`` on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        self.out = folder / "made.mobileconfig"
        made = self.authority.issue(NAME, f"*.{NAME}")
        made.cert.replace(folder / "cert.pem")
        made.key.replace(folder / "key.pem")
        self.write()

    def write(self, *, listen: str = LISTEN, name: str = NAME, devices: str = f"192.168.1.32, {PHONE}") -> None:
        certificate = f"certificate: {{cert: cert.pem, key: key.pem, name: {name}}}"
        (self.folder / "safedns.yaml").write_text(
            f"listen: {{{listen}}}\nupstreams: {{servers: [9.9.9.9]}}\n{certificate}\n"
        )
        (self.folder / "family.yaml").write_text(
            f"children: {{binh: {{name: Bình, preset: open, devices: [{devices}]}}}}\n"
            "groups: {guests: {preset: open}}\nunknown: guests\n"
        )

    def run(self, *words: str, color: bool = False) -> Result:
        command = ["phone", *words, "--config", str(self.folder), "--out", str(self.out)]
        return CliRunner().invoke(main, command, catch_exceptions=False, color=color)

    def profile(self) -> dict[str, Any]:
        loaded: dict[str, Any] = plistlib.loads(self.out.read_bytes())
        return loaded


@pytest.fixture
def house(tmp_path: Path) -> Household:
    return Household(tmp_path)


def test_it_says_what_to_type_on_each_system(house: Household) -> None:
    result = house.run("binh")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert f"  {PHONE}.{NAME}" in lines
    assert f"  https://{NAME}/dns-query/{PHONE}" in lines
    assert f"  {house.out}" in lines
    assert not any("█" in line or "▄" in line for line in lines)


def test_codes_are_drawn_when_asked_for(house: Household) -> None:
    drawn = [line for line in house.run("Bình", "--qr").stdout.splitlines() if "█" in line or "▄" in line]
    assert len(drawn) > 20


@pytest.mark.parametrize("scheme", [DARK, LIGHT], ids=["light on dark", "dark on light"])
def test_the_codes_on_the_screen_are_read_by_a_scanner(house: Household, scheme: Scheme) -> None:
    photograph(house.run("binh", "--qr", color=True).stdout, scheme, house.folder / "screen.pgm")
    read = run("zbarimg", "--quiet", "--nodbus", "--raw", str(house.folder / "screen.pgm"))
    assert set(read.split()) == {f"{PHONE}.{NAME}", f"https://{NAME}/dns-query/{PHONE}"}


def test_the_profile_is_what_apple_devices_take(house: Household) -> None:
    house.run("binh", "--home-wifi", "Our home", "--home-wifi", "Our home 5G")
    profile = house.profile()
    (dns,) = profile["PayloadContent"]
    assert profile["PayloadType"] == "Configuration"
    assert profile["PayloadVersion"] == dns["PayloadVersion"] == 1
    assert profile["PayloadDisplayName"] == "safedns: Bình"
    assert profile["PayloadScope"] == "System"
    assert dns["PayloadType"] == "com.apple.dnsSettings.managed"
    assert dns["DNSSettings"] == {"DNSProtocol": "HTTPS", "ServerURL": f"https://{NAME}/dns-query/{PHONE}"}
    assert dns["OnDemandRules"] == [
        {"Action": "Disconnect", "InterfaceTypeMatch": "WiFi", "SSIDMatch": ["Our home", "Our home 5G"]},
        {"Action": "Connect"},
    ]
    assert "ProhibitDisablement" not in dns
    assert "PayloadRemovalDisallowed" not in profile


def test_each_profile_has_identifiers_of_its_own_and_replaces_the_one_before(house: Household) -> None:
    profiles = []
    for _ in range(2):
        house.run("binh")
        profiles.append(house.profile())
    uuids = {each["PayloadUUID"] for profile in profiles for each in (profile, *profile["PayloadContent"])}
    assert len(uuids) == 4
    assert len({profile["PayloadIdentifier"] for profile in profiles}) == 1


def test_it_can_use_tls_and_be_for_managed_devices(house: Household) -> None:
    house.run("binh", "--tls", "--supervised")
    profile = house.profile()
    (dns,) = profile["PayloadContent"]
    assert dns["DNSSettings"] == {"DNSProtocol": "TLS", "ServerName": f"{PHONE}.{NAME}"}
    assert dns["ProhibitDisablement"] is True
    assert profile["PayloadRemovalDisallowed"] is True
    assert "OnDemandRules" not in dns


def test_a_certificate_that_vouches_for_itself_comes_along(house: Household) -> None:
    for name in ("cert.pem", "key.pem"):
        (house.folder / name).unlink()
    made = CliRunner().invoke(main, ["certificate", "--self-signed", NAME, "--config", str(house.folder)])
    assert made.exit_code == 0
    house.run("binh")
    dns, authority = house.profile()["PayloadContent"]
    assert (dns["PayloadType"], authority["PayloadType"]) == (
        "com.apple.dnsSettings.managed",
        "com.apple.security.root",
    )
    assert authority["PayloadContent"].startswith(b"\x30\x82")


def test_a_signed_profile_is_one_that_openssl_verifies(house: Household) -> None:
    signer = ("--sign-cert", str(house.folder / "cert.pem"), "--sign-key", str(house.folder / "key.pem"))
    assert house.run("binh", *signer).exit_code == 0
    trust = ("-CAfile", str(house.authority.file), "-purpose", "any")
    done = subprocess.run(
        [tool("openssl"), "smime", "-verify", "-inform", "DER", "-in", str(house.out), *trust],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert plistlib.loads(done.stdout)["PayloadType"] == "Configuration"
    assert b"Verification successful" in done.stderr


@pytest.mark.parametrize(
    ("change", "words", "said"),
    [
        ({"listen": 'dns: ["127.0.0.1:5300"]'}, ("binh",), "`listen` has neither `tls` nor `https`"),
        ({"name": '""'}, ("binh",), "the certificate has none"),
        ({"devices": "192.168.1.32"}, ("binh",), "add one to `devices` in family.yaml, such as `binh-phone-"),
        ({"devices": f"{PHONE}, binh-pad-a1b2c3"}, ("binh",), f"expected --id with `{PHONE}` or `binh-pad-a1b2c3`"),
        ({}, ("binh", "--id", "binh-phone"), f"expected --id with `{PHONE}`"),
        ({}, ("bin",), "`bin` is no child or group; did you mean `binh`?"),
        ({}, ("binh", "--sign-cert", "x.pem"), "both --sign-cert and --sign-key"),
        ({"listen": 'https: ["127.0.0.1:443"]'}, ("binh", "--tls"), "leave --tls out"),
        ({}, ("binh", "--sign-cert", "x.pem", "--sign-key", "x.pem"), "x.pem cannot be read"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(
    house: Household, change: dict[str, str], words: tuple[str, ...], said: str
) -> None:
    house.write(**change)
    result = house.run(*words)
    assert result.exit_code in (1, 2)
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert not house.out.exists()


def test_one_of_several_is_chosen_by_its_id(house: Household) -> None:
    house.write(devices=f"{PHONE}, binh-pad-a1b2c3")
    assert f"  binh-pad-a1b2c3.{NAME}" in house.run("binh", "--id", "Binh-Pad-a1b2c3").stdout


def test_another_port_is_part_of_the_address(house: Household) -> None:
    house.write(listen='https: ["127.0.0.1:8443"]')
    result = house.run("binh")
    assert f"  https://{NAME}:8443/dns-query/{PHONE}" in result.stdout
    assert "Android" not in result.stdout


@pytest.mark.parametrize(("port", "said"), [(853, False), (8853, True)])
def test_that_android_asks_at_one_port_only_is_said_where_it_is_not_ours(
    house: Household, port: int, said: bool
) -> None:
    house.write(listen=f'tls: ["127.0.0.1:{port}"]')
    note = f"note: Android asks at port 853 only; have the router forward that to port {port} here"
    assert (note in house.run("binh").stderr) is said


def test_an_id_that_can_be_guessed_is_warned_of_with_a_better_one(house: Household) -> None:
    house.write(devices="binh-phone")
    assert "warning: `binh-phone` can be guessed" in house.run("binh").stderr
    house.write()
    assert "can be guessed" not in house.run("binh").stderr


@pytest.mark.parametrize(("id_", "start"), [("binh", "binh"), ("Đức", "duc"), ("小明", "my")])
def test_a_suggestion_is_an_id_that_nobody_guesses(id_: str, start: str) -> None:
    found = {suggestion(id_) for _ in range(20)}
    assert len(found) == 20
    assert all(each.startswith(f"{start}-phone-") and not is_guessable(each) for each in found)


@pytest.mark.parametrize("id_", ["binh", "binh-phone", "binh-phone-1", "binh-phone-123456", "binh-phone-abcdef"])
def test_plain_words_and_plain_numbers_can_be_guessed(id_: str) -> None:
    assert is_guessable(id_)
