"""Packets that are wrong in one way each; the name says in which."""

from __future__ import annotations

import struct
from typing import NamedTuple

from safedns.wire.types import RCode

NAME = b"\x03www\x07example\x03com\0"
QUESTION = NAME + b"\0\x01\0\x01"
OPT = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
"""Root owner, type 41, size 1232, version 0, no flags, no options."""
POINTER = b"\xc0\x0c"
QUERY, RESPONSE = 0x0100, 0x8180


class Malformed(NamedTuple):
    packet: bytes
    rcode: int | None
    """What the sender is told; None = nothing at all."""


def header(
    flags: int = QUERY, questions: int = 1, answers: int = 0, authorities: int = 0, additionals: int = 0
) -> bytes:
    return struct.pack("!6H", 0xBEEF, flags, questions, answers, authorities, additionals)


def record(
    owner: bytes, rtype: int, rdata: bytes, *, rclass: int = 1, ttl: int = 300, length: int | None = None
) -> bytes:
    return owner + struct.pack("!HHIH", rtype, rclass, ttl, len(rdata) if length is None else length) + rdata


def opt(options: bytes = b"", *, version: int = 0, length: int | None = None) -> bytes:
    return record(b"\0", 41, options, rclass=1232, ttl=version << 16, length=length)


A_RECORD = record(POINTER, 1, b"\xc0\0\x02\x01")
_FULL_LABEL = b"\x3f" + b"a" * 63

QUERIES: dict[str, Malformed] = {
    "nothing": Malformed(b"", None),
    "one_octet_short_of_a_header": Malformed(header()[:11], None),
    "answer_bit_set": Malformed(header(RESPONSE) + QUESTION, None),
    "answer_bit_set_and_garbage": Malformed(header(0xFFFF, 9, 9, 9, 9) + b"\xff" * 9, None),
    "opcode_status": Malformed(header(0x1000) + QUESTION, RCode.NOTIMP),
    "opcode_notify": Malformed(header(0x2000) + QUESTION, RCode.NOTIMP),
    "opcode_update": Malformed(header(0x2800) + NAME + b"\0\x06\0\x01", RCode.NOTIMP),
    "opcode_stateful_without_question": Malformed(header(0x3000, 0), RCode.NOTIMP),
    "no_question_announced": Malformed(header(questions=0), RCode.FORMERR),
    "no_question_announced_but_present": Malformed(header(questions=0) + QUESTION, RCode.FORMERR),
    "two_questions": Malformed(header(questions=2) + QUESTION * 2, RCode.FORMERR),
    "question_missing": Malformed(header(), RCode.FORMERR),
    "question_name_without_end": Malformed(header() + NAME[:-1], RCode.FORMERR),
    "question_label_cut_off": Malformed(header() + NAME[:6], RCode.FORMERR),
    "question_without_type": Malformed(header() + NAME, RCode.FORMERR),
    "question_with_half_a_class": Malformed(header() + QUESTION[:-1], RCode.FORMERR),
    "question_name_points_to_itself": Malformed(header() + POINTER + b"\0\x01\0\x01", RCode.FORMERR),
    "question_name_points_into_the_header": Malformed(header() + b"\xc0\x04\0\x01\0\x01", RCode.FORMERR),
    "question_name_ends_in_a_pointer": Malformed(header() + b"\x03www" + POINTER + b"\0\x01\0\x01", RCode.FORMERR),
    "label_of_64_octets": Malformed(header() + b"\x40" + b"a" * 64 + b"\0\0\x01\0\x01", RCode.FORMERR),
    "label_with_reserved_bits_10": Malformed(header() + b"\x83www\0\0\x01\0\x01", RCode.FORMERR),
    "name_of_256_octets": Malformed(
        header() + _FULL_LABEL * 3 + b"\x3e" + b"a" * 62 + b"\0" + b"\0\x01\0\x01", RCode.FORMERR
    ),
    "name_of_126_labels_and_more": Malformed(header() + b"\x01a" * 200 + b"\0\0\x01\0\x01", RCode.FORMERR),
    "bytes_behind_the_question": Malformed(header() + QUESTION + b"\0", RCode.FORMERR),
    "bytes_behind_the_opt": Malformed(header(additionals=1) + QUESTION + OPT + b"\0", RCode.FORMERR),
    "opt_present_but_not_announced": Malformed(header() + QUESTION + OPT, RCode.FORMERR),
    "opt_announced_but_missing": Malformed(header(additionals=1) + QUESTION, RCode.FORMERR),
    "opt_cut_off_in_its_fixed_part": Malformed(header(additionals=1) + QUESTION + OPT[:-1], RCode.FORMERR),
    "opt_longer_than_the_packet": Malformed(header(additionals=1) + QUESTION + opt(length=4), RCode.FORMERR),
    "opt_owned_by_a_name": Malformed(
        header(additionals=1) + QUESTION + record(POINTER, 41, b"", rclass=1232, ttl=0), RCode.FORMERR
    ),
    "two_opts": Malformed(header(additionals=2) + QUESTION + OPT + OPT, RCode.FORMERR),
    "option_header_cut_off": Malformed(header(additionals=1) + QUESTION + opt(b"\0\x0a\0"), RCode.FORMERR),
    "option_longer_than_the_opt": Malformed(header(additionals=1) + QUESTION + opt(b"\0\x0a\0\x08abcd"), RCode.FORMERR),
    "edns_version_1": Malformed(header(additionals=1) + QUESTION + opt(version=1), RCode.BADVERS),
    "edns_version_255": Malformed(header(additionals=1) + QUESTION + opt(version=255), RCode.BADVERS),
    "edns_version_1_with_options_of_its_own": Malformed(
        header(additionals=1) + QUESTION + opt(b"\xff", version=1), RCode.BADVERS
    ),
    "answer_record_in_a_query": Malformed(header(answers=1) + QUESTION + A_RECORD, RCode.FORMERR),
    "answer_announced_in_a_query": Malformed(header(answers=65535) + QUESTION, RCode.FORMERR),
    "authority_record_in_a_query": Malformed(header(authorities=1) + QUESTION + A_RECORD, RCode.FORMERR),
    "additional_record_cut_off": Malformed(header(additionals=1) + QUESTION + A_RECORD[:-1], RCode.FORMERR),
    "additional_owner_points_to_itself": Malformed(
        header(additionals=1) + QUESTION + record(b"\xc0\x21", 1, b"abcd"), RCode.FORMERR
    ),
    "additional_owner_points_forward": Malformed(
        header(additionals=1) + QUESTION + record(b"\xc0\x40", 1, b"abcd"), RCode.FORMERR
    ),
}

RESPONSES: dict[str, bytes] = {
    "nothing": b"",
    "one_octet_short_of_a_header": header(RESPONSE)[:11],
    "answer_bit_missing": header(QUERY) + QUESTION,
    "opcode_notify": header(0xA000) + QUESTION,
    "no_question": header(RESPONSE, 0),
    "two_questions": header(RESPONSE, 2) + QUESTION * 2,
    "question_cut_off": header(RESPONSE) + QUESTION[:-1],
    "question_for_another_name": header(RESPONSE) + b"\x03wwv\x07example\x03com\0\0\x01\0\x01",
    "question_for_another_type": header(RESPONSE) + NAME + b"\0\x1c\0\x01",
    "question_for_another_class": header(RESPONSE) + NAME + b"\0\x01\0\x03",
    "answer_announced_but_missing": header(RESPONSE, answers=1) + QUESTION,
    "answer_present_but_not_announced": header(RESPONSE) + QUESTION + A_RECORD,
    "answer_cut_off_in_its_owner": header(RESPONSE, answers=1) + QUESTION + b"\x03www",
    "answer_cut_off_in_its_pointer": header(RESPONSE, answers=1) + QUESTION + b"\xc0",
    "answer_cut_off_in_its_fixed_part": header(RESPONSE, answers=1) + QUESTION + A_RECORD[:9],
    "answer_cut_off_in_its_rdata": header(RESPONSE, answers=1) + QUESTION + A_RECORD[:-1],
    "bytes_behind_the_last_record": header(RESPONSE, answers=1) + QUESTION + A_RECORD + b"\0",
    "owner_points_to_itself": header(RESPONSE, answers=1) + QUESTION + record(b"\xc0\x21", 1, b"abcd"),
    "owner_points_forward": header(RESPONSE, answers=1) + QUESTION + record(b"\xc0\x30", 1, b"abcd"),
    "owner_points_into_the_header": header(RESPONSE, answers=1) + QUESTION + record(b"\xc0\x02", 1, b"abcd"),
    "owner_of_256_octets": header(RESPONSE, answers=1) + QUESTION + record(_FULL_LABEL * 4 + b"\0", 1, b"abcd"),
    "owner_with_reserved_bits_01": header(RESPONSE, answers=1) + QUESTION + record(b"\x41a\0", 1, b"abcd"),
    "address_of_three_octets": header(RESPONSE, answers=1) + QUESTION + record(POINTER, 1, b"abc"),
    "ipv6_address_of_four_octets": header(RESPONSE, answers=1) + QUESTION + record(POINTER, 28, b"abcd"),
    "cname_without_target": header(RESPONSE, answers=1) + QUESTION + record(POINTER, 5, b""),
    "cname_longer_than_its_rdata": header(RESPONSE, answers=1)
    + QUESTION
    + record(POINTER, 5, NAME, length=2)
    + NAME[2:],
    "mx_without_exchange": header(RESPONSE, answers=1) + QUESTION + record(POINTER, 15, b"\0\x0a"),
    "soa_without_numbers": header(RESPONSE, authorities=1) + QUESTION + record(POINTER, 6, POINTER * 2),
    "soa_with_a_number_too_many": header(RESPONSE, authorities=1)
    + QUESTION
    + record(POINTER, 6, POINTER * 2 + bytes(24)),
    "service_record_without_target": header(RESPONSE, answers=1) + QUESTION + record(POINTER, 65, b"\0\x01"),
    "service_target_longer_than_its_rdata": header(RESPONSE, answers=1)
    + QUESTION
    + record(POINTER, 65, b"\0\x01" + NAME, length=6)
    + NAME[4:],
    "service_parameter_header_cut_off": header(RESPONSE, answers=1) + QUESTION + record(POINTER, 65, b"\0\x01\0\0\x04"),
    "service_parameter_cut_off": header(RESPONSE, answers=1)
    + QUESTION
    + record(POINTER, 65, b"\0\x01\0\0\x04\0\x08\x01\x02\x03\x04"),
    "address_hint_of_three_octets": header(RESPONSE, answers=1)
    + QUESTION
    + record(POINTER, 65, b"\0\x01\0\0\x04\0\x03\x01\x02\x03"),
    "two_opts": header(RESPONSE, additionals=2) + QUESTION + OPT + OPT,
    "opt_in_the_answer_section": header(RESPONSE, answers=1) + QUESTION + OPT,
    "opt_in_the_authority_section": header(RESPONSE, authorities=1) + QUESTION + OPT,
    "opt_owned_by_a_name": header(RESPONSE, additionals=1) + QUESTION + record(POINTER, 41, b"", rclass=1232, ttl=0),
}
"""None of them is an answer to www.example.com A."""
