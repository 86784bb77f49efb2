"""Status reports of SMGP: the 122 bytes in a deliver whose IsReport is 1.

They look like the text of SMPP's receipts, but their id is ten raw bytes, which may hold anything,
a space too. So they are read by their places; what is not laid out in this way is searched for
the words, in any case of letters.
"""

import re
from typing import Final

from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError
from yunxin.protocols.receipt import Outcome, Receipt, outcome_of
from yunxin.protocols.smgp.pdus import MSG_ID_SIZE
from yunxin.protocols.smgp.status import Code

SIZE: Final = 122
_ID_AT, _LABEL_AT = 3, 13
# From the space before "sub:": 3 bytes, 3, 10, 10, 7, 3 and, of the text, 20.
_PLACED = re.compile(
    r" sub:.{3} dlvrd:.{3} submit date:(.{10}) done date:(.{10}) stat:(.{7}) err:(.{3}) text:(.*)",
    re.IGNORECASE | re.DOTALL,
)
_WORDED = re.compile(
    r"\s*sub:[^\s:]*\s+dlvrd:[^\s:]*\s+submit\s+date:(\d*)\s+done\s+date:(\d*)\s+stat:(\S*)"
    r"(?:\s+err:([^\s:]*))?(?:\s+text:(.*))?",
    re.IGNORECASE | re.DOTALL,
)


def parse(content: bytes) -> Receipt:
    """Read a report.

    Raises:
        RemoteProtocolError: there is no id, or nothing that says what became of the message.
    """
    at = _LABEL_AT
    if content[at : at + 5].lower() == b" sub:":
        message_id = content[_ID_AT:at].hex()
    else:
        at = content.lower().find(b" sub:", _ID_AT)
        message_id = content[_ID_AT : max(at, 0)].decode("latin-1").strip("\0 ").lower()
    words = content[at:].decode("latin-1") if at > 0 else ""
    match = _PLACED.match(words) or _WORDED.match(words)
    if match is None or not message_id:
        raise RemoteProtocolError("A report lacks its id or its words.", status=Code.STRUCTURE)
    submitted, done, stat, error, text = ((value or "").strip("\0 ") for value in match.groups())
    if not stat:
        raise RemoteProtocolError("A report lacks its stat.", status=Code.STRUCTURE)
    return Receipt(
        message_id, outcome_of(stat), stat, error, submitted, done, text.encode("latin-1")
    )


def build(
    message_id: bytes,
    *,
    stat: str,
    error: str = "000",
    submitted: str,
    done: str,
    text: bytes = b"",
) -> bytes:
    """The 122 bytes.

    Args:
        message_id: ten bytes.
        stat: seven letters, or a gateway's own code; of a longer one the first seven.
        submitted: `YYMMDDhhmm`, as is `done`.
        text: three digits of the message's length and up to 17 bytes of it, or nothing.
    """
    if len(message_id) != MSG_ID_SIZE:
        raise LocalProtocolError("A message id has ten bytes.")
    delivered = b"001" if outcome_of(stat) is Outcome.DELIVERED else b"000"
    pieces = (
        (b"id:", message_id, 10),
        (b" sub:", b"001", 3),
        (b" dlvrd:", delivered, 3),
        (b" Submit date:", submitted.encode("ascii"), 10),
        (b" done date:", done.encode("ascii"), 10),
        (b" stat:", stat.encode("ascii"), 7),
        (b" err:", error.encode("ascii"), 3),
        (b" Text:", text, 20),
    )
    return b"".join(label + value[:size].ljust(size, b"\0") for label, value, size in pieces)
