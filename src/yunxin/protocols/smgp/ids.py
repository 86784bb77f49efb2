"""SMGP's message ids: ten bytes that gateways fill with decimal digits, and some with others.

    3 bytes the gateway · 4 MMDDHHMM · 3 a sequence from 000000 to 999999

Ids travel as 20 hexadecimal digits, which are the decimal ones where the gateway keeps to the
specification. A client takes an id as it is and reads nothing from it.
"""

from datetime import datetime

from yunxin.protocols.clock import BEIJING
from yunxin.protocols.smgp.pdus import MSG_ID_SIZE

SEQUENCES = 1_000_000
_SEQUENCE_DIGITS = 6


def made_at(moment: datetime, gateway: str, sequence: int) -> str:
    """The id that a gateway of six digits gives at an aware time."""
    return f"{gateway:0>6}{moment.astimezone(BEIJING):%m%d%H%M}{sequence % SEQUENCES:06}"


def to_bytes(message_id: str) -> bytes:
    """The ten bytes of 20 hexadecimal digits; zeros of an empty id.

    Raises:
        ValueError: it is neither.
    """
    data = bytes.fromhex(message_id) if message_id else bytes(MSG_ID_SIZE)
    if len(data) != MSG_ID_SIZE:
        raise ValueError(f"{message_id} has not 20 hexadecimal digits.")
    return data


def of_phones(first: str, phones: int) -> list[str]:
    """The ids of all phones of one submit, from the one in its answer: the sequence runs on.

    Of an id that is not in decimal digits the last three bytes are counted on as a number.
    """
    head, tail = first[:-_SEQUENCE_DIGITS], first[-_SEQUENCE_DIGITS:]
    if tail.isdecimal():
        return [f"{head}{(int(tail) + n) % SEQUENCES:06}" for n in range(phones)]
    return [f"{head}{(int(tail, 16) + n) & 0xFFFFFF:06x}" for n in range(phones)]
