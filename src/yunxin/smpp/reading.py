"""A submit_sm as what is to be sent: text, phone, digits, times; or the status that refuses it.

Pure: a PDU, the account's rules and a moment go in. What is said here holds before the text is
looked at; `texts` finds its template and `engine/accept` has the last word.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from yunxin.protocols.concat import Part
from yunxin.protocols.events import Alphabet
from yunxin.protocols.smpp.pdus import SubmitSm, Tag, tlv_integer
from yunxin.protocols.smpp.precut import UDHI, alphabet_of
from yunxin.protocols.smpp.session import split
from yunxin.protocols.smpp.status import Code
from yunxin.protocols.smpp.times import TimeInvalid, read_time
from yunxin.text import alphabets
from yunxin.text.phones import PhoneInvalid, normalise
from yunxin.vocabulary import SENDER_DIGITS_MAX, SmppAlphabet, SmppSourceRule

SCHEDULE_MAX: Final = timedelta(days=7)  # ours; what is told of a message is kept for longer
SOON: Final = timedelta(seconds=2)  # what is due within it goes at once
PARTS_MAX: Final = 30  # ours: 1,000 characters in parts of 67 are 15, and clients cut shorter ones
TEXT_BYTES_MAX: Final = 4_000  # twice as much as 1,000 characters of UCS-2 have
REGISTERED_MASK: Final = 0x03  # §5.2.17; intermediate notices and users' own receipts are not sent
MODE_MASK, TYPE_MASK = 0x03, 0x3C  # §5.2.12: how it is to be sent, and what it is
TRANSACTION_MODE: Final = 0x02  # the answer would have to wait for the phone
PRIORITY_MAX: Final = 3  # §5.2.14
_TEXTUAL: Final = frozenset(Alphabet) - {Alphabet.BINARY}


class Rules(NamedTuple):
    """What of an account decides about how its submits are read."""

    source_rule: SmppSourceRule
    extension: str
    default_alphabet: SmppAlphabet
    numbers: tuple[str, ...]  # of the enterprise: what a source_addr may begin with


class Submission(NamedTuple):
    """One message, or one part of a longer one."""

    phone: str
    sender: str  # the source_addr as it came
    extension: str
    alphabet: Alphabet
    data: bytes  # without its header
    part: Part | None
    wanted: int  # registered_delivery: 0 never, 1 always, 2 on failure
    back: bytes
    not_before: datetime | None
    expires_at: datetime | None
    reference: str | None

    @property
    def text(self) -> str:
        """What the phone is to show; of a part, its share."""
        return decode(self.data, self.alphabet)


def read(pdu: SubmitSm, rules: Rules, now: datetime) -> Submission | int:
    """What a submit_sm asks for, or the status that refuses it.

    Args:
        now: aware.
    """
    status = _check_fields(pdu)
    if status:
        return status
    if len(pdu.source_addr) > SENDER_DIGITS_MAX:
        return Code.RINVSRCADR
    if len(pdu.destination_addr) > SENDER_DIGITS_MAX:
        return Code.RINVDSTADR
    try:
        phone = normalise(pdu.destination_addr)
    except PhoneInvalid:
        return Code.RINVDSTADR
    extension = _extension(pdu.source_addr, rules)
    if extension is None:
        return Code.RINVSRCADR
    times = _times(pdu, now)
    if isinstance(times, int):
        return times
    part, data = split(pdu)
    alphabet = _alphabet(pdu.data_coding, rules)
    if alphabet not in _TEXTUAL:
        return Code.RSUBMITFAIL
    if not data or len(data) > TEXT_BYTES_MAX:
        return Code.RINVMSGLEN
    if part is not None and part.total > PARTS_MAX:
        return Code.RINVMSGLEN
    return Submission(
        phone=phone,
        sender=pdu.source_addr,
        extension=extension,
        alphabet=alphabet,
        data=data,
        part=part if part is not None and part.total > 1 else None,
        wanted=pdu.registered_delivery & REGISTERED_MASK,
        back=turned(pdu),
        not_before=times[0],
        expires_at=times[1],
        reference=_reference(pdu),
    )


def decode(data: bytes, alphabet: Alphabet) -> str:
    """The text of a message; what cannot be read becomes U+FFFD."""
    match alphabet:
        case Alphabet.UCS2:
            return alphabets.decode_ucs2(data)
        case Alphabet.GSM7:
            return alphabets.decode_gsm7(data)
        case Alphabet.GBK:
            return data.decode("gb18030", "replace")
        case Alphabet.ASCII:
            return data.decode("ascii", "replace")
        case _:
            return data.decode("latin-1")


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


def _check_fields(pdu: SubmitSm) -> int:
    """The status of the first field that asks for what is not on offer; 0 for none."""
    if pdu.esm_class & MODE_MASK == TRANSACTION_MODE or pdu.esm_class & TYPE_MASK:
        return Code.RINVESMCLASS
    if pdu.priority_flag > PRIORITY_MAX:
        return Code.RINVPRTFLG
    if pdu.registered_delivery & REGISTERED_MASK == REGISTERED_MASK:
        return Code.RINVREGDLVFLG
    if pdu.replace_if_present_flag:
        return Code.RINVREPFLAG
    if pdu.sm_default_msg_id:
        return Code.RINVDFTMSGID
    if pdu.short_message and Tag.MESSAGE_PAYLOAD in pdu.tlvs:
        return Code.ROPTPARNOTALLWD  # §5.3.2.32: one of the two
    if Tag.SAR_TOTAL_SEGMENTS in pdu.tlvs and not pdu.esm_class & UDHI:
        return _check_sar(pdu)
    return 0


def _check_sar(pdu: SubmitSm) -> int:
    """§5.3.2.22 to 24: the three come together, and their numbers make sense."""
    total = tlv_integer(pdu.tlvs, Tag.SAR_TOTAL_SEGMENTS) or 0
    number = tlv_integer(pdu.tlvs, Tag.SAR_SEGMENT_SEQNUM) or 0
    if Tag.SAR_MSG_REF_NUM not in pdu.tlvs:
        return Code.RMISSINGOPTPARAM
    return 0 if 1 <= number <= total else Code.RINVOPTPARAMVAL


def _alphabet(data_coding: int, rules: Rules) -> Alphabet:
    alphabet = alphabet_of(data_coding)
    if data_coding == 0 and rules.default_alphabet is SmppAlphabet.LATIN1:
        return Alphabet.LATIN1
    return alphabet


def _extension(source: str, rules: Rules) -> str | None:
    """The digits behind the sender's number; None where the source_addr is none that may be."""
    if rules.source_rule is SmppSourceRule.IGNORED:
        return rules.extension
    digits = source.strip().removeprefix("+")
    if not digits:
        return rules.extension
    if not (digits.isascii() and digits.isdigit()):
        return None
    for number in rules.numbers:
        if number and digits.startswith(number):
            rest = digits.removeprefix(number)
            return rest if rest.startswith(rules.extension) else rules.extension + rest
    return rules.extension + digits


def _times(pdu: SubmitSm, now: datetime) -> tuple[datetime | None, datetime | None] | int:
    try:
        due = read_time(pdu.schedule_delivery_time, now)
    except TimeInvalid:
        return Code.RINVSCHED
    if due is not None and due > now + SCHEDULE_MAX:
        return Code.RINVSCHED
    not_before = due if due is not None and due > now + SOON else None
    try:
        expires_at = read_time(pdu.validity_period, now)
    except TimeInvalid:
        return Code.RINVEXPIRY
    if expires_at is not None and expires_at <= (not_before or now):
        return Code.RINVEXPIRY
    return not_before, expires_at


def _reference(pdu: SubmitSm) -> str | None:
    number = tlv_integer(pdu.tlvs, Tag.USER_MESSAGE_REFERENCE)
    return None if number is None else str(number)
