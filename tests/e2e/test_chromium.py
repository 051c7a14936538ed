"""Chromium with secure DNS, set up by policy as a family would: on a child's device, in a network namespace of its own.

It asks over HTTPS under the path that holds the child's id, so it is known on anybody's hardware; without an id it is
known by the hardware.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.certificates import Authority
from tests.e2e.home import AN_MAC, BINH_MAC, SERVER, Home, family, home
from tests.e2e.namespaces import Namespace
from tests.e2e.running import until
from tests.nameserver import Asked, Reaction, reply
from tests.tools import run, tool

pytestmark = pytest.mark.netns

NAME, TABLET = "dns.home.example", "an-tablet-x7k2m9"
ANYBODY = f"https://{NAME}/dns-query"
ADDRESS = f"{ANYBODY}/{TABLET}"
SITE = "203.0.113.80"
"""Where every name leads: an address of the internet, for none at home would be let through."""
PAGE = "the page of the other side"
BROWSER = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--timeout=20000"),
)


def site(asked: Asked) -> Reaction:
    return reply(asked, *[f"A {SITE}"] * (asked.qtype == "A"))


class Page(BaseHTTPRequestHandler):
    """The same page for every name."""

    def do_GET(self) -> None:
        body = f"<title>{self.headers['Host']}</title><p>{PAGE}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""


@contextmanager
def pages(server: Namespace) -> Iterator[None]:
    """A web server at ``SITE``."""
    server.add(f"{SITE}/32")
    with server.entered():
        web = ThreadingHTTPServer((SITE, 80), Page)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    try:
        yield
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


class Browsing(NamedTuple):
    home: Home
    folder: Path
    authority: Path

    def set_up(self, device: Namespace, templates: str) -> None:
        """The device's policy: secure DNS and nothing else, and no try of HTTPS where a page says HTTP."""
        policy = {"DnsOverHttpsMode": "secure", "DnsOverHttpsTemplates": templates, "HttpsUpgradesEnabled": False}
        device.run("tee", "/etc/chromium/policies/managed/family.json", text=json.dumps(policy))

    def until_logged(self, name: str, profile: str, device: str) -> None:
        """Wait until the log has a question for a name over HTTPS, of this device of that child."""
        until(lambda: (profile, device, "https") in self.home.written(name), f"the log has {device} asking for {name}")

    def shows(self, device: Namespace, url: str) -> str:
        """What a fresh browser makes of a page: its text, or why there is none."""
        user = self.folder / f"user{len(list(self.folder.iterdir()))}"
        database = user / ".pki" / "nssdb"
        database.mkdir(parents=True)
        run("certutil", "-d", f"sql:{database}", "-N", "--empty-password")
        run("certutil", "-d", f"sql:{database}", "-A", "-t", "C,,", "-n", "home", "-i", str(self.authority))
        command = [*device.prefix, tool("chromium"), *BROWSER, f"--user-data-dir={user / 'data'}", "--dump-dom", url]
        done = subprocess.run(
            command, env={**os.environ, "HOME": str(user)}, capture_output=True, text=True, timeout=100, check=False
        )
        failed = re.search(r"Page load failed: (\S+)", done.stderr)
        return failed[1] if failed else done.stdout


@pytest.fixture(scope="module")
def browsing(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsing]:
    tool("chromium")
    authority = Authority(shared_folder)
    made = authority.issue(NAME)
    rules = family()
    rules["children"]["an"]["devices"].append(TABLET)
    settings = {
        "listen": {"dns": ["0.0.0.0:53", "[::]:53"], "https": [f"{SERVER}:443"], "metrics": "off"},
        "certificate": {"cert": str(made.cert), "key": str(made.key), "name": NAME},
        "records": {NAME: SERVER},
    }
    with home(shared_folder, rules, **settings) as here, pages(here.server):
        here.house.upstream.behave = site
        (shared_folder / "resolv.conf").write_text(f"nameserver {SERVER}\n")
        for device in (here.an, here.binh):
            device.ip("route", "add", "default", "via", SERVER)
            device.run("mount", "-t", "tmpfs", "tmpfs", "/etc/chromium")
            device.run("mkdir", "-p", "/etc/chromium/policies/managed")
            device.run("mount", "--bind", str(shared_folder / "resolv.conf"), "/etc/resolv.conf")
        here.until_known()
        yield Browsing(here, tmp_path_factory.mktemp("browser"), authority.file)


@pytest.mark.parametrize(("method", "variable"), [("post", ""), ("get", "{?dns}")])
def test_an_open_page_is_shown_and_the_log_has_it_under_the_child(
    browsing: Browsing, method: str, variable: str
) -> None:
    """The address that ``safedns phone`` prints is asked by POST; with the variable behind it, by GET."""
    browsing.set_up(browsing.home.binh, ADDRESS + variable)
    assert PAGE in browsing.shows(browsing.home.binh, f"http://{method}.example/")
    browsing.until_logged(f"{method}.example", "an", TABLET)


def test_a_page_that_is_closed_for_the_child_is_not_found(browsing: Browsing) -> None:
    """By the id: the device itself is Bình's."""
    browsing.set_up(browsing.home.binh, ADDRESS)
    assert browsing.shows(browsing.home.binh, "http://an.example/") == "net::ERR_NAME_NOT_RESOLVED"
    assert PAGE in browsing.shows(browsing.home.binh, "http://binh.example/")
    browsing.until_logged("an.example", "an", TABLET)


def test_a_browser_without_an_id_is_known_by_its_hardware_address(browsing: Browsing) -> None:
    for device, mac, whose, other in (
        (browsing.home.an, AN_MAC, "an", "binh"),
        (browsing.home.binh, BINH_MAC, "binh", "an"),
    ):
        browsing.set_up(device, ANYBODY)
        assert browsing.shows(device, f"http://{whose}.example/") == "net::ERR_NAME_NOT_RESOLVED"
        assert PAGE in browsing.shows(device, f"http://{other}.example/")
        browsing.until_logged(f"{whose}.example", whose, mac)
