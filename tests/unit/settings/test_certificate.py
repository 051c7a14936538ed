"""The certificate's files -> what is shown, or every reason why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from safedns.clock import SystemClock
from safedns.errors import ConfigError
from safedns.settings import certificate as module
from safedns.settings.certificate import SOON, read_certificate
from safedns.settings.load import load_settings
from tests.certificates import Authority

NAME = "dns.home.example"
DAY = 86_400.0


class Folder:
    """A configuration folder with a certificate."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.authority = Authority(path)
        self.file = path / "safedns.yaml"
        self.now = SystemClock().wall()
        self.put(NAME, f"*.{NAME}")

    def put(self, *names: str) -> None:
        """A certificate that lives from two days ago until tomorrow."""
        made = self.authority.issue(*names)
        made.cert.replace(self.path / "cert.pem")
        made.key.replace(self.path / "key.pem")

    def write(self, *, name: str = NAME, cert: str = "cert.pem", key: str = "key.pem") -> None:
        self.file.write_text(
            f'listen: {{tls: ["127.0.0.1:853"]}}\nupstreams: {{servers: [9.9.9.9]}}\n'
            f"certificate: {{cert: {cert}, key: {key}, name: {name}}}\n"
        )

    def warnings(self, **given: str) -> list[str]:
        self.write(**given)
        shown = read_certificate(load_settings(self.path), self.file, self.now)
        assert shown is not None
        return [str(problem).removeprefix(f"{self.file}:") for problem in shown.warnings]

    def complaints(self, **given: str) -> list[str]:
        self.write(**given)
        with pytest.raises(ConfigError) as caught:
            read_certificate(load_settings(self.path), self.file, self.now)
        text = (str(problem).removeprefix(f"{self.file}:") for problem in caught.value.problems)
        return [line.replace(f"{self.path}/", "") for line in text]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr(module, "SOON", 0)
    return Folder(tmp_path)


def test_a_good_certificate_is_handed_over_as_it_is(folder: Folder) -> None:
    assert folder.warnings() == []
    shown = read_certificate(load_settings(folder.path), folder.file, folder.now)
    assert shown is not None
    assert shown.credentials.cert == (folder.path / "cert.pem").read_bytes()
    assert shown.credentials.key == (folder.path / "key.pem").read_bytes()
    assert shown.credentials.name == NAME
    assert abs(shown.credentials.expires - folder.now - DAY) < 60


def test_without_one_there_is_nothing_to_show(folder: Folder) -> None:
    folder.file.write_text("upstreams: {servers: [9.9.9.9]}\n")
    assert read_certificate(load_settings(folder.path), folder.file, folder.now) is None


def test_files_that_are_not_there_are_said_at_once(folder: Folder) -> None:
    assert folder.complaints(cert="no.pem", key="none.pem") == [
        "3:21: certificate.cert: no.pem cannot be read: No such file or directory",
        "3:34: certificate.key: none.pem cannot be read: No such file or directory",
    ]


def test_what_is_no_certificate_and_no_key_is_said(folder: Folder) -> None:
    (folder.path / "text.pem").write_text("hello")
    (folder.path / "empty.pem").touch()
    assert folder.complaints(cert="text.pem", key="empty.pem") == [
        "3:21: certificate.cert: `text.pem` holds no certificate that can be read; expected PEM",
        "3:36: certificate.key: `empty.pem` is empty; expected PEM",
    ]
    assert folder.complaints(key="text.pem") == [
        "3:36: certificate.key: `text.pem` holds no key that can be read; expected PEM"
    ]


def test_a_key_of_another_certificate_is_said(folder: Folder) -> None:
    other = folder.authority.issue(NAME)
    assert folder.complaints(key=other.key.name) == [
        f"3:36: certificate.key: `{other.key.name}` is not the key of this certificate"
    ]


def test_a_key_with_a_password_is_said_and_nobody_is_asked_for_it(folder: Folder) -> None:
    file = folder.path / "key.pem"
    key = load_pem_private_key(file.read_bytes(), None)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    assert folder.complaints() == ["3:36: certificate.key: `key.pem` has a password; expected a key without one"]


def test_a_name_that_is_not_in_it_is_said_with_those_that_are(folder: Folder) -> None:
    assert folder.complaints(name="dns.other.example") == [
        (
            "3:51: certificate.name: the certificate is not for `dns.other.example`; "
            "it is for `dns.home.example`, `*.dns.home.example`"
        )
    ]


@pytest.mark.parametrize(("seconds", "said"), [(-60.0, False), (60.0, True)])
def test_an_end_within_two_weeks_is_a_warning(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, seconds: float, said: bool
) -> None:
    monkeypatch.setattr(module, "SOON", SOON)
    folder.now += DAY - SOON + seconds
    assert any("the certificate ends in 13 days" in warning for warning in folder.warnings()) is said


def test_an_end_that_has_passed_is_a_warning_too_for_a_house_needs_its_names(folder: Folder) -> None:
    folder.now += 2 * DAY
    (warning,) = folder.warnings()
    assert "the certificate ended on " in warning
    assert "phones refuse it; renew it" in warning


def test_a_clock_that_is_before_its_beginning_is_a_warning(folder: Folder) -> None:
    folder.now -= 3 * DAY
    (warning,) = folder.warnings()
    assert "phones refuse it until then" in warning


def test_one_that_cannot_tell_phones_apart_is_a_warning(folder: Folder) -> None:
    folder.put(NAME)
    assert folder.warnings() == [
        (
            "3:51: certificate.name: the certificate is not for `*.dns.home.example`, so DNS over TLS and QUIC cannot "
            "tell phones apart; over HTTPS the path does it"
        )
    ]
