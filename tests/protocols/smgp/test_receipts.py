"""Reports of SMGP: by their places where they keep to them, by their words where not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.smgp.vectors import MESSAGE_ID, REPORT
from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError
from yunxin.protocols.receipt import Outcome, Receipt
from yunxin.protocols.smgp import receipts
from yunxin.protocols.smgp.receipts import build, parse

DELIVERED = Receipt(
    MESSAGE_ID.hex(), Outcome.DELIVERED, "DELIVRD", "000", "2610220304", "2610220305"
)


def report(message_id: bytes = MESSAGE_ID, stat: str = "DELIVRD", text: bytes = b"") -> bytes:
    return build(message_id, stat=stat, submitted="2610220304", done="2610220305", text=text)


def test_the_bytes_of_another_implementation_are_ours() -> None:
    assert (report(), parse(REPORT)) == (REPORT, DELIVERED)


@given(st.binary(min_size=10, max_size=10))
def test_an_id_may_hold_any_bytes(message_id: bytes) -> None:
    assert parse(report(message_id)).message_id == message_id.hex()


@pytest.mark.parametrize(
    "message_id", [b"   sub:   ", b" sub:001 d", b"id:\0\0\0\0\0\0\0", bytes(10), b"\xff" * 10]
)
def test_an_id_may_look_like_the_words_around_it(message_id: bytes) -> None:
    assert parse(report(message_id)).message_id == message_id.hex()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(REPORT.replace(b"Submit", b"submit").replace(b"Text", b"text"), id="case"),
        pytest.param(b"ID:" + MESSAGE_ID + REPORT[13:].upper(), id="capitals"),
        pytest.param(REPORT[:102], id="no text"),
        pytest.param(REPORT[:96], id="ends behind its error"),
        pytest.param(b"id:" + MESSAGE_ID.hex().encode() + REPORT[13:], id="hexadecimal id"),
        pytest.param(b"id:" + MESSAGE_ID.hex().upper().encode() + REPORT[13:], id="upper case"),
        pytest.param(REPORT.replace(b"0304 ", b"0304  "), id="another space"),
        pytest.param(REPORT + b"\0\0\0", id="more behind it"),
    ],
)
def test_other_ways_to_write_a_report_are_read(content: bytes) -> None:
    assert parse(content) == DELIVERED


@pytest.mark.parametrize(
    ("stat", "outcome"),
    [
        ("UNDELIV", Outcome.FAILED),
        ("EXPIRED", Outcome.EXPIRED),
        ("ACCEPTD", Outcome.PENDING),
        ("UNKNOWN", Outcome.UNKNOWN),
        ("MK:0001", Outcome.FAILED),
        ("E:RPT", Outcome.FAILED),
    ],
)
def test_what_became_of_the_message(stat: str, outcome: Outcome) -> None:
    content = build(MESSAGE_ID, stat=stat, error="005", submitted="2610220304", done="2610220305")
    receipt = parse(content)
    assert (receipt.stat, receipt.outcome, receipt.error) == (stat, outcome, "005")
    assert content[28 - 0 : 31] == b"000"
    assert len(content) == receipts.SIZE


def test_a_stat_that_is_too_long_for_its_place_is_read_whole() -> None:
    content = REPORT.replace(b"DELIVRD", b"CLOSED:-1008")
    assert (parse(content).stat, parse(content).error) == ("CLOSED:-1008", "000")


def test_the_text_is_kept_with_its_length() -> None:
    assert parse(report(text=b"006" + "验证码".encode("gbk"))).text == b"006" + "验证码".encode(
        "gbk"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        REPORT[:13],
        REPORT[:80],
        REPORT.replace(b"DELIVRD", b"\0" * 7),
        b"id: sub:001" + REPORT[21:],
    ],
)
def test_a_report_without_id_or_stat_is_refused(content: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse(content)
    assert caught.value.status


@given(st.binary(max_size=200), st.integers(0, 122))
def test_random_bytes_raise_nothing_but_remote_errors(data: bytes, at: int) -> None:
    for content in (data, REPORT[:at] + data, REPORT[:at] + data + REPORT[at:]):
        try:
            parse(content)
        except RemoteProtocolError as error:
            assert error.status


def test_an_id_has_ten_bytes() -> None:
    with pytest.raises(LocalProtocolError):
        report(b"short")
