"""The carrier's door for SMPP 3.4: ids as carriers write them, receipts, phones' messages.

Receipts leave by the ten thousand a second, so their beginning and end are cut in advance.
"""

import time
from collections.abc import Callable
from typing import Any, cast

import msgspec

from yunxin.protocols.events import Alphabet
from yunxin.protocols.fields import write_tlvs
from yunxin.protocols.session import Limits, Session, Side
from yunxin.protocols.smpp import receipts
from yunxin.protocols.smpp.pdus import (
    DeliverSm,
    GenericNack,
    Pdu,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    Tag,
    integer_tlv,
)
from yunxin.protocols.smpp.precut import DATA_CODINGS, UDHI, alphabet_of
from yunxin.protocols.smpp.session import SmppSession, body_of, split
from yunxin.protocols.smpp.status import Code
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.gateways.base import (
    SINGLE_SEPTETS,
    Gateway,
    Report,
    Submission,
    Wanted,
    ucs2_parts,
)
from yunxin.simulator.ledger import Message
from yunxin.text import alphabets

# SMPP v3.4 §5.2.17, bits 1–0 of registered_delivery; 3 is reserved.
_WANTED = (Wanted.NEVER, Wanted.ALWAYS, Wanted.FAILURE, Wanted.ALWAYS)
# esm_class (receipt), protocol_id, priority, two empty times, registered_delivery, replace,
# data_coding, default message
_RECEIPT_FIELDS = bytes((receipts.DELIVERY_RECEIPT, 0, 0, 0, 0, 0, 0, 0, 0))
_ID_TAG = int(Tag.RECEIPTED_MESSAGE_ID).to_bytes(2, "big")
_STATES = {
    stat: write_tlvs({Tag.MESSAGE_STATE: integer_tlv(Tag.MESSAGE_STATE, number)})
    for stat, number in receipts.STATE_NUMBERS.items()
}


class SmppGateway(Gateway):
    """Letters are bodies of deliver_sm; the numbers run on from the time of the start."""

    name = "smpp"

    def __init__(self) -> None:
        self._number = int(time.time() * 1000) * 1_000_000  # never the same after a restart

    def session(self, limits: Limits) -> Session:
        """Both modes, or transmitter and receiver apart."""
        return SmppSession(Side.SERVER, limits)

    def refusal(self, known: bool) -> int:
        """RINVPASWD or RINVSYSID."""
        return Code.RINVPASWD if known else Code.RINVSYSID

    def status(self, code: int) -> int:
        """As it is."""
        return code

    def read(self, session: Session, pdu: Any) -> list[Submission]:
        """A submit_sm has one phone."""
        submit = cast(SubmitSm, pdu)
        part, data = split(submit)
        return [
            Submission(
                phone=submit.destination_addr,
                access_number=submit.source_addr,
                data=data,
                alphabet=alphabet_of(submit.data_coding),
                part=part,
                wanted=_WANTED[submit.registered_delivery & 3],
                back=turned(submit),
            )
        ]

    def new_numbers(self, sequence: int, phones: int) -> list[int]:
        """One after the other."""
        self._number += phones
        return list(range(self._number - phones + 1, self._number + 1))

    def answer_id(self, number: int, behaviour: Behaviour) -> str:
        """In the form that the behaviour asks for."""
        return written(number, behaviour.answer_id)

    def receipt(self, back: Any, report: Report, behaviour: Behaviour) -> bytes:
        """See `receipt_body`."""
        return receipt_body(
            back,
            written(report.number, behaviour.receipt_id),
            stat=report.stat,
            error=report.error,
            submitted=report.submitted,
            done=report.done,
            fields=behaviour.receipt_fields,
        )

    def inbound(self, phone: str, access_number: str, text: str, reference: int) -> list[Any]:
        """See `inbound_bodies`."""
        return inbound_bodies(phone, access_number, text, reference)

    def body(self, session: Session, letter: Any) -> bytes:
        """It is one."""
        body: bytes = letter
        return body

    def respond(self, pdu: Any, find: Callable[[str], Message | None]) -> Pdu:
        """query_sm is answered from what is kept; the rest is not on offer, as with many."""
        if not isinstance(pdu, QuerySm):
            return GenericNack(sequence=pdu.sequence, status=Code.RINVCMDID)
        message = find(pdu.message_id)
        if message is None:
            return QuerySmResp(sequence=pdu.sequence, status=Code.RQUERYFAIL)
        state = receipts.STATE_NUMBERS.get(message.stat or "ENROUTE")
        return QuerySmResp(
            sequence=pdu.sequence,
            message_id=pdu.message_id,
            message_state=state or receipts.STATE_NUMBERS["UNDELIV"],
        )


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
    alphabet, parts = _encoded(text, reference)
    base = DeliverSm(
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr=phone,
        destination_addr=access_number,
        esm_class=UDHI if len(parts) > 1 else 0,
        data_coding=DATA_CODINGS[alphabet],
    )
    return [body_of(_with_message(base, part)) for part in parts]


def _encoded(text: str, reference: int) -> tuple[Alphabet, list[bytes]]:
    if alphabets.is_gsm7(text):
        data = alphabets.encode_gsm7(text)
        if len(data) <= SINGLE_SEPTETS:
            return Alphabet.GSM7, [data]
    return Alphabet.UCS2, ucs2_parts(text, reference)


def _with_message(pdu: DeliverSm, message: bytes) -> DeliverSm:
    return msgspec.structs.replace(pdu, short_message=message)
