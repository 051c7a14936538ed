"""What tests of encrypted servers share: an authority, what it vouches for, and a client's side of TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

from safedns.server.terms import Terms
from safedns.settings.model import Credentials
from tests.certificates import Authority

NAME = "dns.home.example"


class Trust:
    """Who vouches for whom in one test."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)

    def credentials(self, *names: str, days: int = 1) -> Credentials:
        """A new certificate for ``names``: our own and any below it, unless given."""
        made = self.authority.issue(*(names or (NAME, f"*.{NAME}", "127.0.0.1")), days=days)
        return Credentials(made.cert.read_bytes(), made.key.read_bytes(), NAME, 0.0)

    def terms(self) -> Terms:
        """Terms with a certificate that is good."""
        terms = Terms()
        terms.change(self.credentials())
        return terms

    def client(self, *alpn: str) -> ssl.SSLContext:
        """A client that trusts the authority and speaks ``alpn``."""
        context = ssl.create_default_context(cafile=str(self.authority.file))
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context
