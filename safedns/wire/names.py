"""Domain names: wire labels <-> one canonical text that the whole program compares, hashes and stores.

Canonical: lower-case labels joined by dots, no trailing dot, the root is ``"."``. A byte in a label other than
``a-z 0-9 - _`` is written ``\\DDD`` (three decimal digits); a dot or backslash inside a label too, so splitting the
text on ``"."`` is always right. Upper-case ASCII is folded, nothing else is (RFC 4343).

    wire     03 www 07 example 03 com 00
    name     www.example.com
    key      com.example.www.          every name below example.com starts with "com.example."

Must not decide what a name means (that is policy) and must not read packets (that is ``query`` and ``answer``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from safedns.errors import WireError

MAX_NAME = 255
"""Octets of a name on the wire, root included (RFC 1035 section 2.3.4)."""
MAX_LABEL = 63
HEADER_SIZE = 12
"""Octets of a message before its first name (RFC 1035 section 4.1.1)."""

_PLAIN = b"abcdefghijklmnopqrstuvwxyz0123456789-_"
_PLAIN_AND_DOT = _PLAIN + b"."
_PLAIN_AND_BACKSLASH = _PLAIN + b"\\"
_PLAIN_ANY_CASE_AND_DOT = _PLAIN_AND_DOT + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TEXT_OF_BYTE = [chr(byte) if byte in _PLAIN else f"\\{byte:03d}" for byte in range(256)]
_MAX_POINTERS = 127
"""A name has at most 127 labels, so no honest name needs more hops."""


def key_of(name: str) -> str:
    """Reversed labels, each followed by a dot: ``www.example.com`` -> ``com.example.www.``; the root -> ``""``."""
    if name == ".":
        return ""
    labels = name.split(".")
    labels.reverse()
    return ".".join(labels) + "."


def name_of_key(key: str) -> str:
    """Inverse of ``key_of``."""
    if not key:
        return "."
    labels = key[:-1].split(".")
    labels.reverse()
    return ".".join(labels)


def parents(name: str) -> Iterator[str]:
    """The name itself, then each parent down to its top-level domain; nothing for the root."""
    if name == ".":
        return
    yield name
    dot = name.find(".")
    while dot >= 0:
        yield name[dot + 1 :]
        dot = name.find(".", dot + 1)


def parse_name(text: str) -> str:
    """User or list text (any letter case, trailing dot, IDN) -> canonical name; ``ValueError`` says what is wrong."""
    if text.isascii():
        # Lists hold millions of short plain names: no label in them can be too long, so one look at the bytes does.
        if (
            0 < len(text) <= MAX_LABEL
            and not text.encode().translate(None, _PLAIN_ANY_CASE_AND_DOT)
            and ".." not in text
            and text[0] != "."
            and text[-1] != "."
        ):
            return text.lower()
        return _parse_ascii(text, text)
    return _parse_ascii(_to_ascii(text), text)


def to_wire(name: str) -> bytes:
    """Canonical name -> uncompressed wire form; ``ValueError`` when a label or the whole is too long or empty."""
    if name == ".":
        return b"\0"
    wire = bytearray()
    for label in name.split("."):
        raw = _unescape(label, name) if "\\" in label else label.encode()
        if not 0 < len(raw) <= MAX_LABEL:
            raise ValueError(f"{name!r}: a label has {len(raw)} bytes; expected 1 to {MAX_LABEL}")
        wire.append(len(raw))
        wire += raw
    wire.append(0)
    if len(wire) > MAX_NAME:
        raise ValueError(f"{name!r}: the name has {len(wire) - 2} bytes; expected at most {MAX_NAME - 2}")
    return bytes(wire)


def from_wire(data: bytes, offset: int) -> tuple[str, int]:
    """Canonical name at ``offset`` of a message and the offset behind it; follows pointers; raises ``WireError``."""
    labels, end = labels_at(data, offset)
    return text_of(labels), end


def expand(data: bytes, offset: int) -> tuple[bytes, int]:
    """The name at ``offset`` without compression, letter case kept, and the offset behind it; raises ``WireError``."""
    labels, end = labels_at(data, offset)
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0", end


def labels_at(data: bytes, offset: int) -> tuple[list[bytes], int]:
    """Raw labels of the name at ``offset`` and the offset behind it (RFC 1035 section 4.1.4); raises ``WireError``."""
    labels: list[bytes] = []
    end = 0
    position = earliest = offset
    size = 1
    hops = 0
    try:
        while length := data[position]:
            if length <= MAX_LABEL:
                start = position + 1
                position = start + length
                labels.append(data[start:position])
                size += length + 1
                if size > MAX_NAME:
                    raise WireError("a name is longer than 255 octets")
            elif length >= 0xC0:
                target = (length & 0x3F) << 8 | data[position + 1]
                end = end or position + 2
                hops += 1
                # Only backwards, each time before every earlier stop: loops cannot happen. Never into the header, which
                # holds no name and is not the same in the reply that is made of this message.
                if not HEADER_SIZE <= target < earliest or hops > _MAX_POINTERS:
                    raise WireError("a compression pointer does not point to an earlier name")
                position = earliest = target
            else:
                raise WireError(f"a label begins with the reserved octet 0x{length:02x}")
    except IndexError:
        raise WireError("a name runs past the end of the message") from None
    return labels, end or position + 1


def text_of(labels: Sequence[bytes]) -> str:
    """Wire labels (any letter case) -> canonical name."""
    if not labels:
        return "."
    joined = b".".join(labels).lower()
    if not joined.translate(None, _PLAIN_AND_DOT) and joined.count(b".") == len(labels) - 1:
        return joined.decode()
    return ".".join("".join([_TEXT_OF_BYTE[byte] for byte in label.lower()]) for label in labels)


def display(name: str) -> str:
    """How to show a canonical name to a person: valid A-labels in Unicode, everything else as it is."""
    if "xn--" not in name:
        return name
    return ".".join(_show_label(label) if label.startswith("xn--") else label for label in name.split("."))


def _show_label(label: str) -> str:
    import idna  # 2 MB of tables, only where somebody reads

    try:
        return idna.ulabel(label)
    except (idna.IDNAError, UnicodeError):
        return label


def _to_ascii(text: str) -> str:
    """IDN -> A-labels after UTS 46 mapping; ASCII labels pass as they are, so ``_dmarc.bücher.example`` is fine."""
    import idna  # 2 MB of tables, only for names that are not ASCII

    try:
        mapped = idna.uts46_remap(text, std3_rules=False)
        return ".".join(
            label if label.isascii() else idna.alabel(label).decode()
            for label in mapped.split(".")  # UTS 46 has turned the other full stops into "."
        )
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError(f"{text!r} is not a valid international domain name: {error}") from None


def _parse_ascii(ascii_text: str, text: str) -> str:
    """The careful way: trailing dot, escapes, long names, and a clear sentence for everything that is wrong."""
    if ascii_text == ".":
        return "."
    name = ascii_text.removesuffix(".").lower()
    if not name:
        raise ValueError("the name is empty; expected a domain name such as example.com")
    labels = []
    for label in name.split("."):
        raw = _unescape(label, text) if "\\" in label else label.encode()
        if not raw:
            raise ValueError(f"{text!r} has an empty label; expected a domain name such as example.com")
        if len(raw) > MAX_LABEL:
            raise ValueError(f"{text!r} has a label of {len(raw)} characters; at most {MAX_LABEL} are allowed")
        if strange := label.encode().translate(None, _PLAIN_AND_BACKSLASH):
            raise ValueError(f"{text!r} has {chr(strange[0])!r} in it; expected letters, digits, '-', '_' and '.'")
        labels.append(raw)
    length = sum(map(len, labels)) + len(labels) - 1
    if length > MAX_NAME - 2:
        raise ValueError(f"{text[:40]!r}... is a name of {length} characters; at most {MAX_NAME - 2} are allowed")
    return text_of(labels)


def _unescape(label: str, text: str) -> bytes:
    r"""Bytes of a label that holds ``\DDD`` escapes."""
    first, *escaped = label.split("\\")
    raw = bytearray(first.encode())
    for part in escaped:
        digits = part[:3]
        if len(digits) < 3 or not digits.isdigit() or int(digits) > 255:
            raise ValueError(f"{text!r} has a broken escape; expected a backslash and three digits up to 255")
        raw.append(int(digits))
        raw += part[3:].encode()
    return bytes(raw)
