"""What a submit_sm asks for, or the status that refuses it."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.smpp.world import PHONE, submit
from yunxin.protocols.errors import RemoteProtocolError
from yunxin.protocols.smpp.pdus import HEADER, SubmitSm, Tag, decode
from yunxin.protocols.smpp.status import Code
from yunxin.smpp.reading import Rules, Submission, read
from yunxin.text import segments
from yunxin.vocabulary import SmppAlphabet, SmppSourceRule

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
RULES = Rules(SmppSourceRule.IGNORED, "", SmppAlphabet.GSM7, ("106900", "1069"))
FREE_DIGITS = RULES._replace(source_rule=SmppSourceRule.EXTENSION, extension="7")


def said(rules=RULES, text="您好", **fields) -> Submission:
    submission = read(submit(text, **fields), rules, NOW)
    assert isinstance(submission, Submission), submission
    return submission


@pytest.mark.parametrize(
    ("data_coding", "data", "text"),
    [
        (8, "您好😀".encode("utf-16-be"), "您好😀"),
        (0, b"Hi \x00\x1be", "Hi @€"),  # GSM 7-bit, unpacked
        (1, b"Hi", "Hi"),
        (3, "café".encode("latin-1"), "café"),
        (15, "您好".encode("gbk"), "您好"),
        (0x18, "您好".encode("utf-16-be"), "您好"),  # with a message class
        (0xF0, b"Hi", "Hi"),
        (8, "您好".encode("utf-16-be") + b"\x4f", "您好\ufffd"),  # cut off
    ],
)
def test_a_text_is_read_as_its_data_coding_says(data_coding, data, text):
    assert said(data_coding=data_coding, short_message=data).text == text


def test_the_default_alphabet_is_the_account_s():
    latin = RULES._replace(default_alphabet=SmppAlphabet.LATIN1)
    fields = {"data_coding": 0, "short_message": "à@".encode("latin-1")}
    assert said(latin, **fields).text == "à@"
    assert said(**fields).text != "à@"


def test_a_long_text_may_come_whole():
    payload = {Tag.MESSAGE_PAYLOAD: ("长" * 300).encode("utf-16-be")}
    assert said(short_message=b"", tlvs=payload).text == "长" * 300


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"esm_class": 0x40, "short_message": segments.header(9, 3, 2) + b"\0a"}, (9, 3, 2)),
        ({"esm_class": 0x40, "short_message": b"\x06\x08\x04\x01\x02\x03\x02\0a"}, (258, 3, 2)),
        (
            {"tlvs": {Tag.SAR_MSG_REF_NUM: b"\x01\x02", Tag.SAR_TOTAL_SEGMENTS: b"\x03",
                      Tag.SAR_SEGMENT_SEQNUM: b"\x02"}},
            (258, 3, 2),
        ),
    ],
)  # fmt: skip
def test_a_part_says_where_it_stands(fields, part):
    submission = said(**fields)
    assert submission.part is not None
    assert msgspec.structs.astuple(submission.part) == part


def test_one_part_of_one_is_a_whole_message():
    one = segments.header(9, 1, 1) + "好".encode("utf-16-be")
    assert said(esm_class=0x40, short_message=one).part is None


@pytest.mark.parametrize("number", ["13800005678", "8613800005678", "+8613800005678"])
def test_a_phone_is_known_in_any_form(number):
    assert said(destination_addr=number).phone == PHONE


@pytest.mark.parametrize(
    ("source", "extension"),
    [("", "7"), ("10690088", "788"), ("106900788", "788"), ("88", "788"), ("+10690088", "788")],
)
def test_digits_behind_the_number_are_free(source, extension):
    assert said(FREE_DIGITS, source_addr=source).extension == extension


def test_a_source_that_means_nothing_may_be_anything():
    assert said(source_addr="ACME").extension == ""
    assert said(RULES._replace(extension="7"), source_addr="10690088").extension == "7"


def test_times_are_understood():
    at = said(schedule_delivery_time="000000010000000R", validity_period="000000020000000R")
    assert at.not_before == NOW + timedelta(hours=1)
    assert at.expires_at == NOW + timedelta(hours=2)
    past = said(schedule_delivery_time="251125180000032+")
    assert past.not_before is None


def test_what_the_receipt_needs_is_kept():
    submission = said(
        source_addr="1069", registered_delivery=0x12,
        tlvs={Tag.USER_MESSAGE_REFERENCE: b"\x01\x02"},
    )  # fmt: skip
    assert (submission.wanted, submission.reference) == (2, "258")
    assert submission.back == b"\0\0\0" + PHONE.encode() + b"\0\0\0" + b"1069\0"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"destination_addr": "10086"}, Code.RINVDSTADR),
        ({"destination_addr": ""}, Code.RINVDSTADR),
        ({"destination_addr": "1" * 500}, Code.RINVDSTADR),
        ({"source_addr": "1" * 500}, Code.RINVSRCADR),
        ({"esm_class": 0x02}, Code.RINVESMCLASS),
        ({"esm_class": 0x04}, Code.RINVESMCLASS),
        ({"priority_flag": 4}, Code.RINVPRTFLG),
        ({"registered_delivery": 3}, Code.RINVREGDLVFLG),
        ({"replace_if_present_flag": 1}, Code.RINVREPFLAG),
        ({"sm_default_msg_id": 1}, Code.RINVDFTMSGID),
        ({"data_coding": 4}, Code.RSUBMITFAIL),
        ({"data_coding": 0xF4}, Code.RSUBMITFAIL),
        ({"short_message": b""}, Code.RINVMSGLEN),
        ({"tlvs": {Tag.MESSAGE_PAYLOAD: b"\0a"}}, Code.ROPTPARNOTALLWD),
        ({"short_message": b"", "tlvs": {Tag.MESSAGE_PAYLOAD: b"\0a" * 3000}}, Code.RINVMSGLEN),
        ({"tlvs": {Tag.SAR_TOTAL_SEGMENTS: b"\x02"}}, Code.RMISSINGOPTPARAM),
        (
            {"tlvs": {Tag.SAR_TOTAL_SEGMENTS: b"\x02", Tag.SAR_MSG_REF_NUM: b"\0\1",
                      Tag.SAR_SEGMENT_SEQNUM: b"\x03"}},
            Code.RINVOPTPARAMVAL,
        ),
        ({"esm_class": 0x40, "short_message": segments.header(9, 31, 2) + b"\0a"}, Code.RINVMSGLEN),
        ({"schedule_delivery_time": "tomorrow"}, Code.RINVSCHED),
        ({"schedule_delivery_time": "000008000000000R"}, Code.RINVSCHED),
        ({"validity_period": "soon"}, Code.RINVEXPIRY),
        ({"validity_period": "251125180000032+"}, Code.RINVEXPIRY),
        (
            {"schedule_delivery_time": "000000020000000R", "validity_period": "000000010000000R"},
            Code.RINVEXPIRY,
        ),
    ],
)  # fmt: skip
def test_what_is_not_on_offer_has_its_status(fields, status):
    assert read(submit("您好", **fields), RULES, NOW) == status


def test_a_source_with_letters_has_no_free_digits():
    assert read(submit("您好", source_addr="ACME"), FREE_DIGITS, NOW) == Code.RINVSRCADR


@given(st.binary(max_size=300))
def test_any_submit_is_read_or_refused(body):
    frame = HEADER.pack(16 + len(body), SubmitSm.command_id, 0, 1) + body
    try:
        pdu = decode(frame)
    except RemoteProtocolError:
        return
    for rules in (RULES, FREE_DIGITS):
        outcome = read(pdu, rules, NOW)
        assert isinstance(outcome, Submission) or outcome > 0
