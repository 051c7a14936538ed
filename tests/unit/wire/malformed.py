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
    complaint: str


class BadResponse(NamedTuple):
    packet: bytes
    complaint: str


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
    "nothing": Malformed(b"", None, "the packet is shorter than a header"),
    "one_octet_short_of_a_header": Malformed(header()[:11], None, "the packet is shorter than a header"),
    "answer_bit_set": Malformed(header(RESPONSE) + QUESTION, None, "the packet is an answer, not a query"),
    "answer_bit_set_and_garbage": Malformed(
        header(0xFFFF, 9, 9, 9, 9) + b"\xff" * 9, None, "the packet is an answer, not a query"
    ),
    "opcode_status": Malformed(header(0x1000) + QUESTION, RCode.NOTIMP, "the operation is not a query"),
    "opcode_notify": Malformed(header(0x2000) + QUESTION, RCode.NOTIMP, "the operation is not a query"),
    "opcode_update": Malformed(header(0x2800) + NAME + b"\0\x06\0\x01", RCode.NOTIMP, "the operation is not a query"),
    "opcode_stateful_without_question": Malformed(header(0x3000, 0), RCode.NOTIMP, "the operation is not a query"),
    "no_question_announced": Malformed(header(questions=0), RCode.FORMERR, "the query has 0 questions; expected one"),
    "no_question_announced_but_present": Malformed(
        header(questions=0) + QUESTION, RCode.FORMERR, "the query has 0 questions; expected one"
    ),
    "two_questions": Malformed(
        header(questions=2) + QUESTION * 2, RCode.FORMERR, "the query has 2 questions; expected one"
    ),
    "question_missing": Malformed(header(), RCode.FORMERR, "the question's name is too long or cut off"),
    "question_name_without_end": Malformed(
        header() + NAME[:-1], RCode.FORMERR, "the question's name is too long or cut off"
    ),
    "question_label_cut_off": Malformed(
        header() + NAME[:6], RCode.FORMERR, "the question's name is too long or cut off"
    ),
    "question_without_type": Malformed(header() + NAME, RCode.FORMERR, "the question runs past the end of the packet"),
    "question_with_half_a_class": Malformed(
        header() + QUESTION[:-1], RCode.FORMERR, "the question runs past the end of the packet"
    ),
    "question_name_points_to_itself": Malformed(
        header() + POINTER + b"\0\x01\0\x01",
        RCode.FORMERR,
        "the question's name has a label that is too long, or a pointer",
    ),
    "question_name_points_into_the_header": Malformed(
        header() + b"\xc0\x04\0\x01\0\x01",
        RCode.FORMERR,
        "the question's name has a label that is too long, or a pointer",
    ),
    "question_name_ends_in_a_pointer": Malformed(
        header() + b"\x03www" + POINTER + b"\0\x01\0\x01",
        RCode.FORMERR,
        "the question's name has a label that is too long, or a pointer",
    ),
    "label_of_64_octets": Malformed(
        header() + b"\x40" + b"a" * 64 + b"\0\0\x01\0\x01",
        RCode.FORMERR,
        "the question's name has a label that is too long, or a pointer",
    ),
    "label_with_reserved_bits_10": Malformed(
        header() + b"\x83www\0\0\x01\0\x01",
        RCode.FORMERR,
        "the question's name has a label that is too long, or a pointer",
    ),
    "name_of_256_octets": Malformed(
        header() + _FULL_LABEL * 3 + b"\x3e" + b"a" * 62 + b"\0" + b"\0\x01\0\x01",
        RCode.FORMERR,
        "the question's name is too long or cut off",
    ),
    "name_of_126_labels_and_more": Malformed(
        header() + b"\x01a" * 200 + b"\0\0\x01\0\x01", RCode.FORMERR, "the question's name is too long or cut off"
    ),
    "bytes_behind_the_question": Malformed(
        header() + QUESTION + b"\0", RCode.FORMERR, "the query has bytes behind its last record"
    ),
    "bytes_behind_the_opt": Malformed(
        header(additionals=1) + QUESTION + OPT + b"\0", RCode.FORMERR, "the query has bytes behind its last record"
    ),
    "opt_present_but_not_announced": Malformed(
        header() + QUESTION + OPT, RCode.FORMERR, "the query has bytes behind its last record"
    ),
    "opt_announced_but_missing": Malformed(
        header(additionals=1) + QUESTION, RCode.FORMERR, "a name runs past the end of the message"
    ),
    "opt_cut_off_in_its_fixed_part": Malformed(
        header(additionals=1) + QUESTION + OPT[:-1], RCode.FORMERR, "a record runs past the end of the message"
    ),
    "opt_longer_than_the_packet": Malformed(
        header(additionals=1) + QUESTION + opt(length=4), RCode.FORMERR, "a record runs past the end of the message"
    ),
    "opt_owned_by_a_name": Malformed(
        header(additionals=1) + QUESTION + record(POINTER, 41, b"", rclass=1232, ttl=0),
        RCode.FORMERR,
        "the OPT record's owner is not the root",
    ),
    "two_opts": Malformed(
        header(additionals=2) + QUESTION + OPT + OPT, RCode.FORMERR, "the query has more than one OPT record"
    ),
    "option_header_cut_off": Malformed(
        header(additionals=1) + QUESTION + opt(b"\0\x0a\0"), RCode.FORMERR, "an EDNS option is cut off"
    ),
    "option_longer_than_the_opt": Malformed(
        header(additionals=1) + QUESTION + opt(b"\0\x0a\0\x08abcd"), RCode.FORMERR, "an EDNS option is cut off"
    ),
    "edns_version_1": Malformed(
        header(additionals=1) + QUESTION + opt(version=1), RCode.BADVERS, "EDNS version 1 is not supported"
    ),
    "edns_version_255": Malformed(
        header(additionals=1) + QUESTION + opt(version=255), RCode.BADVERS, "EDNS version 255 is not supported"
    ),
    "edns_version_1_with_options_of_its_own": Malformed(
        header(additionals=1) + QUESTION + opt(b"\xff", version=1), RCode.BADVERS, "EDNS version 1 is not supported"
    ),
    "answer_record_in_a_query": Malformed(
        header(answers=1) + QUESTION + A_RECORD, RCode.FORMERR, "the query brings records of an answer"
    ),
    "answer_announced_in_a_query": Malformed(
        header(answers=65535) + QUESTION, RCode.FORMERR, "the query brings records of an answer"
    ),
    "authority_record_in_a_query": Malformed(
        header(authorities=1) + QUESTION + A_RECORD, RCode.FORMERR, "the query brings records of an answer"
    ),
    "seventeen_additional_records": Malformed(
        header(additionals=17) + QUESTION + A_RECORD * 16 + OPT, RCode.FORMERR, "the query brings too many records"
    ),
    "additional_record_cut_off": Malformed(
        header(additionals=1) + QUESTION + A_RECORD[:-1], RCode.FORMERR, "a record runs past the end of the message"
    ),
    "additional_owner_points_to_itself": Malformed(
        header(additionals=1) + QUESTION + record(b"\xc0\x21", 1, b"abcd"),
        RCode.FORMERR,
        "a compression pointer does not point to an earlier name",
    ),
    "additional_owner_points_forward": Malformed(
        header(additionals=1) + QUESTION + record(b"\xc0\x40", 1, b"abcd"),
        RCode.FORMERR,
        "a compression pointer does not point to an earlier name",
    ),
}

RESPONSES: dict[str, BadResponse] = {
    "nothing": BadResponse(b"", "the response is shorter than a header"),
    "one_octet_short_of_a_header": BadResponse(header(RESPONSE)[:11], "the response is shorter than a header"),
    "answer_bit_missing": BadResponse(header(QUERY) + QUESTION, "the packet is not the response to a query"),
    "opcode_notify": BadResponse(header(0xA000) + QUESTION, "the packet is not the response to a query"),
    "no_question": BadResponse(header(RESPONSE, 0), "the response is to another question"),
    "two_questions": BadResponse(header(RESPONSE, 2) + QUESTION * 2, "the response is to another question"),
    "question_cut_off": BadResponse(header(RESPONSE) + QUESTION[:-1], "the response is to another question"),
    "question_for_another_name": BadResponse(
        header(RESPONSE) + b"\x03wwv\x07example\x03com\0\0\x01\0\x01", "the response is to another question"
    ),
    "question_for_another_type": BadResponse(
        header(RESPONSE) + NAME + b"\0\x1c\0\x01", "the response is to another question"
    ),
    "question_for_another_class": BadResponse(
        header(RESPONSE) + NAME + b"\0\x01\0\x03", "the response is to another question"
    ),
    "answer_announced_but_missing": BadResponse(
        header(RESPONSE, answers=1) + QUESTION, "a name runs past the end of the message"
    ),
    "answer_present_but_not_announced": BadResponse(
        header(RESPONSE) + QUESTION + A_RECORD, "the response has bytes behind its last record"
    ),
    "answer_cut_off_in_its_owner": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + b"\x03www", "a name runs past the end of the message"
    ),
    "answer_cut_off_in_its_pointer": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + b"\xc0", "a name runs past the end of the message"
    ),
    "answer_cut_off_in_its_fixed_part": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + A_RECORD[:9], "a record runs past the end of the message"
    ),
    "answer_cut_off_in_its_rdata": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + A_RECORD[:-1], "a record runs past the end of the message"
    ),
    "bytes_behind_the_last_record": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + A_RECORD + b"\0", "the response has bytes behind its last record"
    ),
    "owner_points_to_itself": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(b"\xc0\x21", 1, b"abcd"),
        "a compression pointer does not point to an earlier name",
    ),
    "owner_points_forward": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(b"\xc0\x30", 1, b"abcd"),
        "a compression pointer does not point to an earlier name",
    ),
    "owner_points_into_the_header": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(b"\xc0\x02", 1, b"abcd"),
        "a compression pointer does not point to an earlier name",
    ),
    "owner_of_256_octets": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(_FULL_LABEL * 4 + b"\0", 1, b"abcd"),
        "a name is longer than 255 octets",
    ),
    "owner_with_reserved_bits_01": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(b"\x41a\0", 1, b"abcd"),
        "a label begins with the reserved octet 0x41",
    ),
    "address_of_three_octets": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(POINTER, 1, b"abc"), "an address record has the wrong length"
    ),
    "ipv6_address_of_four_octets": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(POINTER, 28, b"abcd"), "an address record has the wrong length"
    ),
    "cname_without_target": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(POINTER, 5, b""), "a name runs past the end of the message"
    ),
    "cname_that_ends_in_the_next_record": BadResponse(
        header(RESPONSE, answers=2) + QUESTION + record(POINTER, 5, b"\x03cdn") + record(b"\0", 1, b"abcd"),
        "a record is shorter than its contents",
    ),
    "mx_without_exchange": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(POINTER, 15, b"\0\x0a"),
        "a name runs past the end of the message",
    ),
    "soa_without_numbers": BadResponse(
        header(RESPONSE, authorities=1) + QUESTION + record(POINTER, 6, POINTER * 2),
        "a record is shorter than its contents",
    ),
    "soa_with_a_number_too_many": BadResponse(
        header(RESPONSE, authorities=1) + QUESTION + record(POINTER, 6, POINTER * 2 + bytes(24)),
        "a record is shorter than its contents",
    ),
    "service_record_without_target": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(POINTER, 65, b"\0\x01"),
        "a name runs past the end of the message",
    ),
    "service_target_that_ends_in_the_next_record": BadResponse(
        header(RESPONSE, answers=2) + QUESTION + record(POINTER, 65, b"\0\x01\x03svc") + record(b"\0", 1, b"abcd"),
        "a service record is shorter than its target",
    ),
    "service_parameter_header_cut_off": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(POINTER, 65, b"\0\x01\0\0\x04"),
        "a service parameter is cut off",
    ),
    "service_parameter_cut_off": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(POINTER, 65, b"\0\x01\0\0\x04\0\x08\x01\x02\x03\x04"),
        "a service parameter is cut off",
    ),
    "address_hint_of_three_octets": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(POINTER, 65, b"\0\x01\0\0\x04\0\x03\x01\x02\x03"),
        "an address hint has the wrong length",
    ),
    "two_opts": BadResponse(
        header(RESPONSE, additionals=2) + QUESTION + OPT + OPT,
        "the response has an OPT record too many, or in the wrong section",
    ),
    "opt_in_the_answer_section": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + OPT, "the response has an OPT record too many, or in the wrong section"
    ),
    "opt_in_the_authority_section": BadResponse(
        header(RESPONSE, authorities=1) + QUESTION + OPT,
        "the response has an OPT record too many, or in the wrong section",
    ),
    "answer_of_another_class": BadResponse(
        header(RESPONSE, answers=1) + QUESTION + record(POINTER, 1, b"\xc0\xa8\0\x01", rclass=4),
        "the response has an answer of another class than the question",
    ),
    "opt_owned_by_a_name": BadResponse(
        header(RESPONSE, additionals=1) + QUESTION + record(POINTER, 41, b"", rclass=1232, ttl=0),
        "the OPT record's owner is not the root",
    ),
}
"""None of them is an answer to www.example.com A."""
