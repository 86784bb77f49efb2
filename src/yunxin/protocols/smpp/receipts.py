"""Delivery receipts of SMPP: optional parameters first, the text of Appendix B second.

`parse` reads what message centres really send: any case, missing keys, dates of 10 or 12 digits,
vendors' own stat words, a `text:` that is absent or full of arbitrary bytes. `build` writes the
text the way Appendix B shows it.
"""

import re

from yunxin.protocols.errors import RemoteProtocolError
from yunxin.protocols.receipt import Outcome, Receipt, outcome_of
from yunxin.protocols.smpp.pdus import Tag, tlv_integer, tlv_text
from yunxin.protocols.smpp.status import Code

# §5.2.12 and §4.6.1: bits 5–2 of esm_class say what a deliver_sm is.
TYPE_MASK = 0x3C
DELIVERY_RECEIPT = 0x04
INTERMEDIATE = 0x20

MESSAGE_STATES = {  # §5.2.28
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
STATE_NUMBERS = {word: number for number, word in MESSAGE_STATES.items()}

_KEYS = r"(?:id|sub|dlvrd|submit date|done date|stat|err|text):"
_VALUE = r":\s*(?!" + _KEYS + r")(\S*)"
# The usual order; groups: id, submit date, done date, stat, err, text.
_FULL = re.compile(
    rf"\s*id{_VALUE}\s+(?:sub:\s*\d*\s+)?(?:dlvrd:\s*\d*\s+)?(?:submit date:\s*(\d*)\s+)?"
    rf"(?:done date:\s*(\d*)\s+)?stat{_VALUE}(?:\s+err{_VALUE})?(?:\s+text:\s?(.*))?",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
# Any key anywhere, for everybody else.
_ONE = re.compile(
    rf"(?:^|[\s;,])(id|submit date|done date|stat|err){_VALUE}", re.IGNORECASE | re.ASCII
)
_TEXT = re.compile(r"(?:^|\s)text:\s?", re.IGNORECASE | re.ASCII)


def is_receipt(esm_class: int, tlvs: dict[int, bytes]) -> bool:
    """Whether a deliver_sm is a receipt.

    The text alone never makes one: anybody can send `id:1 stat:DELIVRD` from a phone.
    """
    return (esm_class & TYPE_MASK) in (DELIVERY_RECEIPT, INTERMEDIATE) or (
        Tag.RECEIPTED_MESSAGE_ID in tlvs and Tag.MESSAGE_STATE in tlvs
    )


def parse(message: bytes, tlvs: dict[int, bytes]) -> Receipt:
    """Read a receipt from the message bytes and the optional parameters of a deliver_sm.

    Raises:
        RemoteProtocolError: there is no id, or nothing that says what became of the message.
    """
    match = _FULL.match(words := _words(message))
    values = match.groups() if match and match[1] else _scan(words)
    message_id, submitted, done, stat, error, text = values
    state = None
    if tlvs:
        message_id = tlv_text(tlvs, Tag.RECEIPTED_MESSAGE_ID) or message_id
        state = MESSAGE_STATES.get(tlv_integer(tlvs, Tag.MESSAGE_STATE) or 0)
    if not message_id or not (stat or state):
        raise RemoteProtocolError("A receipt lacks its id or its stat.", status=Code.RX_P_APPN)
    return Receipt(
        message_id,
        outcome_of(state or stat or ""),
        stat or state or "",
        error or _network_error(tlvs),
        submitted or "",
        done or "",
        text.encode("latin-1", "replace") if text else b"",
    )


def _words(message: bytes) -> str:
    """Latin-1, so that any byte survives; UCS-2, as a few write, where "id:" has its zeros."""
    if message[:6:2] == b"\0\0\0":
        return message.decode("utf-16-be", "replace")
    return message.decode("latin-1")


def _scan(words: str) -> tuple[str | None, ...]:
    """Find the keys wherever they stand, but not within the text at the end."""
    cut = _TEXT.search(words)
    head, text = (words[: cut.start()], words[cut.end() :]) if cut else (words, None)
    found: dict[str, str] = {}
    for key, value in _ONE.findall(head):
        found.setdefault(key.lower(), value)
    keys = ("id", "submit date", "done date", "stat", "err")
    return (*(found.get(key) for key in keys), text)


def _network_error(tlvs: dict[int, bytes]) -> str:
    """§5.3.2.31: one byte for the network type, two for its code."""
    value = tlvs.get(Tag.NETWORK_ERROR_CODE, b"")
    return f"{int.from_bytes(value[1:3], 'big'):03d}" if len(value) == 3 else ""


def build(
    message_id: str,
    *,
    stat: str,
    submitted: str,
    done: str,
    error: str = "000",
    text: bytes = b"",
) -> bytes:
    """The text of Appendix B.

    Args:
        stat: seven letters, or a gateway's own code.
        submitted: `YYMMDDhhmm`, as is `done`.
        error: up to three characters by the specification; carriers use more.
        text: the beginning of the message; 20 bytes of it are quoted.
    """
    delivered = 1 if outcome_of(stat) is Outcome.DELIVERED else 0
    head = (
        f"id:{message_id} sub:001 dlvrd:{delivered:03d} submit date:{submitted} "
        f"done date:{done} stat:{stat} err:{error} text:"
    )
    return head.encode("latin-1") + text[:20]
