"""Apple's configuration profile for encrypted DNS (``com.apple.dnsSettings.managed``), signed where a key is given."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from safedns.errors import SafednsError


class Choice(NamedTuple):
    """What a profile says."""

    title: str
    """As the phone's list of profiles shows it."""
    identifier: str
    """Which profile this is: installing another with the same one replaces it."""
    server_name: str
    """For DNS over TLS."""
    server_url: str
    """For DNS over HTTPS; empty = TLS is used."""
    home_wifi: tuple[str, ...] = ()
    """Names of networks in which the phone asks what the network says, that is us as well."""
    supervised: bool = False
    """For devices under a company's or school's management: the child can neither switch it off nor remove it."""
    authority: bytes = b""
    """A certificate (DER) that the phone is to trust, where nobody known vouches for ours."""


def profile(choice: Choice) -> bytes:
    """The profile as it is installed, with identifiers of its own (RFC 9562 section 5.4) each time."""
    content = [_dns(choice)]
    if choice.authority:
        content.append(
            _payload("com.apple.security.root", f"{choice.identifier}.authority", choice.title)
            | {"PayloadContent": choice.authority}
        )
    whole = _payload("Configuration", choice.identifier, choice.title) | {
        "PayloadContent": content,
        "PayloadDescription": "DNS of this device goes through the family's resolver, outside the home too.",
        "PayloadScope": "System",
    }
    if choice.supervised:
        whole["PayloadRemovalDisallowed"] = True
    return plistlib.dumps(whole)


def _dns(choice: Choice) -> dict[str, Any]:
    if choice.server_url:
        settings = {"DNSProtocol": "HTTPS", "ServerURL": choice.server_url}
    else:
        settings = {"DNSProtocol": "TLS", "ServerName": choice.server_name}
    payload = _payload("com.apple.dnsSettings.managed", f"{choice.identifier}.dns", choice.title)
    payload["DNSSettings"] = settings
    if choice.home_wifi:
        at_home = {"Action": "Disconnect", "InterfaceTypeMatch": "WiFi", "SSIDMatch": list(choice.home_wifi)}
        payload["OnDemandRules"] = [at_home, {"Action": "Connect"}]
    if choice.supervised:
        payload["ProhibitDisablement"] = True
    return payload


def _payload(kind: str, identifier: str, title: str) -> dict[str, Any]:
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": str(uuid4()).upper(),
        "PayloadDisplayName": title,
    }


def signed(data: bytes, cert: Path, key: Path) -> bytes:
    """``data`` in a signed envelope (CMS, DER); raises ``SafednsError`` for files that cannot be used."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
    from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7SignatureBuilder

    try:
        chain = x509.load_pem_x509_certificates(cert.read_bytes())
        secret = load_pem_private_key(key.read_bytes(), password=None)
    except OSError as error:
        raise SafednsError(f"{error.filename} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise SafednsError(f"{cert} and {key} cannot sign; expected PEM files, the key without a password") from None
    if not isinstance(secret, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise SafednsError(f"{key} cannot sign a profile; expected an RSA or EC key")
    builder = PKCS7SignatureBuilder().set_data(data).add_signer(chain[0], secret, hashes.SHA256())
    for certificate in chain[1:]:
        builder = builder.add_certificate(certificate)
    return builder.sign(Encoding.DER, [])
