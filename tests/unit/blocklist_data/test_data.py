"""The data that comes with safedns: complete, canonical, and shutting nothing that a household needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest

from safedns.blocklist.catalog import load_catalogue, load_safe_search
from safedns.blocklist.formats import FORMATS
from safedns.blocklist.services import Service, load_services
from safedns.wire.names import parents, parse_name
from tests.realdata import real_data
from tests.unit.blocklist_data.reviewed import PLAIN_WORDS, REVIEWED

DATA = Path(__file__).resolve().parents[3] / "blocklists"


def words(text: str) -> list[str]:
    """A table of names that are separated by blanks."""
    return text.split()


STARTERS = sorted(path.stem for path in (DATA / "starter").glob("*.txt"))

CATEGORIES = words(
    """
    adult gambling malware bypass social messaging games video dating drugs violence weapons hate self-harm piracy
    shopping payments ads ai-chat shorteners crypto forums music search news learning kids new-domains remote-control
    """
)
SAFETY = {"adult", "malware", "bypass"}

AT_LEAST = {
    "adult": 300,
    "gambling": 250,
    "malware": 10,
    "bypass": 300,
    "social": 100,
    "messaging": 80,
    "games": 250,
    "video": 150,
    "dating": 80,
    "learning": 200,
    "kids": 100,
}
STRICT = sorted(REVIEWED)
"""Categories where a slip hurts: what they cover is shut for reasons that no schedule lifts."""

REVIEWED_SUFFIXES = {
    ("learning", "edu.vn"), ("bypass", "translate.goog"), ("bypass", "cf-ipfs.com"), ("bypass", "cloudflare-ipfs.com")
}  # fmt: skip
"""Public suffixes that are meant as a whole: Vietnam's schools, the doors of Google's page translator, and of IPFS."""

SHARED_HOSTING = words(
    """
    amazonaws.com cloudfront.net akamaized.net akamaihd.net akadns.net edgekey.net edgesuite.net fastly.net
    azureedge.net windows.net googleapis.com googleusercontent.com gstatic.com google.com microsoft.com live.com
    apple.com icloud.com cloudflare.com cloudflare.net github.com github.io herokuapp.com appspot.com
    firebaseapp.com web.app wordpress.com blogspot.com b-cdn.net cdn77.org llnwd.net hwcdn.net jsdelivr.net
    bootstrapcdn.com cloudinary.com imgix.net zendesk.com fbcdn.net ggpht.com live-video.net qq.com baidu.com
    naver.com yahoo.com vng.com.vn zing.vn zadn.vn
    """
)
"""Names that many sites and programs live on, public suffix or not."""

EVERY_DEVICE_NEEDS = words(
    """
    captive.apple.com gsp1.apple.com time.apple.com courier.push.apple.com ocsp.apple.com gateway.icloud.com
    connectivitycheck.gstatic.com clients3.google.com android.clients.google.com mtalk.google.com fcm.googleapis.com
    play.googleapis.com time.google.com pool.ntp.org www.msftconnecttest.com dns.msftncsi.com time.windows.com
    ctldl.windowsupdate.com update.microsoft.com detectportal.firefox.com connectivity-check.ubuntu.com
    vneid.gov.vn dichvucong.gov.vn momo.vn zalopay.vn vietcombank.com.vn vnpay.vn use-application-dns.net
    """
)

BELONGS_TO = {
    "facebook.com": "social",
    "www.instagram.com": "social",
    "m.tiktok.com": "social",
    "zalo.me": "messaging",
    "discord.gg": "messaging",
    "www.roblox.com": "games",
    "www.youtube.com": "video",
    "rr3---sn-8pxuuxa-i5oz.googlevideo.com": "video",
    "www.pornhub.com": "adult",
    "bet365.com": "gambling",
    "mask.icloud.com": "bypass",
    "dns.google": "bypass",
    "testsafebrowsing.appspot.com": "malware",
    "voz.vn": "forums",
    "chatgpt.com": "ai-chat",
    "thptchuyen.hanoi.edu.vn": "learning",
    "vi.wikipedia.org": "learning",
    "classroom.google.com": "learning",
    "pbskids.org": "kids",
}


@cache
def starter(category: str) -> tuple[str, ...]:
    """The entries of a starter list, as written."""
    lines = (DATA / "starter" / f"{category}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


@cache
def services() -> tuple[Service, ...]:
    return tuple(load_services(DATA / "services").values())


def covered(name: str, entries: Iterable[str]) -> bool:
    """Whether one of the entries is the name or stands above it."""
    known = frozenset(entries)
    return any(parent in known for parent in parents(name))


def subsumed(names: Iterable[str]) -> list[str]:
    """Names that another of the names covers already."""
    known = frozenset(names)
    return [name for name in known if any(parent in known for parent in list(parents(name))[1:])]


def popular(file: str) -> list[str]:
    names: list[str] = json.loads((real_data() / "popular" / file).read_text(encoding="utf-8"))["list"]
    return names


def public_suffix_test() -> Callable[[str], bool]:
    """Says of a name whether it is a public suffix, registries' and hosters' alike."""
    text = (real_data() / "popular" / "public_suffix_list.dat").read_text(encoding="utf-8")
    rules = {line.strip() for line in text.splitlines() if line.strip() and not line.startswith("//")}
    plain = {parse_name(rule) for rule in rules if rule[0] not in "!*"}
    wild = {parse_name(rule[2:]) for rule in rules if rule.startswith("*.")}
    spared = {parse_name(rule[1:]) for rule in rules if rule.startswith("!")}
    return lambda name: name not in spared and (name in plain or name.partition(".")[2] in wild)


def test_the_categories_are_the_fixed_ones_and_speak_both_languages() -> None:
    categories = load_catalogue(DATA).categories
    assert list(categories) == CATEGORIES
    assert {category.id for category in categories.values() if category.safety} == SAFETY
    for category in categories.values():
        for text in (category.title, category.about):
            assert text["en"] != text["vi"]
            assert all(text.values())


def test_every_starter_list_is_named_after_a_category() -> None:
    assert set(STARTERS) <= set(CATEGORIES)
    assert set(AT_LEAST) <= set(STARTERS)


@pytest.mark.parametrize("category", STARTERS)
def test_a_starter_list_is_canonical_sorted_and_without_needless_names(category: str) -> None:
    names = starter(category)
    assert [parse_name(name) for name in names] == list(names)
    assert list(names) == sorted(set(names))
    assert subsumed(names) == []
    assert len(names) >= AT_LEAST.get(category, 1)


@pytest.mark.parametrize("category", STARTERS)
def test_a_starter_list_says_what_it_is_and_under_which_licence(category: str) -> None:
    text = (DATA / "starter" / f"{category}.txt").read_text(encoding="utf-8")
    header = text[: text.index("\n" + starter(category)[0])]
    assert all(line.startswith("#") for line in header.splitlines())
    for word in (f"# {category}: ", "A name covers what is below it", "Apache-2.0", "CC0-1.0"):
        assert word in header


@pytest.mark.parametrize("category", STARTERS)
def test_a_starter_list_holds_no_shared_hosting(category: str) -> None:
    assert [name for name in SHARED_HOSTING if name in starter(category)] == []


@pytest.mark.parametrize("category", sorted(SAFETY | {"gambling", "piracy", "ads"}))
def test_a_starter_list_leaves_open_what_every_device_needs(category: str) -> None:
    assert [name for name in EVERY_DEVICE_NEEDS if covered(name, starter(category))] == []


@pytest.mark.parametrize(("name", "category"), BELONGS_TO.items())
def test_well_known_names_are_in_the_category_a_parent_expects(name: str, category: str) -> None:
    assert covered(name, starter(category))
    assert not any(covered(name, starter(other)) for other in SAFETY | {"gambling"} if other != category)


@pytest.mark.parametrize("category", sorted({*STRICT, "piracy"} - {"malware"}))
def test_a_strict_list_shuts_nothing_that_is_for_learning_children_or_the_news(category: str) -> None:
    everyday = [name for other in ("learning", "kids", "news") for name in starter(other)]
    assert [name for name in everyday if covered(name, starter(category))] == []


def test_the_youtube_app_stays_shut_for_small_children() -> None:
    assert not covered("youtubei.googleapis.com", starter("kids"))
    assert not covered("www.youtube.com", starter("kids"))
    assert covered("www.youtubekids.com", starter("kids"))


@pytest.mark.realdata
def test_no_starter_list_holds_a_public_suffix() -> None:
    is_suffix = public_suffix_test()
    found = {(category, name) for category in STARTERS for name in starter(category) if is_suffix(name)}
    assert found == REVIEWED_SUFFIXES


@pytest.mark.realdata
def test_no_service_owns_a_public_suffix() -> None:
    is_suffix = public_suffix_test()
    assert [(service.id, name) for service in services() for name in service.names if is_suffix(name)] == []


@pytest.mark.realdata
@pytest.mark.parametrize("category", [*STRICT, "piracy", "ads", "crypto", "shorteners"])
def test_no_university_is_shut(category: str) -> None:
    universities = popular("university_domains.json")
    assert [name for name in universities if covered(name, starter(category))] == []


@pytest.mark.realdata
@pytest.mark.parametrize("category", STRICT)
def test_popular_names_are_shut_only_where_a_person_has_looked(category: str) -> None:
    hits = {name for name in popular("tranco10k.json") if covered(name, starter(category))}
    unclear = {name for name in hits if not any(word in name for word in PLAIN_WORDS.get(category, ()))}
    assert unclear == set(words(REVIEWED[category]))


def test_there_is_a_service_for_every_popular_program() -> None:
    wanted = words(
        """
        youtube tiktok facebook messenger instagram whatsapp telegram zalo viber discord snapchat reddit twitter threads
        pinterest tumblr linkedin twitch netflix disney-plus prime-video spotify soundcloud zing-mp3 nhaccuatui fpt-play
        vtv-go vieon bilibili iqiyi wetv roblox minecraft epic-games steam garena pubg hoyoverse riot-games blizzard ea
        playstation xbox nintendo supercell vng-games shopee lazada tiki amazon ebay chatgpt gemini character-ai claude
        copilot coc-coc znews skype signal line kakaotalk wechat zoom tinder onlyfans omegle 9gag imgur quora locket
        bereal kick vimeo dailymotion vk mastodon
        """
    )
    assert [name for name in wanted if name not in {service.id for service in services()}] == []
    assert len(services()) >= 150


def test_what_vietnam_uses_has_its_services() -> None:
    wanted = words(
        """
        zalo znews zing-mp3 zing-tv vng-games garena vtv-go fpt-play vieon galaxy-play mytv tv360 pops nhaccuatui
        coc-coc shopee tiki lazada sendo cho-tot momo zalopay viettel-money vnpay shopeepay grab be xanh-sm vnexpress
        tuoi-tre thanh-nien vietnamnet dan-tri kenh14 24h bao-moi k12online vioedu olm azota vnedu hocmai vietjack ioe
        voz tinh-te
        """
    )
    assert [name for name in wanted if name not in {service.id for service in services()}] == []


def test_a_wallet_is_a_payment_and_not_a_shop() -> None:
    by_id = {service.id: service for service in services()}
    wallets = words("momo zalopay viettel-money vnpay shopeepay paypal grab be xanh-sm")
    assert {by_id[wallet].category for wallet in wallets} == {"payments"}


@pytest.mark.parametrize("service", services(), ids=lambda service: service.id)
def test_a_service_is_complete_and_of_a_known_category(service: Service) -> None:
    assert parse_name(service.id) == service.id
    assert service.category in CATEGORIES
    assert service.homepage.startswith("https://")
    assert parse_name(service.icon) == service.icon
    assert subsumed(service.names) == []
    assert not set(service.names) & set(service.shared)
    assert not set(service.names) & set(SHARED_HOSTING)


@pytest.mark.parametrize("file", sorted((DATA / "services").glob("*.yaml")), ids=lambda file: file.stem)
def test_names_of_a_service_are_written_canonical_and_once(file: Path) -> None:
    items = [line[4:] for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("  - ")]
    assert [parse_name(item) for item in items] == items
    assert len(set(items)) == len(items)


NOT_TAKEN_OVER = {
    "mastodon": "alive.bar ani.work brighteon.social gc2.jp loforo.com m.cmx.im masthead.social mastodon.sdf.org "
    "mastodon.top meatbag.app nerdculture.de ohai.social pixelfed.social poa.st tilde.zone",
    "spotify": "_spotify-connect._tcp.local",
    "telegram": "nicegram.app",
    "xboxlive": "xboxlive.xom",
    "youtube": "youtube",
    "zoom": "zoomus.zendesk.com",
}
"""NextDNS's names of a service that ours leaves out: small servers of a network, slips, other people's programs."""


@pytest.mark.realdata
def test_a_service_has_the_names_that_nextdns_knows_for_it() -> None:
    known = [name for service in services() for name in (*service.names, *service.shared)]
    missing = {}
    for file in sorted((real_data() / "lists" / "nextdns" / "services").iterdir()):
        lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
        if names := [name for name in lines if name and not covered(name, known)]:
            missing[file.name] = names
    assert {service: sorted(names) for service, names in missing.items()} == {
        service: sorted(words(names)) for service, names in NOT_TAKEN_OVER.items()
    }


def test_no_name_belongs_to_two_services() -> None:
    names = [name for service in services() for name in service.names]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("service", services(), ids=lambda service: service.id)
def test_a_service_is_covered_by_the_starter_list_of_its_category(service: Service) -> None:
    if service.category not in STARTERS:
        assert service.category in {"search", "payments"}
        return
    assert [name for name in service.names if not covered(name, starter(service.category))] == []


def test_youtube_and_tiktok_have_all_their_names_and_zalo_none_of_its_neighbours() -> None:
    by_id = {service.id: service for service in services()}
    assert len(by_id["youtube"].names) >= 18
    assert {"googlevideo.com", "ytimg.com", "yt3.ggpht.com"} <= set(by_id["youtube"].names)
    assert len(by_id["tiktok"].names) >= 90
    assert not {"zalopay.vn", "vng.com.vn", "zadn.vn", "zing.vn"} & set(by_id["zalo"].names)


def test_safe_search_sends_each_engine_to_its_safe_host() -> None:
    engines = load_safe_search(DATA / "safesearch.yaml").engines
    assert {name: dict(engine.targets) for name, engine in engines.items()} == {
        "google": {"on": "forcesafesearch.google.com"},
        "bing": {"on": "strict.bing.com"},
        "duckduckgo": {"on": "safe.duckduckgo.com"},
        "yandex": {"on": "familysearch.yandex.ru"},
        "ecosia": {"on": "strict-safe-search.ecosia.org"},
        "brave": {"on": "forcesafe.search.brave.com"},
        "qwant": {"on": "safeapi.qwant.com"},
        "pixabay": {"on": "safesearch.pixabay.com"},
        "youtube": {"moderate": "restrictmoderate.youtube.com", "strict": "restrict.youtube.com"},
    }
    assert len(engines["youtube"].names) == 5
    assert {"google.com", "www.google.com.vn", "www.google.co.uk", "google.no"} <= set(engines["google"].names)
    assert "maps.google.com" not in engines["google"].names
    assert len([name for name in engines["google"].names if name.startswith("www.")]) >= 185


def test_no_engine_with_a_safe_mode_is_blocked_and_no_safe_host_is_sent_in_a_circle() -> None:
    table = load_safe_search(DATA / "safesearch.yaml")
    names = [name for engine in table.engines.values() for name in engine.names]
    targets = [target for engine in table.engines.values() for target in engine.targets.values()]
    assert len(set(names)) == len(names)
    assert [name for name in (*names, *targets) if covered(name, table.blocked)] == []
    assert not set(names) & set(targets)
    assert subsumed(table.blocked) == []
    assert covered("search.yahoo.com", table.blocked)
    assert covered("www.startpage.com", table.blocked)


@pytest.mark.realdata
def test_google_is_known_in_every_country_that_people_use_it_in() -> None:
    google = set(load_safe_search(DATA / "safesearch.yaml").engines["google"].names)
    seen = {name for name in popular("tranco10k.json") if name.startswith("google.")} - {"google.org"}
    assert seen - google == set()


def test_the_catalogue_is_broad_and_recommends_few_modest_lists_with_a_free_licence() -> None:
    lists = load_catalogue(DATA).lists.values()
    assert len(lists) >= 45
    assert {entry.format for entry in lists} <= set(FORMATS)
    chosen = [entry for entry in lists if entry.recommended]
    assert 6 <= len(chosen) <= 10
    assert {entry.category for entry in chosen} == {"adult", "gambling", "malware", "bypass"}
    assert {entry.licence for entry in chosen} <= {"MIT", "Unlicense", "CC0-1.0"}
    assert sum(entry.entries for entry in chosen) < 250_000


def test_every_list_of_the_catalogue_says_whose_it_is() -> None:
    for entry in load_catalogue(DATA).lists.values():
        assert entry.title
        assert entry.licence
        assert entry.maker
        assert entry.homepage.startswith("https://")
        assert entry.entries > 0
        assert entry.overblocks.endswith(".")


def test_no_two_lists_of_the_catalogue_have_one_source() -> None:
    sources = [entry.source for entry in load_catalogue(DATA).lists.values()]
    assert sorted({source for source in sources if sources.count(source) > 1}) == []


def test_the_page_about_lists_shows_every_category_and_every_list() -> None:
    page = (DATA.parent / "docs" / "lists.md").read_text(encoding="utf-8")
    catalogue = load_catalogue(DATA)
    assert [name for name in (*catalogue.categories, *catalogue.lists) if f"`{name}`" not in page] == []
    assert [entry.name for entry in catalogue.lists.values() if f"| {entry.licence} |" not in page] == []
    for entry in catalogue.lists.values():
        assert (f"**`{entry.name}`**" in page) is entry.recommended


def test_the_page_about_lists_shows_every_format() -> None:
    page = (DATA.parent / "docs" / "lists.md").read_text(encoding="utf-8")
    assert [name for name in FORMATS if f"\n| `{name}` | " not in page] == []
