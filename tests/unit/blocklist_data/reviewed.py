"""Names that many people use and our strict starter lists still cover, each looked at by a person.

A name of the popular list that a strict starter list covers must stand here, so that a slip (a shop, a bank, a
school) is seen before a family sees it. Adult and gambling names that say themselves what they are need no line.
"""

from __future__ import annotations

from typing import NamedTuple

PLAIN_WORDS = {
    "adult": (
        "cam",
        "fap",
        "hentai",
        "jav",
        "nude",
        "porn",
        "sex",
        "tube",
        "vlxx",
        "xhamster",
        "xnxx",
        "xvideo",
        "xxx",
    ),
    "gambling": ("bet", "casino", "lotto", "poker"),
}
"""Words of a name that say plainly what it is."""

REVIEWED = {
    "adult": """
        123av.com 18comic.org 18comic.vip 3movs.com 7mmtv.sx adultfriendfinder.com anybunny.org avsubthai.me
        bcvcdn.com beeg.com boundhub.com boyfriendtv.com boylove.cc chaturbate.com cityheaven.net coomer.su
        cumlouder.com ddd-smart.net dmm.co.jp doublelist.com e621.net elitebabes.com erome.com eroprofile.com
        eurogirlsescort.com f95zone.to fetlife.com fuq.com gay0day.com gelbooru.com hanime1.me hath.network
        hclips.com heavy-r.com heovl.blog hitomi.la hotxv.com iwank.tv iwara.tv jable.tv janitorai.com
        japanesebeauties.one jjgirls.com joyclub.de kemono.su kompoz2.com letmejerk.com listcrawler.eu
        literotica.com lpsg.com
        luxuretv.com manyvids.com massagerepublic.com megapersonals.eu milffox.com missav.com missav123.com
        momon-ga.com motherless.com myreadingmanga.info noodlemagazine.com nutaku.net onlyfans.com phe18.vip
        phncdn.com pictoa.com poringa.net redgifs.com redwap.me rosszlanyok.hu rule34.us rule34video.com
        sb-cd.com shahvani.com showup.tv skipthegames.com skokka.com sniffies.com socialmediagirls.com
        sokmil.com spankbang.com spankbang.party spicychat.ai stripchat.com strpst.com sxyprn.com thegay.com
        thisav.com thisvid.com thumbzilla.com tiava.com tnaflix.com tokyomotion.net tukif.com vailonxx.vip
        videosdemadurasx.com wnacg.com xcafe.com xgroovy.com xhcdn.com xhstream.com xozilla.com xv-ru.com
        xvv1deos.com youjizz.com
    """,
    "gambling": """
        32red.com 8k8app11.com apuestatotal.com bcgame.top bingoplus.com caesars.com caliente.mx draftkings.com
        efortuna.pl esportesdasorte.com fanduel.com kto.com ladbrokes.com nesine.com paddypower.com
        pragmaticplaylive.net sisal.it sportpesa.com spribegaming.com stake.com stoiximan.gr williamhill.com
        wplay.co zeturf.com zeturf.fr
    """,
    "malware": "",
    "bypass": """
        adguard-vpn.online adguard.io cloudflare-dns.com cloudflare-gateway.com cloudflareclient.com
        croxyproxy.com dns.google expressapisv2.net expressvpn.com goldenfrog.com googlezip.net hola.org ipfs.io
        ipvanish.com mullvad.net mysterium.network nextdns.io nordvpn.com opera-mini.net pointtoserver.com
        privateinternetaccess.com proxyium.com proxysite.com softether-network.net surfshark.com torproject.org
        translate.goog urban-vpn.com windscribe.com
    """,
    "dating": """
        badoo.com badoocdn.com bumble.com finya.de fotostrana.ru gotinder.com grindr.com happymail.co.jp love.ru
        mamba.ru match.com meetme.com romeo.com tabor.ru tantanapp.com tinder.com waplog.com
    """,
    "drugs": "",
    "violence": "kaotic.com",
    "weapons": "gunbroker.com palmettostatearmory.com",
    "hate": "",
    "self-harm": "",
}
"""Category -> popular names that belong there, separated by blanks."""


class Alarm(NamedTuple):
    """A false alarm of a list's maker, looked at by a person."""

    category: str
    presets: frozenset[str]
    """The presets that shut the name for it."""
    why: str


UNIVERSITIES = {
    "hqgc.net": Alarm(
        "gambling",
        frozenset({"6-9", "10-12", "13-15", "16-17"}),
        "a Chinese college by the register of universities, a betting site by hostsvn-gambling: the maker's to settle",
    ),
}
"""Universities that lists which a household has by default shut."""
