"""Receipts as message centres really write them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.protocols.errors import RemoteProtocolError
from yunxin.protocols.receipt import Outcome, Receipt
from yunxin.protocols.smpp.pdus import Tag
from yunxin.protocols.smpp.receipts import build, is_receipt, parse

FULL = Receipt("1a2B", Outcome.DELIVERED, "DELIVRD", "000", "2611230800", "2611230801", b"hi")


def test_a_few_write_ucs2() -> None:
    words = "id:1a2B sub:001 dlvrd:001 submit date:2611230800 done date:2611230801 "
    message = (words + "stat:DELIVRD err:000 text:好").encode("utf-16-be")
    assert parse(message, {}) == msgspec.structs.replace(FULL, text=b"?")


@pytest.mark.parametrize(
    ("message", "receipt"),
    [
        (
            "id:1a2B sub:001 dlvrd:001 submit date:2611230800 done date:2611230801 "
            "stat:DELIVRD err:000 text:hi",
            FULL,
        ),
        (
            "ID:1a2B SUB:001 DLVRD:001 Submit Date:2611230800 Done Date:2611230801 "
            "Stat:DELIVRD Err:000 Text:hi",
            FULL,
        ),
        (
            "id: 1a2B sub: 001 dlvrd: 001 submit date: 2611230800 done date: 2611230801 "
            "stat: DELIVRD err: 000 text: hi",
            FULL,
        ),
        (
            "id:7 sub:001 dlvrd:001 submit date:261123080015 done date:261123080159 "
            "stat:EXPIRED err:027",
            Receipt("7", Outcome.EXPIRED, "EXPIRED", "027", "261123080015", "261123080159"),
        ),
        (
            "id:7 sub:001 dlvrd:000 submit date:2611230800 done date:2611230801 stat:MK:0001 "
            "err: text:",
            Receipt("7", Outcome.FAILED, "MK:0001", "", "2611230800", "2611230801"),
        ),
        ("id:7 stat:UNDELIV", Receipt("7", Outcome.FAILED, "UNDELIV")),
        ("id:7 stat:UNDELIV text:", Receipt("7", Outcome.FAILED, "UNDELIV")),
        (  # another order, an unknown key between
            "stat:DELIVRD err:000 foo:bar id:1a2B done date:2611230801 submit date:2611230800 "
            "text:hi",
            FULL,
        ),
        (  # what stands in the text is the sender's, not the carrier's
            "id:7 sub:001 dlvrd:000 err:012 stat:REJECTD text:x id:8 stat:DELIVRD",
            Receipt("7", Outcome.FAILED, "REJECTD", "012", text=b"x id:8 stat:DELIVRD"),
        ),
        (
            "id:7 stat:DELIVRD err:000 text:\x00\xff\nstat:EXPIRED",
            Receipt("7", Outcome.DELIVERED, "DELIVRD", "000", text=b"\x00\xff\nstat:EXPIRED"),
        ),
    ],
)
def test_the_text(message: str, receipt: Receipt) -> None:
    assert parse(message.encode("latin-1"), {}) == receipt


@pytest.mark.parametrize(
    "message", ["", "hello", "id:7", "id: stat:DELIVRD", "stat:DELIVRD", "text:id:7 stat:DELIVRD"]
)
def test_a_receipt_without_id_or_stat_is_refused(message: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse(message.encode(), {})


def test_the_parameters_alone_are_enough() -> None:
    tlvs = {
        Tag.RECEIPTED_MESSAGE_ID: b"77\0",
        Tag.MESSAGE_STATE: b"\x05",
        Tag.NETWORK_ERROR_CODE: b"\x03\x00\x1b",
    }
    assert parse(b"", dict(tlvs)) == Receipt("77", Outcome.FAILED, "UNDELIV", "027")


def test_parameters_go_before_the_text_but_its_own_code_is_kept() -> None:
    tlvs: dict[int, bytes] = {Tag.RECEIPTED_MESSAGE_ID: b"77\0", Tag.MESSAGE_STATE: b"\x03"}
    receipt = parse(b"id:4d stat:MK:0007 err:007", tlvs)
    assert receipt == Receipt("77", Outcome.EXPIRED, "MK:0007", "007")


@pytest.mark.parametrize(
    ("esm_class", "tlvs", "expected"),
    [
        (0x04, {}, True),
        (0x44, {}, True),  # with a header
        (0x20, {}, True),  # news on the way
        (0x00, {}, False),
        (0x08, {}, False),  # an acknowledgement by the phone's holder
        (0x00, {Tag.RECEIPTED_MESSAGE_ID: b"1", Tag.MESSAGE_STATE: b"\x02"}, True),
        (0x00, {Tag.MESSAGE_STATE: b"\x02"}, False),
    ],
)
def test_what_counts_as_a_receipt(esm_class: int, tlvs: dict[int, bytes], expected: bool) -> None:
    assert is_receipt(esm_class, tlvs) is expected


words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@given(words.filter(lambda word: ":" not in word), words, st.binary(max_size=30))
def test_what_is_built_is_parsed(message_id: str, error: str, text: bytes) -> None:
    keyless = error.lower().partition(":")[0] not in ("id", "sub", "dlvrd", "stat", "err", "text")
    error = error if keyless else "000"
    message = build(
        message_id,
        stat="DELIVRD",
        submitted="2611230800",
        done="2611230801",
        error=error,
        text=text,
    )
    found = parse(message, {})
    assert (found.message_id, found.stat, found.error) == (message_id, "DELIVRD", error)
    assert (found.submitted, found.done) == ("2611230800", "2611230801")


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(list(Tag)), st.binary(max_size=9)))
def test_random_bytes_raise_nothing_but_remote_errors(
    message: bytes, tlvs: dict[int, bytes]
) -> None:
    try:
        parse(message, tlvs)
    except RemoteProtocolError as error:
        assert error.status
