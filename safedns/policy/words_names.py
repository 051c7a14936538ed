"""The grammar of devices, sites, ids and shown names as a parent writes them. Text -> canonical text, pure."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from safedns.policy.clients import parse_address
from safedns.wire.names import display, parse_name
from safedns.yamlfile.messages import show

DeviceKind = Literal["address", "hardware address", "interface id", "name"]


class Claim(NamedTuple):
    """A device as claimed by a profile."""

    kind: DeviceKind
    """``address`` covers networks and ranges."""
    text: str
    """Canonical: two spellings of one claim are equal."""


_MAC = re.compile(r"[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_LOOKS_LIKE_ADDRESS = re.compile(r"[\d./ -]+|.*[:%].*")
_WANTED = "expected an address such as 192.168.1.31, a network, a range, a MAC address or a name"


def device(text: str) -> str:
    """The canonical text of a claim."""
    return claim(text).text


def claim(text: str) -> Claim:
    """An address, network, ``first-last`` range, MAC address, IPv6 interface id (``::a:b:c:d``) or name."""
    text = text.replace("–", "-")  # phones make a long dash of what is typed
    lower = text.casefold()
    if _MAC.fullmatch(lower):
        return Claim("hardware address", lower.replace("-", ":"))
    if "/" in text:
        return Claim("address", _network(text))
    if parse_address(text) is not None:
        return _address(text)
    if _LOOKS_LIKE_ADDRESS.fullmatch(text) or parse_address(text.partition("-")[0].strip()) is not None:
        return Claim("address", _range(text))
    if _HOST.fullmatch(lower) and len(lower) <= 253:
        return Claim("name", lower)
    raise ValueError(f"{show(text)} is not a device; {_WANTED}")


def is_guessable(id_: str) -> bool:
    """Whether somebody outside might hit upon an id; a last part such as ``x7k2m9`` makes it hard."""
    last = id_.rpartition("-")[2]
    return len(last) < 6 or not re.search(r"\d", last) or not re.search(r"[a-z]", last)


def _address(text: str) -> Claim:
    if "%" in text:
        raise ValueError(f"{show(text)} names an interface (%); expected a plain address")
    found = parse_address(text)
    if isinstance(found, IPv6Address) and 1 < int(found) < 1 << 64:
        return Claim("interface id", str(found))
    return Claim("address", str(found))


def _network(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{show(text)} is not a network; expected one such as 192.168.1.0/24") from None
    host = text.partition("/")[0]
    if ip_address(host) != network.network_address:
        raise ValueError(f"{show(text)} is one address of {network}; expected {network} or just {host}")
    if network.prefixlen == network.max_prefixlen:
        return str(network.network_address)
    return str(network)


def _range(text: str) -> str:
    first_text, dash, last_text = (part.strip() for part in text.partition("-"))
    first, last = parse_address(first_text), parse_address(last_text)
    if not dash or first is None:
        raise ValueError(f"{show(text)} is not an address; {_WANTED}")
    if last is None or first.version != last.version:
        raise ValueError(f"{show(text)} is not a range of addresses; expected {_whole_range(first_text, last_text)}")
    if int(last) < int(first):
        raise ValueError(f"{show(text)} ends before it begins; expected {last}-{first}")
    return str(first) if first == last else f"{first}-{last}"


def _whole_range(first: str, last: str) -> str:
    """What ``192.168.1.10-19`` was meant to be, if it is clear."""
    begin, end = parse_address(first), parse_address(f"{first.rpartition('.')[0]}.{last}")
    if begin and end and int(begin) < int(end):
        return f"{begin}-{end}"
    return "the whole first and last address, such as 192.168.1.10-192.168.1.19"


def site(text: str) -> str:
    """A domain name as in ``allow: [x.com]``; canonical. What people paste instead gets a hint."""
    if parse_address(text.strip("[]")) is not None:
        raise ValueError(f"{show(text)} is an address; expected a name such as x.com")
    host = _host_within(text)
    if host is not None and host != text:
        try:
            name = display(parse_name(host))
        except ValueError:
            name = "x.com"
        about = "a name covers what is below it; " if text.startswith(("*", ".", "||")) else ""
        raise ValueError(f"{show(text)} is more than a name; {about}write just {name}")
    name = parse_name(text)
    if name == ".":
        raise ValueError(f"{show(text)} is every name there is; expected one such as x.com")
    return name


def _host_within(text: str) -> str | None:
    """The host name inside a pasted address, wildcard or filter rule; ``text`` itself if it is just a name."""
    if "://" in text:
        try:
            return urlsplit(text).hostname
        except ValueError:
            return None
    bare = text.lstrip("*.|@").partition("/")[0].partition(":")[0].rstrip("^")
    return bare or None


def profile_id(text: str) -> str:
    """The key of a child or group: a short word that commands, logs and metrics call it by."""
    if not re.fullmatch(r"[^\W\d_][\w-]{0,31}", text):
        raise ValueError(f"{show(text)} cannot be the short name of a child or group; expected a word such as an")
    return text


def shown_name(text: str) -> str:
    """What a child, a holiday or a window is called: kept as it is written."""
    if not (text.isprintable() and 0 < len(text.strip()) <= 60):
        raise ValueError("this is not a name to show; expected up to 60 characters such as An")
    return text
