"""The simulated carrier's bytes: ids as carriers write them, texts as phones show them, receipts.

Receipts leave by the ten thousand a second, so their beginning and end are cut in advance.
"""

from collections.abc import Callable
from functools import partial

import msgspec

from yunxin.protocols.events import Alphabet
from yunxin.protocols.fields import write_tlvs
from yunxin.protocols.smpp import receipts
from yunxin.protocols.smpp.pdus import DeliverSm, SubmitSm, Tag, integer_tlv
from yunxin.protocols.smpp.precut import DATA_CODINGS, UDHI
from yunxin.protocols.smpp.session import body_of
from yunxin.text import alphabets, phones, segments

SINGLE_SEPTETS = 160  # 3GPP TS 23.038: 140 octets of seven bits

# esm_class (receipt), protocol_id, priority, two empty times, registered_delivery, replace,
# data_coding, default message
_RECEIPT_FIELDS = bytes((receipts.DELIVERY_RECEIPT, 0, 0, 0, 0, 0, 0, 0, 0))
_ID_TAG = int(Tag.RECEIPTED_MESSAGE_ID).to_bytes(2, "big")
_STATES = {
    stat: write_tlvs({Tag.MESSAGE_STATE: integer_tlv(Tag.MESSAGE_STATE, number)})
    for stat, number in receipts.STATE_NUMBERS.items()
}
_DECODERS: dict[Alphabet, Callable[[bytes], str]] = {
    Alphabet.GSM7: alphabets.decode_gsm7,
    Alphabet.UCS2: alphabets.decode_ucs2,
    Alphabet.ASCII: partial(str, encoding="ascii", errors="replace"),
    Alphabet.LATIN1: partial(str, encoding="latin-1"),
    Alphabet.GBK: partial(str, encoding="gb18030", errors="replace"),
    Alphabet.BINARY: lambda data: data.hex(" "),
}


def text_of(data: bytes, alphabet: Alphabet) -> str:
    """What a phone would show."""
    return _DECODERS[alphabet](data)


def plain(address: str) -> str:
    """The 11 digits of a destination, whatever stands before them on the wire."""
    try:
        return phones.normalise(address)
    except phones.PhoneInvalid:
        return address


def written(number: int, form: str) -> str:
    """A message id in the form that the behaviour asks for."""
    if form == "decimal":
        return str(number)
    return f"{number:x}" if form == "hex" else f"{number:016X}"


def turned(pdu: SubmitSm) -> bytes:
    """The beginning of a deliver_sm from where a submit_sm went to where it came from."""
    return b"".join(
        (
            b"\0",
            bytes((pdu.dest_addr_ton, pdu.dest_addr_npi)),
            pdu.destination_addr.encode("latin-1"),
            b"\0",
            bytes((pdu.source_addr_ton, pdu.source_addr_npi)),
            pdu.source_addr.encode("latin-1"),
            b"\0",
        )
    )


def receipt_body(
    head: bytes, message_id: str, *, stat: str, error: str, submitted: str, done: str, fields: str
) -> bytes:
    """A receipt as a deliver_sm without its header.

    Args:
        head: from `turned`.
        fields: `text`, `parameters` or `both`: where id and state stand. In the parameters a
            gateway's own code counts as UNDELIV.
    """
    text = b""
    if fields != "parameters":
        text = receipts.build(message_id, stat=stat, error=error, submitted=submitted, done=done)
    body = head + _RECEIPT_FIELDS + bytes((len(text),)) + text
    if fields == "text":
        return body
    value = message_id.encode() + b"\0"
    state = _STATES.get(stat) or _STATES["UNDELIV"]
    return body + _ID_TAG + len(value).to_bytes(2, "big") + value + state


def inbound_bodies(phone: str, access_number: str, text: str, reference: int) -> list[bytes]:
    """A phone's message as deliver_sm bodies: 7-bit when it fits into one, else UCS-2 parts.

    Raises:
        segments.TextTooLong: more than 1,000 characters.
    """
    alphabet, parts = _encoded(text)
    total = len(parts)
    if total > 1:
        headers = (segments.header(reference, total, number) for number in range(1, total + 1))
        parts = [header + part for header, part in zip(headers, parts, strict=True)]
    base = DeliverSm(
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr=phone,
        destination_addr=access_number,
        esm_class=UDHI if total > 1 else 0,
        data_coding=DATA_CODINGS[alphabet],
    )
    return [body_of(_with_message(base, part)) for part in parts]


def _encoded(text: str) -> tuple[Alphabet, list[bytes]]:
    if alphabets.is_gsm7(text):
        data = alphabets.encode_gsm7(text)
        if len(data) <= SINGLE_SEPTETS:
            return Alphabet.GSM7, [data]
    return Alphabet.UCS2, [alphabets.encode_ucs2(part) for part in segments.split(text)]


def _with_message(pdu: DeliverSm, message: bytes) -> DeliverSm:
    return msgspec.structs.replace(pdu, short_message=message)
