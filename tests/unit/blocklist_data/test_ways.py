"""Ways round the filter and search without a safe mode: our tables against what others have collected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from safedns.blocklist.catalog import load_safe_search
from safedns.wire.names import parse_name
from tests.realdata import real_data
from tests.unit.blocklist_data.test_data import DATA, covered, services, starter, words

NOT_TAKEN_OVER = {
    "browsers": "opera-api.com opera.com opera.software use-application-dns.net",
    "encrypted-dns": "opencdn.jomodns.com",
    "proxies": """
        123-24.eport.gr 2ub.top 3x.nz aniscartujo.com avoidance.info blewpass.com bogbone.com bumblebee.site
        christophbrem.com dolopo.net dzhot.us ecxs.asia evyy.net f4fp.com fasttime.info firstcontact.site freedom.cx
        freexite.com freeyoutube.net gizlibaglanti.com hiddendigital.info hiddendragon.site hiload.in hyperbyte.net
        interncloud.info leo.paulmihaipavel.com lookingglass.site lopana.com maddw.com mycelium.site polaris.cx
        prointern.info pxaa.com ronfeed.com spedo.co sporium.org stargate.one starrynight.site theclickcheck.com
        tiafun.com ultrafun.net vobas.com wonderland.ws workhost.eu wossow.com xitesite.com yourcheat.com
        youtubebyclick.com youtubez.com zacebookpk.com
    """,
    "vpn": """
        bestvpnrating.com hotbot.com pixelprivacy.com protonstatus.com thebestvpn.com top10vpn.com topvpnguides.com
        trickbyte.com vpnmentor.com vpnoverview.com
    """,
}
"""NextDNS's ways that our list leaves out.

A browser that is more than its VPN, the canary that is answered elsewhere, a shared CDN, sites that only write about
VPNs, and names that do not say what they are: small proxies of years ago, which may have other owners now.
"""

NO_SAFE_MODE_NOT_TAKEN_OVER = """
    darmarit.org dynabyte.ca engo.mint.lgbt eulie.de nibblehole.com null.media openworlds.info ransack.i2p
    roteserver.de skyn3t.in timdor.noip.me tromland.org unmonito.red wtf.roflcopter.fr www.finden.tk
    www.perfectpixel.de
"""
"""Sites of which a search page was only one, and a name that does not exist in DNS."""


def lines(*path: str) -> Iterator[str]:
    """The names of a real list."""
    for line in real_data().joinpath("lists", *path).read_text(encoding="utf-8").splitlines():
        name = line.partition("#")[0].strip().removeprefix("*.")
        if name.isascii() and name:
            yield parse_name(name)


def v2fly(file: str) -> Iterator[str]:
    """The plain names of one of v2fly's lists, without what it includes."""
    for name in real_data().joinpath("lists", "v2fly", "data", file).read_text(encoding="utf-8").splitlines():
        kind, _, rest = name.partition("#")[0].strip().rpartition(":")
        if rest and kind in ("", "domain", "full"):
            yield parse_name(rest.split()[0])


@pytest.mark.realdata
def test_every_way_that_nextdns_knows_is_closed() -> None:
    folder = real_data() / "lists" / "nextdns" / "bypass"
    missing = {
        file.stem: names
        for file in sorted(folder.iterdir())
        if (names := [name for name in lines("nextdns", "bypass", file.name) if not covered(name, starter("bypass"))])
    }
    assert {way: sorted(names) for way, names in missing.items()} == {
        way: words(names) for way, names in NOT_TAKEN_OVER.items()
    }


@pytest.mark.realdata
@pytest.mark.parametrize(
    "file", ["category-httpdns-cn", "icloudprivaterelay", "nordvpn", "vpngate", "torproject", "squirrelvpn"]
)
def test_every_way_of_these_lists_of_v2fly_is_closed(file: str) -> None:
    assert [name for name in v2fly(file) if not covered(name, starter("bypass"))] == []


@pytest.mark.realdata
def test_nearly_every_resolver_that_v2fly_knows_is_closed() -> None:
    assert [name for name in v2fly("category-doh") if not covered(name, starter("bypass"))] == ["opendns.com"]


@pytest.mark.realdata
def test_every_search_engine_without_a_safe_mode_that_nextdns_knows_is_closed() -> None:
    blocked = load_safe_search(DATA / "safesearch.yaml").blocked
    missing = [name for name in lines("nextdns", "no-safesearch.domains.txt") if not covered(name, blocked)]
    engines = load_safe_search(DATA / "safesearch.yaml").engines.values()
    safe = {name for engine in engines for name in engine.names}
    assert sorted(set(missing) - safe) == words(NO_SAFE_MODE_NOT_TAKEN_OVER)


def test_vpns_and_resolvers_are_services_that_can_be_closed_one_by_one() -> None:
    ways = {service.id for service in services() if service.category == "bypass"}
    assert len(ways) >= 20
    assert {"nordvpn", "proton-vpn", "cloudflare-warp", "private-relay", "tor", "google-dns", "psiphon"} <= ways


def test_yandex_is_known_in_all_its_zones_and_in_its_own_letters() -> None:
    names = load_safe_search(DATA / "safesearch.yaml").engines["yandex"].names
    zones = {name.removeprefix("www.") for name in names}
    assert len(zones) >= 26
    assert {"ya.ru", "yandex.ru", "yandex.com", "yandex.com.tr", parse_name("яндекс.рф")} <= zones
    assert {f"www.{zone}" for zone in zones} <= set(names)


def test_the_vietnamese_browsers_search_is_closed_for_it_has_no_safe_mode() -> None:
    assert "coccoc.com" in load_safe_search(DATA / "safesearch.yaml").blocked


def test_an_engines_bare_pages_without_a_safe_host_are_closed() -> None:
    blocked = load_safe_search(DATA / "safesearch.yaml").blocked
    assert {"html.duckduckgo.com", "lite.duckduckgo.com", "lite.qwant.com"} <= set(blocked)
