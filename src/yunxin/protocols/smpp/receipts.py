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

_KEYS = rb"(?:id|sub|dlvrd|submit date|done date|stat|err|text):"


def _value(key: bytes, name: bytes) -> bytes:
    return key + rb":\s*(?!" + _KEYS + rb")(?P<" + name + rb">\S*)"


_FULL = re.compile(
    rb"\s*"
    + _value(rb"id", rb"id")
    + rb"\s+(?:sub:\s*\d*\s+)?(?:dlvrd:\s*\d*\s+)?(?:submit date:\s*(?P<submitted>\d*)\s+)?"
    + rb"(?:done date:\s*(?P<done>\d*)\s+)?"
    + _value(rb"stat", rb"stat")
    + rb"(?:\s+"
    + _value(rb"err", rb"err")
    + rb")?(?:\s+text:\s?(?P<text>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_ONE = re.compile(
    rb"(?:^|[\s;,])(id|submit date|done date|stat|err):\s*(?!" + _KEYS + rb")(\S*)", re.IGNORECASE
)
_TEXT = re.compile(rb"(?:^|\s)text:\s?", re.IGNORECASE)


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
    match = _FULL.match(message)
    values = match.groupdict() if match and match["id"] else _scan(message)
    stat = _text(values, "stat")
    message_id, state = _text(values, "id"), None
    if tlvs:
        message_id = tlv_text(tlvs, Tag.RECEIPTED_MESSAGE_ID) or message_id
        state = MESSAGE_STATES.get(tlv_integer(tlvs, Tag.MESSAGE_STATE) or 0)
    if not message_id or not (stat or state):
        raise RemoteProtocolError("A receipt lacks its id or its stat.", status=Code.RX_P_APPN)
    return Receipt(
        message_id=message_id,
        outcome=outcome_of(state or stat),
        stat=stat or state or "",
        error=_text(values, "err") or _network_error(tlvs),
        submitted=_text(values, "submitted"),
        done=_text(values, "done"),
        text=values.get("text") or b"",
    )


def _text(values: dict[str, bytes | None], key: str) -> str:
    return (values.get(key) or b"").decode("latin-1")


def _scan(message: bytes) -> dict[str, bytes | None]:
    """Find the keys wherever they stand, but not within the text at the end."""
    cut = _TEXT.search(message)
    head = message[: cut.start()] if cut else message
    values: dict[str, bytes | None] = {"text": message[cut.end() :] if cut else None}
    names = {b"submit date": "submitted", b"done date": "done"}
    for key, value in _ONE.findall(head):
        name = names.get(key.lower()) or key.lower().decode()
        values.setdefault(name, value)
    return values


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
