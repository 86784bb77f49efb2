"""What is delivered to a system, as bytes of deliver_sm: receipts, and replies in one part or more.

Pure. A receipt says the same twice: in the text of Appendix B of SMPP v3.4, and in the parameters
receipted_message_id and message_state; what our table has no word for stands in a parameter of our
own, `CARRIER_CODE`. Times are those of Shanghai.
"""

from datetime import datetime
from typing import Final

from yunxin.engine.directory import SHANGHAI
from yunxin.protocols.events import Alphabet
from yunxin.protocols.fields import write_tlvs
from yunxin.protocols.smpp import receipts
from yunxin.protocols.smpp.pdus import DeliverSm, Tag, integer_tlv
from yunxin.protocols.smpp.precut import DATA_CODINGS, UDHI
from yunxin.protocols.smpp.session import body_of
from yunxin.text import alphabets, segments
from yunxin.vocabulary import SENDER_DIGITS_MAX

CARRIER_CODE: Final = 0x1400  # §5.3.2: 0x1400 to 0x3FFF are the message centre's own
NATIONAL, ISDN = 2, 1  # §5.2.5 and §5.2.6: what the 11 digits of a phone are
SINGLE_SEPTETS, PART_SEPTETS = 160, 153  # 3GPP TS 23.040: 140 octets, 7 septets less for a header
_ESCAPE = 0x1B
# esm_class (receipt), protocol_id, priority, two empty times, registered_delivery, replace,
# data_coding, default message
_FIELDS = bytes((receipts.DELIVERY_RECEIPT, 0, 0, 0, 0, 0, 0, 0, 0))
_NO_ERROR, _ERROR = "000", "001"


def receipt(
    back: bytes,
    told_id: int,
    *,
    word: str,
    code: str,
    submitted: datetime,
    done: datetime,
    reference: str | None = None,
) -> bytes:
    """A receipt as the body of a deliver_sm.

    Args:
        back: its beginning, from `reading.turned`.
        word: of seven letters, from `statuses.word_of`.
        code: the carrier's own; empty where there is none.
        submitted: aware, as is `done`.
        reference: what the system gave as user_message_reference.
    """
    message_id = str(told_id)
    text = receipts.build(
        message_id,
        stat=word,
        submitted=_date(submitted),
        done=_date(done),
        error=_NO_ERROR if word == "DELIVRD" else _digits(code),
    )
    state = receipts.STATE_NUMBERS.get(word, receipts.STATE_NUMBERS["UNKNOWN"])
    tlvs: dict[int, bytes] = {
        Tag.RECEIPTED_MESSAGE_ID: message_id.encode() + b"\0",
        Tag.MESSAGE_STATE: integer_tlv(Tag.MESSAGE_STATE, state),
    }
    if code:
        tlvs[CARRIER_CODE] = code.encode("ascii", "replace")[:60] + b"\0"
    if reference is not None and reference.isdigit() and int(reference) < 1 << 16:
        given = integer_tlv(Tag.USER_MESSAGE_REFERENCE, int(reference))
        tlvs[Tag.USER_MESSAGE_REFERENCE] = given
    return back + _FIELDS + bytes((len(text),)) + text + write_tlvs(tlvs)


def reply(phone: str, access_number: str, text: str, reference: int) -> list[bytes]:
    """A phone's message as bodies of deliver_sm: 7-bit where it can be, else UCS-2.

    Args:
        reference: of the header, where it takes several parts.
    """
    alphabet, parts = _cut(text)
    total = len(parts)
    bodies = []
    for number, part in enumerate(parts, 1):
        head = segments.header(reference, total, number) if total > 1 else b""
        pdu = DeliverSm(
            source_addr_ton=NATIONAL,
            source_addr_npi=ISDN,
            source_addr=phone[:SENDER_DIGITS_MAX],
            destination_addr=access_number[:SENDER_DIGITS_MAX],
            esm_class=UDHI if total > 1 else 0,
            data_coding=DATA_CODINGS[alphabet],
            short_message=head + part,
        )
        bodies.append(body_of(pdu))
    return bodies


def _cut(text: str) -> tuple[Alphabet, list[bytes]]:
    if alphabets.is_gsm7(text):
        return Alphabet.GSM7, _cut_septets(alphabets.encode_gsm7(text))
    return Alphabet.UCS2, [alphabets.encode_ucs2(part) for part in _cut_units(text)]


def _cut_septets(data: bytes) -> list[bytes]:
    """Septets in parts; an escape and what it escapes stay together."""
    if len(data) <= SINGLE_SEPTETS:
        return [data]
    parts, start = [], 0
    while start < len(data):
        end = min(start + PART_SEPTETS, len(data))
        if end < len(data) and data[end - 1] == _ESCAPE:
            end -= 1
        parts.append(data[start:end])
        start = end
    return parts


def _cut_units(text: str) -> list[str]:
    """As `segments.split`, which refuses more than 1,000 characters; a phone may send more."""
    try:
        return segments.split(text)
    except segments.TextTooLong:
        step = segments.PART_UNITS // 2  # at most two units a character
        return [text[at : at + step] for at in range(0, len(text), step)]


def _date(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%y%m%d%H%M}"


def _digits(code: str) -> str:
    """Three signs for the `err` of Appendix B: the end of the carrier's own code, or 001."""
    digits = "".join(sign for sign in code if sign.isascii() and sign.isdigit())[-3:]
    return digits.zfill(3) if digits else _ERROR
