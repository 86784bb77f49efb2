"""The result codes of SGIP: what to do about each, and our sentence for it.

`explain(code)` never fails: a code that the table lacks is a permanent refusal with its number for
a name. Source: SGIP 1.2, appendix on error codes; what to retry is experience, not specification.
"""

from enum import IntEnum
from typing import Final

from yunxin.protocols.events import Retry
from yunxin.protocols.status import Status, table, unknown


class Code(IntEnum):
    """The values of Result in responses and of ErrorCode in reports; 34 and above are vendors'."""

    OK = 0
    ILLEGAL_LOGIN = 1
    DUPLICATE_LOGIN = 2
    TOO_MANY_CONNECTIONS = 3
    LOGIN_TYPE = 4
    FORMAT = 5
    PHONE = 6
    MESSAGE_ID = 7
    LENGTH = 8
    SEQUENCE = 9
    GNS_OPERATION = 10
    NODE_BUSY = 11
    UNREACHABLE = 21
    ROUTE_ERROR = 22
    NO_ROUTE = 23
    CHARGE_NUMBER = 24
    CANNOT_COMMUNICATE = 25
    MEMORY_FULL = 26
    NO_SMS = 27
    HANDSET_ERROR = 28
    UNKNOWN_USER = 29
    NOT_OFFERED = 30
    ILLEGAL_DEVICE = 31
    SYSTEM_FAILURE = 32
    QUEUE_FULL = 33


_RETRIES: Final = {
    Code.OK: Retry.NONE,
    Code.NODE_BUSY: Retry.THROTTLE,
    Code.QUEUE_FULL: Retry.THROTTLE,
    Code.SYSTEM_FAILURE: Retry.TEMPORARY,
    # The line, not the message, is in the wrong state.
    Code.ILLEGAL_LOGIN: Retry.TEMPORARY,
    Code.DUPLICATE_LOGIN: Retry.TEMPORARY,
    Code.TOO_MANY_CONNECTIONS: Retry.TEMPORARY,
}

_SENTENCES: Final = {
    Code.OK: "Accepted.",
    Code.ILLEGAL_LOGIN: "The name or the password of the log-in is wrong.",
    Code.DUPLICATE_LOGIN: "The account is logged in already.",
    Code.TOO_MANY_CONNECTIONS: "The account has too many connections.",
    Code.LOGIN_TYPE: "The log-in type is wrong.",
    Code.FORMAT: "A parameter has a wrong format.",
    Code.PHONE: "The phone number is invalid; it has to begin with 86.",
    Code.MESSAGE_ID: "The message id is wrong.",
    Code.LENGTH: "The message has an invalid length.",
    Code.SEQUENCE: "The sequence number is wrong.",
    Code.GNS_OPERATION: "The operation on the name server is illegal.",
    Code.NODE_BUSY: "The carrier's node is busy.",
    Code.UNREACHABLE: "The destination cannot be reached.",
    Code.ROUTE_ERROR: "The carrier's route is wrong.",
    Code.NO_ROUTE: "The carrier has no route to the destination.",
    Code.CHARGE_NUMBER: "The number that is to pay is invalid.",
    Code.CANNOT_COMMUNICATE: "The user cannot communicate, for arrears for example.",
    Code.MEMORY_FULL: "The phone's memory is full.",
    Code.NO_SMS: "The phone cannot receive short messages.",
    Code.HANDSET_ERROR: "The phone failed to receive the message.",
    Code.UNKNOWN_USER: "The user is unknown.",
    Code.NOT_OFFERED: "The carrier does not offer this function.",
    Code.ILLEGAL_DEVICE: "The device is illegal.",
    Code.SYSTEM_FAILURE: "The carrier has a system error.",
    Code.QUEUE_FULL: "The queue of the carrier's message centre is full.",
}

STATUSES: Final = table(_SENTENCES, _RETRIES)


def explain(code: int) -> Status:
    """What a result means; one that the table lacks is a permanent refusal."""
    return STATUSES.get(code) or unknown(code)
