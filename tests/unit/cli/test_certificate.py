"""``safedns certificate``: what encrypted DNS shows, and one to try with."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safedns.cli.main import main
from tests.certificates import Authority

NAME = "dns.home.example"


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["certificate", *words, "--config", str(folder)], catch_exceptions=False)


def write(folder: Path, listen: str = 'tls: ["127.0.0.1:853"]') -> None:
    (folder / "safedns.yaml").write_text(
        f"listen: {{{listen}}}\nupstreams: {{servers: [9.9.9.9]}}\n"
        f"certificate: {{cert: cert.pem, key: key.pem, name: {NAME}}}\n"
    )


def test_one_is_made_that_is_good_at_once_and_says_what_it_is_worth(tmp_path: Path) -> None:
    made = run(tmp_path, "--self-signed", NAME, "--address", "192.168.1.5")
    assert made.exit_code == 0
    assert f"certificate: {{cert: cert.pem, key: key.pem, name: {NAME}}}" in made.stdout
    assert "Android's Private DNS takes certificates of public authorities only" in made.stderr
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    write(tmp_path)
    shown = run(tmp_path)
    assert shown.exit_code == 0, shown.stderr
    assert f"good for  {NAME}, *.{NAME}, 192.168.1.5" in shown.stdout.splitlines()
    assert "by        itself" in shown.stdout.splitlines()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")


def test_nothing_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("precious")
    result = run(tmp_path, "--self-signed", NAME)
    assert result.exit_code == 1
    assert "key.pem is there already; move it away first" in result.stderr
    assert (tmp_path / "key.pem").read_text() == "precious"
    assert not (tmp_path / "cert.pem").exists()


@pytest.mark.parametrize("words", [("--self-signed", "not a name"), ("--self-signed", NAME, "--address", "home")])
def test_what_cannot_be_in_one_is_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert run(tmp_path, *words).exit_code == 2
    assert not list(tmp_path.iterdir())


def test_one_that_should_be_renewed_is_exit_1_and_one_that_is_of_no_use_exit_2(tmp_path: Path) -> None:
    write(tmp_path)
    made = Authority(tmp_path).issue(NAME, f"*.{NAME}")
    made.cert.replace(tmp_path / "cert.pem")
    assert run(tmp_path).exit_code == 2
    made.key.replace(tmp_path / "key.pem")
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "renew it" in result.stderr
    assert "by        CN=an authority for tests" in result.stdout


def test_without_encryption_there_is_nothing_to_show(tmp_path: Path) -> None:
    write(tmp_path, 'dns: ["127.0.0.1:5300"]')
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "nothing is encrypted" in result.stderr
