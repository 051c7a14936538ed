"""Names in foreign letters that look like ASCII ones: ``rоblox.com`` with a Cyrillic о is ``xn--rblox-jye.com``.

``skeleton`` says which ASCII name an international one passes for. What follows from that is not decided here. Pure;
asked only for names with a label that begins with ``xn--``.

The table is made by hand for the letters that fonts draw alike: small Cyrillic, Greek and Armenian letters, small
capitals and a few others. Accents and dots of Latin letters, full-width and other variants are taken off by Unicode's
own decompositions. A name in which any other letter is left looks like no ASCII name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_PREFIX = "xn--"
_LOOK_LIKE = {
    "a": "\u0430\u03b1\u0251\u1d00\ua7af\u2c65",
    "b": "\u044c\u0432\u0185\u0299\u0180\u0253\u00df\u03b2",
    "c": "\u0441\u03f2\u1d04\u2184\u0188\u023c",
    "d": "\u0501\u0257\u0256\u1d05\u0111\u056a",
    "e": "\u0435\u0454\u04bd\u1d07\u025b\u03b5\u0247",
    "f": "\u0192\u0584\ua730\u03dd",
    "g": "\u0261\u0262\u0581\u0260\u01e5\u050d",
    "h": "\u04bb\u0570\u043d\u029c\u0266\u0127",
    "i": "\u0456\u0131\u0269\u026a\u03b9\u0268\u0582",
    "j": "\u0458\u03f3\u0575\u1d0a\u0237\u0249",
    "k": "\u043a\u03ba\u1d0b\u0199\u049b\u049d\u04a1",
    "l": "\u04cf\u0142\u026d\u029f\u01c0\u026b\u019a",
    "m": "\u043c\u1d0d\u028d\u0271",
    "n": "\u0438\u043f\u03b7\u0578\u0274\u0273\u0272\u014b\u057c",
    "o": "\u043e\u03bf\u03c3\u0585\u1d0f\u00f8\u0275\u04e9\u0d20\u0966\u06f0",
    "p": "\u0440\u03c1\u1d18\u01bf\u00fe\u03c6",
    "q": "\u051b\u0563\u0566\u02a0\u024b",
    "r": "\u0433\u0280\u027c\u0279\u1d26\u024d",
    "s": "\u0455\ua731\u0282\u01bd",
    "t": "\u0442\u1d1b\u03c4\u0167\u01ad\u0288",
    "u": "\u03c5\u057d\u1d1c\u0446\u028b\u0289",
    "v": "\u0475\u03bd\u1d20",
    "w": "\u051d\u0461\u03c9\u1d21\u026f\u0561",
    "x": "\u0445\u03c7\u04b3",
    "y": "\u0443\u04af\u03b3\u028f\u01b4\u024f",
    "z": "\u1d22\u0225\u0290\u01b6\u0240",
    "ae": "\u00e6\u04d5",
    "oe": "\u0153",
}
_ASCII: Mapping[int, str] = {ord(letter): plain for plain, letters in _LOOK_LIKE.items() for letter in letters}


def skeleton(name: str) -> str | None:
    """The ASCII name that a canonical ``name`` passes for, canonical; ``None`` when it looks like none."""
    labels = [_plain(label) if label.startswith(_PREFIX) else label for label in name.split(".")]
    found = ".".join(label or "\0" for label in labels)
    return found if found != name and found.isascii() and "\0" not in found else None


def _plain(label: str) -> str:
    """An A-label as its letters look in ASCII; whatever has no likeness stays, empty for what cannot be read."""
    try:
        letters = label[len(_PREFIX) :].encode().decode("punycode")
    except UnicodeError:
        return ""
    bare = "".join(each for each in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(each))
    return unicodedata.normalize("NFKD", bare.translate(_ASCII)).casefold()
