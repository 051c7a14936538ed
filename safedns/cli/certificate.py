"""``safedns certificate``: what encrypted DNS shows, until when; or a certificate of one's own, to try with."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safedns.app.prepare import certificate_of
from safedns.cli.common import config_option, say
from safedns.clock import Clock, SystemClock
from safedns.errors import SafednsError
from safedns.settings.load import load_settings
from safedns.settings.words import name as parse_name

if TYPE_CHECKING:
    from cryptography import x509

CERT, KEY = "cert.pem", "key.pem"
DAYS = 397
"""As long as phones take one at most."""

_HONEST = """\
Nobody vouches for this certificate but you. What that means:
- Android's Private DNS takes certificates of public authorities only: it will not use this one.
- iPhone, iPad, Mac: the profile that `safedns phone` makes brings it along; then switch it on in Settings, General,
  About, Certificate Trust Settings.
- Windows, Firefox, Linux: import it as an authority first.
A certificate of a public authority (docs/phones.md) spares all of this."""


@click.command()
@click.option("--self-signed", "own", metavar="NAME", help="Make one for NAME and every name below it.")
@click.option("--address", "addresses", multiple=True, help="An address to put into it, too; may be repeated.")
@config_option
@click.pass_context
def command(ctx: click.Context, own: str | None, addresses: tuple[str, ...], config: Path) -> None:
    """Show the certificate that encrypted DNS uses, or make one to try with.

    Exit 0; 1 when there is something to mend, 2 when it cannot be used at all.
    """
    if own is None:
        ctx.exit(0 if _show(config) else 1)
    try:
        name, numbers = parse_name(own), [ip_address(text) for text in addresses]
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    _write(config, *self_signed(name, *map(str, numbers), clock=SystemClock()))
    say(_HONEST)
    click.echo(f"{config / CERT} and {config / KEY} are written. In safedns.yaml:")
    click.echo(f"  certificate: {{cert: {CERT}, key: {KEY}, name: {name}}}")


def _show(config: Path) -> bool:
    """Whether it is as it should be."""
    from safedns.settings.certificate import names_of

    settings = load_settings(config)
    shown = certificate_of(settings)
    if shown is None:
        say("nothing is encrypted: `listen` has no `tls`, `https` or `quic`")
        return False
    from cryptography import x509

    certificate = x509.load_pem_x509_certificates(shown.credentials.cert)[0]
    click.echo(f"name      {shown.credentials.name or 'none'}")
    click.echo(f"good for  {', '.join(names_of(certificate))}")
    click.echo(f"until     {datetime.fromtimestamp(shown.credentials.expires, UTC):%Y-%m-%d %H:%M} UTC")
    click.echo(f"by        {'itself' if is_own(certificate) else certificate.issuer.rfc4514_string()}")
    for warning in shown.warnings:
        say(f"warning: {warning}")
    return not shown.warnings


def is_own(certificate: x509.Certificate) -> bool:
    """Whether nobody else vouches for it."""
    return certificate.issuer == certificate.subject


def self_signed(name: str, *addresses: str, clock: Clock) -> tuple[bytes, bytes]:
    """Certificate and key in PEM, for ``name``, every name below it and ``addresses``."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = datetime.fromtimestamp(clock.wall(), UTC)
    alternatives: list[x509.GeneralName] = [x509.DNSName(name), x509.DNSName(f"*.{name}")]
    alternatives += [x509.IPAddress(ip_address(address)) for address in addresses]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        # Phones let people trust authorities only; this one can vouch for nobody but itself.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), pem


def _write(config: Path, cert: bytes, key: bytes) -> None:
    """Both files, the key for its owner alone; raises ``SafednsError`` rather than replace one."""
    for file, data, mode in ((config / KEY, key, 0o600), (config / CERT, cert, 0o644)):
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            raise SafednsError(f"{file} is there already; move it away first") from None
        except OSError as error:
            raise SafednsError(f"{file} cannot be written: {error.strerror}") from None
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
