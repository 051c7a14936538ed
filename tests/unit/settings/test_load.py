"""``safedns.yaml`` -> settings: what each line means, and what is said about a line that means nothing."""

from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path

import pytest

from safedns.errors import ConfigError
from safedns.settings.load import load_settings, load_settings_with_warnings
from safedns.settings.model import (
    PRIVATE_NETWORKS,
    BlockSettings,
    CacheSettings,
    Certificate,
    Dnssec,
    Endpoint,
    ExtraList,
    ListSettings,
    Settings,
    TrustAnchor,
    UpstreamSpec,
)
from safedns.settings.timezone import machine_zone

UPSTREAMS = "upstreams: {servers: [9.9.9.9]}\n"


class Folder:
    """A configuration folder whose ``safedns.yaml`` a test writes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, text: str) -> Settings:
        (self.path / "safedns.yaml").write_text(text)
        return load_settings(self.path)

    def warnings(self, text: str) -> list[str]:
        (self.path / "safedns.yaml").write_text(text)
        return [self._short(str(problem)) for problem in load_settings_with_warnings(self.path)[1]]

    def complaints(self, text: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.load(text)
        return [self._short(str(problem)) for problem in caught.value.problems]

    def _short(self, text: str) -> str:
        return text.removeprefix(f"{self.path / 'safedns.yaml'}:")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_one_upstream_is_all_that_must_be_said(folder: Folder) -> None:
    assert folder.load(UPSTREAMS) == Settings(
        timezone=machine_zone(),
        language="en",
        listen_dns=(Endpoint("0.0.0.0", 53), Endpoint("::", 53)),
        listen_metrics=None,
        clients=PRIVATE_NETWORKS,
        trusted_forwarders=(),
        workers=1,
        upstreams=folder.load(UPSTREAMS).upstreams,
        records={},
        cache=CacheSettings(),
        block=BlockSettings(),
        lists=ListSettings(),
        log_keep=30 * 86_400,
        rate_limit=1000,
        folder=folder.path,
    )
    assert folder.load(UPSTREAMS).upstreams.servers == (UpstreamSpec("plain", "9.9.9.9", 53, "9.9.9.9"),)


def test_every_line_has_its_meaning(folder: Folder) -> None:
    loaded = folder.load("""
timezone: Europe/Berlin
language: vi
listen:
  dns: ["127.0.0.1:5300", "[::1]:5300"]
  tls: []
  https: off
  quic: ["[::1]:853"]
  console: off
  metrics: "127.0.0.1:9153"
clients: [192.168.1.0/24, "fd00::/8"]
trusted_forwarders: [192.168.1.1]
leases: [/var/lib/misc/dnsmasq.leases]
proxy_protocol: [127.0.0.1, "::1"]
certificate: {cert: cert.pem, key: /etc/ssl/key.pem, name: DNS.Home.example.}
workers: 3
rate_limit: 50
upstreams:
  servers: ["127.0.0.2:5353"]
  strategy: parallel
  bootstrap: [9.9.9.9]
  routes: {LAN.: 192.168.1.1, 168.192.in-addr.arpa: [192.168.1.1, "[fd00::1]:54"]}
records: {Máy-In.lan: 192.168.1.9, nas.lan: [192.168.1.8, "fd00::8"]}
cache: {entries: 0100, memory: 8 MiB, stale: off, prefetch: on, save: on}
block: {reply: null, ttl: 1 min}
lists:
  refresh: 2 days
  use: [one, two]
  extra:
    - {name: school, category: social, source: school.txt, format: hosts}
    - {name: web, category: social, source: "https://a.example/l", mirrors: ["https://b.example/l"], refresh: 6h}
  exceptions: [Trường.Example., school.example.org]
log: {keep: 1 week}
storage: sqlite
""")
    router = UpstreamSpec("plain", "192.168.1.1", 53, "192.168.1.1")
    assert (loaded.timezone, loaded.language) == ("Europe/Berlin", "vi")
    assert loaded.listen_dns == (Endpoint("127.0.0.1", 5300), Endpoint("::1", 5300))
    assert loaded.listen_metrics == Endpoint("127.0.0.1", 9153)
    assert loaded.clients == (ip_network("192.168.1.0/24"), ip_network("fd00::/8"))
    assert loaded.trusted_forwarders == (ip_network("192.168.1.1/32"),)
    assert loaded.leases == (Path("/var/lib/misc/dnsmasq.leases"),)
    assert (loaded.workers, loaded.rate_limit, loaded.log_keep) == (3, 50, 604_800)
    assert loaded.proxy_protocol == (ip_network("127.0.0.1/32"), ip_network("::1/128"))
    assert loaded.certificate == Certificate(folder.path / "cert.pem", Path("/etc/ssl/key.pem"), "dns.home.example")
    assert loaded.listen == (
        ("dns", Endpoint("127.0.0.1", 5300)),
        ("dns", Endpoint("::1", 5300)),
        ("quic", Endpoint("::1", 853)),
    )
    assert loaded.upstreams.strategy == "parallel"
    assert loaded.upstreams.bootstrap == (UpstreamSpec("plain", "9.9.9.9", 53, "9.9.9.9"),)
    assert loaded.upstreams.routes == {
        "lan": (router,),
        "168.192.in-addr.arpa": (router, UpstreamSpec("plain", "fd00::1", 54, "[fd00::1]:54")),
    }
    assert loaded.records == {"xn--my-in-xqa.lan": ("192.168.1.9",), "nas.lan": ("192.168.1.8", "fd00::8")}
    assert loaded.cache == CacheSettings(entries=100, stale=0, memory=8 << 20, prefetch=True, save=True)
    assert loaded.block == BlockSettings(reply="null", ttl=60)
    assert loaded.lists == ListSettings(
        2 * 86_400,
        ("one", "two"),
        (
            ExtraList("school", "social", "school.txt", "hosts"),
            ExtraList("web", "social", "https://a.example/l", mirrors=("https://b.example/l",), refresh=21_600),
        ),
        ("xn--trng-rib8295b.example", "school.example.org"),
    )


def test_some_words_stand_for_values(folder: Folder) -> None:
    loaded = folder.load(
        UPSTREAMS + "clients: any\nworkers: auto\nrate_limit: off\nlists: {use: none}\ntimezone: auto\n"
    )
    assert loaded.clients is None
    assert loaded.workers == (os.cpu_count() or 1)
    assert loaded.rate_limit == 0
    assert loaded.lists.use == ()
    assert loaded.timezone == machine_zone()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("timezone: Asia/Hanoi", "2:11: timezone: `Asia/Hanoi` is not a time zone; did you mean `Asia/Ho_Chi_Minh`?"),
        ("languge: vi", "2:1: languge: `languge` is not a key here; did you mean `language`?"),
        (
            "listen: {dns: []}",
            "2:15: listen.dns: nobody could ask; expected at least one address such as 127.0.0.1:5300",
        ),
        (
            'listen: {dns: ["127.0.0.1:53", "127.0.0.1:53"]}',
            "2:15: listen.dns: `127.0.0.1:53` is listed twice; expected it once",
        ),
        (
            'listen: {tls: ["0.0.0.0:853"]}',
            (
                "2:10: listen.tls: encrypted DNS needs a certificate; expected "
                "`certificate: {cert: cert.pem, key: key.pem, name: ...}` (`safedns certificate` makes one to try with)"
            ),
        ),
        (
            'listen: {https: ["127.0.0.1:443"], tls: ["127.0.0.1:443"]}\ncertificate: {cert: c, key: k}',
            "2:18: listen.https[1]: `127.0.0.1:443` is taken by `tls` above; expected another port",
        ),
        (
            'listen: {dns: ["127.0.0.1:5300"], quic: ["127.0.0.1:5300"]}\ncertificate: {cert: c, key: k}',
            "2:42: listen.quic[1]: `127.0.0.1:5300` is taken by `dns` above; expected another port",
        ),
        (
            'listen: {dns: ["127.0.0.2:53"], quic: ["127.0.0.1:53"]}\ncertificate: {cert: c, key: k}',
            "2:40: listen.quic[1]: `127.0.0.1:53` is the port of plain DNS, never of QUIC (RFC 9250); expected 853",
        ),
        (
            "listen: {tls: [853]}",
            (
                "2:16: listen.tls[1]: `853` is not usable here; "
                "expected an address and a port, such as 127.0.0.1:5300 or [::1]:5300"
            ),
        ),
        ("certificate: {cert: c}", "2:1: certificate: `key` is missing; expected the key's file, e.g. `key: key.pem`"),
        (
            "listen: {metrics: on}",
            (
                "2:19: listen.metrics: `on` is not usable here; "
                "expected an address and a port, such as 127.0.0.1:5300 or [::1]:5300, or `off`"
            ),
        ),
        (
            "clients: everybody",
            (
                "2:10: clients: `everybody` is not known here; "
                "expected `private`, `any` or a list of networks such as `[192.168.1.0/24]`"
            ),
        ),
        (
            "clients: []",
            "2:10: clients: nobody may ask; expected `private`, `any` or a list of networks such as `[192.168.1.0/24]`",
        ),
        (
            "clients: {a: b}",
            (
                "2:10: clients: a mapping is not known here; "
                "expected `private`, `any` or a list of networks such as `[192.168.1.0/24]`"
            ),
        ),
        (
            "clients: [home]",
            "2:11: clients[1]: `home` is not a network; expected one like 192.168.1.0/24 or an address",
        ),
        ("workers: 0", "2:10: workers: `0` is not usable here; expected a whole number from 1 to 64, or `auto`"),
        (
            "storage: postgresql://user@host/safedns",
            "2:10: storage: PostgreSQL is not in this version yet; use `sqlite`",
        ),
        ("storage: mysql", "2:10: storage: `mysql` is not known here; expected `sqlite`"),
        (
            "block: {page: [page.example]}",
            "2:16: block.page[1]: `page.example` is not an address; expected one like 192.168.1.9 or fd00::9",
        ),
        (
            "private_answers: [192.168.1.1/24]",
            "2:19: private_answers[1]: `192.168.1.1/24` is not a name; expected one like printer.lan",
        ),
        (
            "contact: [dad]",
            (
                "2:11: contact[1]: `dad` is not a contact; "
                "expected tel:NUMBER, mailto:ADDRESS or sips:ADDRESS of at most 40 characters, such as tel:111"
            ),
        ),
        (
            "contact: [tel:1, tel:2, tel:3, tel:4]",
            "2:10: contact: 4 contacts do not fit into a reply; expected at most 3",
        ),
        (
            "block: {reply: nxdomian}",
            (
                "2:16: block.reply: `nxdomian` is not known here; "
                "expected `nxdomain`, `null`, `nodata`, `refused` or `page` (did you mean `nxdomain`?)"
            ),
        ),
        ("block: {ttl: 0s}", "2:14: block.ttl: `0s` is out of range; expected 1s to 1 day"),
        (
            "cache: {stale: 1 year}",
            (
                "2:16: cache.stale: `year` is not a unit of time; "
                "expected a number and a unit, such as 45m, 2h or 1 day, or `off`"
            ),
        ),
        (
            "lists: {use: all}",
            (
                "2:14: lists.use: this is not a choice of lists; "
                "expected `recommended`, `none` or a list of catalogue names"
            ),
        ),
        (
            "lists: {extra: [{name: x, category: y, source: 'ftp://z'}]}",
            "2:48: lists.extra[1].source: `ftp://z` cannot be fetched; expected an https:// address or a file",
        ),
        (
            "lists: {extra: [{name: x, category: y, source: z, mirrors: [file.txt]}]}",
            "2:61: lists.extra[1].mirrors[1]: `file.txt` cannot be fetched; expected an https:// address",
        ),
        (
            "lists: {extra: [{name: x, category: y, source: z, refresh: 5 min}]}",
            "2:60: lists.extra[1].refresh: `5 min` is out of range; expected 1 hour to 30 days",
        ),
        (
            "lists: {exceptions: [a..b]}",
            "2:22: lists.exceptions[1]: `a..b` is not a name; expected one like printer.lan",
        ),
        (
            "lists: {extra: [{name: x, category: y}]}",
            (
                "2:17: lists.extra[1]: `source` is missing; "
                "expected an https:// address or a file, e.g. `source: https://example.org/list.txt`"
            ),
        ),
        (
            "records: {a.lan: 1.2.3}",
            "2:18: records.a.lan: `1.2.3` is not an address; expected one like 192.168.1.9 or fd00::9",
        ),
        (
            "records: {a.lan: 1.2.3.4, A.lan.: 1.2.3.5}",
            "2:27: records.A.lan.: means the same as `a.lan` above; expected it once",
        ),
        ("certificate: {cert: x}", "2:1: certificate: `key` is missing; expected the key's file, e.g. `key: key.pem`"),
    ],
)
def test_a_line_that_means_nothing_is_refused_at_its_place(folder: Folder, line: str, complaint: str) -> None:
    assert folder.complaints(UPSTREAMS + line + "\n") == [complaint]


@pytest.mark.parametrize(
    ("upstreams", "complaint"),
    [
        (
            "",
            "1:1: upstreams: `servers` is missing; expected the resolvers to ask, e.g. `servers: [9.9.9.9, 1.1.1.1]`",
        ),
        ("{servers: []}", "1:22: upstreams.servers: no upstream is given; expected at least one such as 9.9.9.9"),
        (
            "{servers: [tls://dns.quad9.net]}",
            (
                "1:23: upstreams.servers[1]: `tls://dns.quad9.net` has a name and no address, and nobody is given "
                "who knows it; expected `bootstrap` beside `servers`, such as [9.9.9.9]"
            ),
        ),
        (
            "{servers: [9.9.9.9], routes: {lan: https://dns.lan}}",
            (
                "1:47: upstreams.routes.lan: `https://dns.lan` has a name and no address, and nobody is given "
                "who knows it; expected `bootstrap` beside `servers`, such as [9.9.9.9]"
            ),
        ),
        (
            "{servers: [tls://dns.quad9.net], bootstrap: [dns.quad9.net]}",
            (
                "1:57: upstreams.bootstrap[1]: `dns.quad9.net` is not usable here; expected an address such as 9.9.9.9 "
                "or 127.0.0.1:5300"
            ),
        ),
        (
            "{servers: [tls://dns.quad9.net], bootstrap: [127.0.0.1]}",
            ("1:57: upstreams.bootstrap[1]: `127.0.0.1` is where safedns itself listens; expected another resolver"),
        ),
        (
            "{servers: [9.9.9.9], strategy: quickest}",
            "1:43: upstreams.strategy: `quickest` is not known here; expected `fastest`, `parallel` or `ordered`",
        ),
    ],
)
def test_upstreams_must_be_usable(folder: Folder, upstreams: str, complaint: str) -> None:
    assert folder.complaints(f"upstreams: {upstreams}\n") == [complaint]


@pytest.mark.parametrize(
    ("listen", "server"),
    [
        ("0.0.0.0:53", "127.0.0.1"),
        ("[::]:53", "::1"),
        ("127.0.0.1:5300", "127.0.0.1:5300"),
    ],
)
def test_safedns_does_not_ask_itself(folder: Folder, listen: str, server: str) -> None:
    text = f'listen: {{dns: ["{listen}"]}}\nupstreams:\n  servers: [9.9.9.9, "{server}"]\n'
    assert folder.complaints(text) == [
        f"3:22: upstreams.servers[2]: `{server}` is where safedns itself listens; expected another resolver"
    ]


@pytest.mark.parametrize(("listen", "server"), [("127.0.0.1:5300", "127.0.0.1"), ("0.0.0.0:53", "192.168.1.1")])
def test_another_port_or_machine_is_no_loop(folder: Folder, listen: str, server: str) -> None:
    loaded = folder.load(f'listen: {{dns: ["{listen}"]}}\nupstreams: {{servers: ["{server}"]}}\n')
    assert loaded.upstreams.servers[0].host == server


def test_the_page_its_addresses_contacts_and_names_that_may_lead_home_are_read(folder: Folder) -> None:
    loaded = folder.load(
        UPSTREAMS
        + "listen: {page: '0.0.0.0:80'}\nblock: {reply: page, page: [192.168.1.8, 'fd00::8']}\n"
        + "private_answers: [Plex.direct, plex.direct.]\ncontact: [tel:+84-111, mailto:ba@home.example]\n"
    )
    assert loaded.listen_page == Endpoint("0.0.0.0", 80)
    assert loaded.block == BlockSettings("page", 10, ("192.168.1.8", "fd00::8"))
    assert loaded.private_answers == ("plex.direct",)
    assert loaded.contact == ("tel:+84-111", "mailto:ba@home.example")


@pytest.mark.parametrize(
    ("lines", "contact"),
    [
        ("", ()),
        ("language: vi\n", ("tel:111",)),
        ("language: vi\ncontact: []\n", ()),
        ("contact: [tel:1]\n", ("tel:1",)),
    ],
)
def test_in_vietnamese_the_contact_is_the_childrens_hotline_unless_another_is_given(
    folder: Folder, lines: str, contact: tuple[str, ...]
) -> None:
    assert folder.load(UPSTREAMS + lines).contact == contact


def test_a_page_that_nobody_shows_is_a_warning(folder: Folder) -> None:
    page = UPSTREAMS + "block: {reply: page}\n"
    assert folder.warnings(page) == [
        '2:16: block.reply: nobody shows a page: add `listen: {page: "0.0.0.0:80"}`, or the address of a page of yours'
    ]
    assert folder.warnings(page + 'listen: {page: "0.0.0.0:80"}\n') == []
    assert folder.warnings(UPSTREAMS + "block: {reply: page, page: [192.168.1.8]}\n") == []


def test_encrypted_upstreams_need_no_plain_one_beside_them(folder: Folder) -> None:
    text = """
upstreams:
  servers: [tls://1.1.1.1#cloudflare-dns.com, "https://dns.quad9.net/dns-query", "quic://[2620:fe::fe]"]
  bootstrap: [9.9.9.9, "[::1]:5335"]
  routes: {lan: "tls://192.168.1.1#router.lan"}
"""
    upstreams = folder.load(text).upstreams
    assert [spec.certificate for spec in upstreams.servers] == ["cloudflare-dns.com", "dns.quad9.net", "2620:fe::fe"]
    assert upstreams.routes["lan"][0].certificate == "router.lan"
    assert [spec.port for spec in upstreams.all] == [853, 443, 853, 853, 53, 5335]
    assert not folder.warnings(text)


def test_http3_is_for_those_that_offer_it_over_https_and_have_no_pinned_key(folder: Folder) -> None:
    pinned = "https://9.9.9.9#sha256=" + "A" * 43 + "="
    text = f"""
upstreams:
  servers: [https://9.9.9.9, "{pinned}", tls://9.9.9.9, "h3://9.9.9.9", 9.9.9.9]
  routes: {{lan: "https://192.168.1.1"}}
  sets: {{family: "https://1.1.1.3"}}
"""
    assert not any(spec.http3 for spec in folder.load(text).upstreams.all)
    upstreams = folder.load(f"{text}  http3: on\n").upstreams
    assert [spec.name for spec in upstreams.all if spec.http3] == [
        "https://9.9.9.9",
        "https://1.1.1.3",
        "https://192.168.1.1",
    ]


def test_sets_of_upstreams_have_names_of_their_own(folder: Folder) -> None:
    sets = folder.load("upstreams: {servers: [9.9.9.9], sets: {family: 1.1.1.3, strict: [1.1.1.3, 1.0.0.3]}}").upstreams
    assert {name: [spec.name for spec in servers] for name, servers in sets.sets.items()} == {
        "family": ["1.1.1.3"],
        "strict": ["1.1.1.3", "1.0.0.3"],
    }
    assert [spec.name for spec in sets.all] == ["9.9.9.9", "1.1.1.3", "1.0.0.3"]


@pytest.mark.parametrize(
    ("sets", "complaint"),
    [
        ("{Family!: 1.1.1.3}", "`Family!` is no name for a set"),
        ("{none: 1.1.1.3}", "`none` is no name for a set"),
        ("{family: []}", "no upstream is given"),
        ("{family: tls://family.cloudflare-dns.com}", "expected `bootstrap` beside `servers`"),
        (
            "{" + ", ".join(f"s{number}: 1.1.1.3" for number in range(64)) + "}",
            "these are 64 sets; expected at most 63",
        ),
    ],
)
def test_sets_must_be_usable(folder: Folder, sets: str, complaint: str) -> None:
    (problem,) = folder.complaints(f"upstreams: {{servers: [9.9.9.9], sets: {sets}}}\n")
    assert complaint in problem


@pytest.mark.parametrize(
    ("upstreams", "warnings"),
    [
        ("{servers: [9.9.9.9, 1.1.1.1]}", []),
        ("{servers: [1.1.1.3, https://family.cloudflare-dns.com], bootstrap: [9.9.9.9]}", []),
        (
            "{servers: [9.9.9.9, 'tls://1.1.1.3#family.cloudflare-dns.com']}",
            [
                (
                    "1:13: upstreams.servers: `tls://1.1.1.3#family.cloudflare-dns.com` filters and `9.9.9.9` is not "
                    "known to; what is blocked there changes from query to query"
                )
            ],
        ),
        (
            "{servers: [9.9.9.9], sets: {family: [94.140.14.15, 9.9.9.9]}}",
            [
                (
                    "1:40: upstreams.sets.family: `94.140.14.15` filters and `9.9.9.9` is not known "
                    "to; what is blocked there changes from query to query"
                )
            ],
        ),
    ],
)
def test_mixing_resolvers_that_filter_with_others_is_a_warning(
    folder: Folder, upstreams: str, warnings: list[str]
) -> None:
    assert folder.warnings(f"upstreams: {upstreams}\n") == warnings


def test_what_waits_for_a_later_version_is_a_warning(folder: Folder) -> None:
    text = """
listen: {console: "0.0.0.0:8053"}
certificate: {cert: cert.pem, key: key.pem, name: dns.home.example}
leases: [/nonexistent/leases]
upstreams: {servers: [9.9.9.9]}
"""
    assert folder.warnings(text) == [
        "2:19: listen.console: the web console is not in this version yet; nothing listens there",
        "3:1: certificate: nothing uses the certificate; `listen` has no `tls`, `https` or `quic`",
        "4:10: leases[1]: there is no file `/nonexistent/leases` now; it is read when it comes",
    ]


def test_a_folder_without_settings_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'safedns.yaml'}: there is no such file; expected the settings of this machine: "
        "copy the example folder `config`, or name yours with --config"
    )


def test_how_answers_are_checked_is_read(folder: Folder) -> None:
    digest = "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"
    text = f"""
upstreams: {{servers: [9.9.9.9]}}
dnssec:
  validate: on
  negative_trust_anchors: [Broken.example.]
  trust_anchors: [". IN DS 38696 8 2 {digest.lower()}"]
"""
    anchors = (TrustAnchor(".", f"38696 8 2 {digest}"),)
    assert folder.load(text).upstreams.dnssec == Dnssec(True, ("broken.example",), anchors)
    assert not folder.load("upstreams: {servers: [9.9.9.9]}\n").upstreams.dnssec.validate


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("yes please", "`yes please` is no trust anchor"),
        (". DS 20326 8 1 E06D44B80B8F1D39A95C0B0D7C65D08458E88040", "is no trust anchor"),  # SHA-1
        (". DS 20326 8 2 E06D44", "is no trust anchor"),
        (f". DS 99999 8 2 {'0' * 64}", "has a number that is too large"),
        (f"not/a/name DS 1 8 2 {'0' * 64}", "is not a name"),
        (f". DS 1 200 2 {'0' * 64}", "is of algorithm 200, which cannot be checked; expected one of 5, 7, 8,"),
    ],
)
def test_a_trust_anchor_is_a_ds_record(folder: Folder, written: str, complaint: str) -> None:
    (said,) = folder.complaints(f'upstreams: {{servers: [9.9.9.9]}}\ndnssec: {{trust_anchors: ["{written}"]}}\n')
    assert said.startswith("2:26: dnssec.trust_anchors[1]: ")
    assert complaint in said
