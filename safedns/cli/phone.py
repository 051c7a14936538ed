"""``safedns phone WHO``: how a child's phone or tablet uses safedns outside the home, and an Apple profile for it."""

from __future__ import annotations

import io
import secrets
import string
import sys
import unicodedata
from pathlib import Path
from typing import NamedTuple

import click
import segno

from safedns.app.prepare import certificate_of
from safedns.cli.certificate import is_own
from safedns.cli.common import config_option, say
from safedns.cli.mobileconfig import Choice, profile, signed
from safedns.errors import SafednsError
from safedns.policy.clients import is_id
from safedns.policy.household import load_household
from safedns.policy.model import Policy, ProfileSpec
from safedns.policy.words_names import is_guessable
from safedns.server.doh_request import PATH
from safedns.settings.model import Credentials, Settings
from safedns.yamlfile.messages import listed, unknown_word

_RANDOM = 6
"""Letters and digits that make an id hard to guess: two thousand million of them."""
_DOT_PORT, _HTTPS_PORT = 853, 443


class Ways(NamedTuple):
    """How a phone with an id reaches us."""

    host: str
    """For DNS over TLS; empty where it is not spoken."""
    url: str
    """For DNS over HTTPS; empty where it is not spoken."""


@click.command()
@click.argument("who")
@click.option("--id", "id_", help="Which of its phones, where several have ids.")
@click.option("--home-wifi", multiple=True, metavar="NAME", help="A Wi-Fi at home, where it is not needed; repeatable.")
@click.option("--tls", "over_tls", is_flag=True, help="The Apple profile uses DNS over TLS instead of HTTPS.")
@click.option("--supervised", is_flag=True, help="For managed devices: the profile cannot be removed.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The profile's file; ID.mobileconfig here."
)
@click.option("--sign-cert", type=click.Path(dir_okay=False, path_type=Path), help="PEM: who signs the profile.")
@click.option("--sign-key", type=click.Path(dir_okay=False, path_type=Path), help="PEM: the signer's key.")
@click.option("--qr/--no-qr", default=None, help="Codes to scan; shown on a terminal unless told otherwise.")
@config_option
def command(
    *,
    who: str,
    id_: str | None,
    home_wifi: tuple[str, ...],
    over_tls: bool,
    supervised: bool,
    out: Path | None,
    sign_cert: Path | None,
    sign_key: Path | None,
    qr: bool | None,
    config: Path,
) -> None:
    """How a phone of WHO (a child or group) uses safedns outside the home, and a profile for Apple devices."""
    if (sign_cert is None) != (sign_key is None):
        raise click.UsageError("a profile is signed with both --sign-cert and --sign-key")
    household = load_household(config)
    credentials = _credentials(household.settings)
    spec = _spec(household.policy, who)
    chosen = _id(spec, id_)
    ways = ways_of(household.settings, credentials.name, chosen)
    if over_tls and not ways.host:
        raise click.UsageError("`listen` has no `tls`; leave --tls out")
    choice = Choice(
        f"safedns: {spec.name}",
        f"safedns.{credentials.name}.{chosen}",
        ways.host,
        "" if over_tls else ways.url,
        home_wifi,
        supervised,
        _authority(credentials),
    )
    data = profile(choice)
    if sign_cert is not None and sign_key is not None:
        data = signed(data, sign_cert, sign_key)
    file = out or Path(f"{chosen}.mobileconfig")
    try:
        file.write_bytes(data)
    except OSError as error:
        raise SafednsError(f"{file} cannot be written: {error.strerror}") from None
    _show(spec, chosen, ways, file, qr=sys.stdout.isatty() if qr is None else qr)
    if is_guessable(chosen):
        better = suggestion(spec.id)
        say(f"warning: `{chosen}` can be guessed; whoever does is answered as {spec.name}. Better: {better}")
    if ways.host and _DOT_PORT not in (ports := [endpoint.port for endpoint in household.settings.listen_tls]):
        say(f"note: Android asks at port {_DOT_PORT} only; have the router forward that to port {ports[0]} here")
    if not home_wifi:
        say("note: at home the phone goes the same way; --home-wifi NAME lets it ask the network there")


def _credentials(settings: Settings) -> Credentials:
    wanted = "listen by `tls` (port 853) and `https`, with a certificate that has a name; see docs/phones.md"
    if not settings.listen_tls and not settings.listen_https:
        raise SafednsError(f"phones need encrypted DNS, and `listen` has neither `tls` nor `https`; {wanted}")
    shown = certificate_of(settings)
    if shown is None or not shown.credentials.name:
        raise SafednsError(f"phones find this machine by name, and the certificate has none; {wanted}")
    return shown.credentials


def _spec(policy: Policy, who: str) -> ProfileSpec:
    found = [spec for spec in policy.profiles if who.casefold() in (spec.id.casefold(), spec.name.casefold())]
    if not found:
        ids = [spec.id for spec in policy.profiles]
        raise click.UsageError(unknown_word(who, ids, "is no child or group"))
    return found[0]


def _id(spec: ProfileSpec, wanted: str | None) -> str:
    ids = [text for text in spec.devices if is_id(text)]
    if not ids:
        raise SafednsError(
            f"{spec.name} has no phone with an id of its own; add one to `devices` in family.yaml, "
            f"such as `{suggestion(spec.id)}`, and run this again"
        )
    if wanted is None and len(ids) == 1:
        return ids[0]
    if wanted is None or wanted.casefold() not in ids:
        raise click.UsageError(f"which one? expected --id with {listed(ids)}")
    return wanted.casefold()


def suggestion(of: str) -> str:
    """An id that nobody guesses for a phone of the child or group ``of``; made anew each time."""
    plain = unicodedata.normalize("NFKD", of.casefold().replace("đ", "d"))
    start = "".join(char for char in plain if char.isascii() and char.isalnum()) or "my"
    while True:
        end = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(_RANDOM))
        if not is_guessable(end):
            return f"{start}-phone-{end}"


def ways_of(settings: Settings, name: str, id_: str) -> Ways:
    """How the phone with this id reaches the machine that is called ``name``."""
    ports = [endpoint.port for endpoint in settings.listen_https]
    port = _HTTPS_PORT if _HTTPS_PORT in ports else next(iter(ports), 0)
    at = name if port == _HTTPS_PORT else f"{name}:{port}"
    return Ways(f"{id_}.{name}" if settings.listen_tls else "", f"https://{at}{PATH}/{id_}" if port else "")


def _authority(credentials: Credentials) -> bytes:
    """The certificate itself, where no authority that phones know vouches for it."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    certificate = x509.load_pem_x509_certificates(credentials.cert)[0]
    return certificate.public_bytes(Encoding.DER) if is_own(certificate) else b""


def _show(spec: ProfileSpec, id_: str, ways: Ways, file: Path, *, qr: bool) -> None:
    click.echo(f"{spec.name}, phone {id_}")
    if ways.host:
        click.echo("\nAndroid 9 or newer: Settings, Network & internet, Private DNS, the provider's host name:")
        _place(ways.host, qr=qr)
    click.echo("\niPhone, iPad, Mac: send this file to it and install it in Settings, Profile Downloaded:")
    click.echo(f"  {file}")
    if ways.url:
        click.echo("\nBrowsers, Windows and everything else that speaks DNS over HTTPS:")
        _place(ways.url, qr=qr)
    click.echo(f"\nTo end it, take `{id_}` out of family.yaml.")


def _place(text: str, *, qr: bool) -> None:
    click.echo(f"  {text}")
    if qr:
        drawn = io.StringIO()
        segno.make(text, micro=False).terminal(drawn, compact=True)
        for line in drawn.getvalue().splitlines():  # in its own colours: most cameras take no code that is inverted
            click.secho(line, fg="bright_white", bg="black")
        click.echo()
