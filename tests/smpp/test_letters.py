"""Receipts and replies as deliver_sm: what a client reads is what was meant."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.engine.inbound import decode as text_of
from yunxin.protocols.events import Alphabet
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.smpp import receipts
from yunxin.protocols.smpp.pdus import HEADER, DeliverSm, Tag, decode, tlv_integer
from yunxin.protocols.smpp.precut import alphabet_of
from yunxin.protocols.smpp.session import split
from yunxin.smpp import letters
from yunxin.smpp.statuses import WORDS, word_of
from yunxin.vocabulary import MessageState

BACK = b"\0\1\1" + b"13800005678\0" + b"\0\0" + b"10690000\0"
AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def pdu(body: bytes) -> DeliverSm:
    found = decode(HEADER.pack(16 + len(body), DeliverSm.command_id, 0, 1) + body)
    assert isinstance(found, DeliverSm)
    return found


@pytest.mark.parametrize(
    ("state", "code", "outcome", "error"),
    [
        (MessageState.DELIVERED, "DELIVRD", Outcome.DELIVERED, "000"),
        (MessageState.FAILED, "MK:0001", Outcome.FAILED, "001"),
        (MessageState.FAILED, "DB:1144", Outcome.FAILED, "144"),
        (MessageState.FAILED, None, Outcome.FAILED, "001"),
        (MessageState.EXPIRED, "EXPIRED", Outcome.EXPIRED, "001"),
        (MessageState.UNKNOWN, "", Outcome.UNKNOWN, "001"),
        (MessageState.CANCELLED, "cancel_sm", Outcome.FAILED, "001"),
        (MessageState.CANCELLED, "validity", Outcome.EXPIRED, "001"),
    ],
)
def test_a_receipt_says_the_same_in_text_and_parameters(state, code, outcome, error):
    word = word_of(state, code)
    body = letters.receipt(BACK, 123456789, word=word, code=code or "", submitted=AT, done=AT)
    read = pdu(body)
    assert read.esm_class == receipts.DELIVERY_RECEIPT
    assert (read.source_addr, read.destination_addr) == ("13800005678", "10690000")
    receipt = receipts.parse(read.message, {})
    assert (receipt.message_id, receipt.outcome, receipt.error) == ("123456789", outcome, error)
    assert (receipt.submitted, receipt.done) == ("2611251800", "2611251800")  # of Shanghai
    assert receipts.parse(b"", read.tlvs).outcome is outcome
    assert (read.tlvs.get(letters.CARRIER_CODE, b"\0")[:-1].decode() or None) == (code or None)


def test_the_reference_of_the_submit_comes_back():
    body = letters.receipt(BACK, 1, word="DELIVRD", code="", submitted=AT, done=AT, reference="258")
    assert tlv_integer(pdu(body).tlvs, Tag.USER_MESSAGE_REFERENCE) == 258
    for other in ("70000", "order-7"):
        body = letters.receipt(
            BACK, 1, word="DELIVRD", code="", submitted=AT, done=AT, reference=other
        )
        assert Tag.USER_MESSAGE_REFERENCE not in pdu(body).tlvs


def test_every_final_state_has_a_word():
    assert {state for state in MessageState if state.value not in
            ("accepted", "sending", "submitted")} == set(WORDS)  # fmt: skip
    assert set(WORDS.values()) <= set(receipts.STATE_NUMBERS)


def test_a_short_reply_comes_in_one():
    (body,) = letters.reply("13800005678", "10690000", "OK {1}", 5)
    read = pdu(body)
    assert (read.data_coding, read.esm_class) == (0, 0)
    assert read.message == b"OK \x1b\x281\x1b\x29"
    assert (read.source_addr_ton, read.source_addr_npi) == (2, 1)


@given(st.text(max_size=1200), st.integers(0, 255))
def test_a_reply_is_read_as_it_was_written(text, reference):
    pieces, total = [], 0
    for number, body in enumerate(letters.reply("13800005678", "1069", text, reference), 1):
        read = pdu(body)
        assert len(read.short_message) <= (160 if read.data_coding == 0 else 140)
        part, data = split(read)
        alphabet = alphabet_of(read.data_coding)
        if part is not None:
            assert (part.reference, part.number) == (reference, number)
            total = part.total
        pieces.append(text_of(data, alphabet))
    assert total in (0, len(pieces))
    shown = text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
    assert "".join(pieces) == (shown.replace("\0", "") if alphabet is not Alphabet.GSM7 else shown)
