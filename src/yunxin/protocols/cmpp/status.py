"""The result codes of CMPP: name, what to do about them, and our sentence for each.

`explain` is for SUBMIT_RESP (and DELIVER_RESP, which has the first nine), `explain_connect` for
CONNECT_RESP. Neither fails: a code that the table lacks is a permanent refusal with its number for
a name. Source: CMPP V3.0 §8.4.3.2, §8.4.1.2; what to retry is experience, not specification.
"""

from enum import IntEnum
from typing import Final

from yunxin.protocols.events import Retry
from yunxin.protocols.status import Status, table, unknown


class Result(IntEnum):
    """§8.4.3.2: Result of SUBMIT_RESP."""

    OK = 0
    STRUCTURE = 1
    COMMAND = 2
    DUPLICATE = 3
    LENGTH = 4
    FEE_CODE = 5
    TOO_LONG = 6
    SERVICE = 7
    FLOW_CONTROL = 8
    FEE_NUMBER_NOT_SERVED = 9
    SRC_ID = 10
    MSG_SRC = 11
    FEE_TERMINAL = 12
    DEST_TERMINAL = 13


class ConnectStatus(IntEnum):
    """§8.4.1.2: Status of CONNECT_RESP."""

    OK = 0
    STRUCTURE = 1
    SOURCE_ADDRESS = 2
    AUTHENTICATION = 3
    VERSION = 4
    OTHER = 5


_SENTENCES: Final = {
    Result.OK: "Accepted.",
    Result.STRUCTURE: "The structure of the message is wrong.",
    Result.COMMAND: "The command is wrong, or not possible now.",
    Result.DUPLICATE: "The sequence number was used before.",
    Result.LENGTH: "The length of the message is wrong.",
    Result.FEE_CODE: "The fee code is wrong.",
    Result.TOO_LONG: "The message is longer than the carrier allows.",
    Result.SERVICE: "The service code is wrong.",
    Result.FLOW_CONTROL: "Messages are sent faster than the carrier allows.",
    Result.FEE_NUMBER_NOT_SERVED: "This gateway does not serve the number that pays.",
    Result.SRC_ID: "The access number is wrong.",
    Result.MSG_SRC: "The account's code in the message is wrong.",
    Result.FEE_TERMINAL: "The number that pays is wrong.",
    Result.DEST_TERMINAL: "The destination number is wrong.",
}
_CONNECT_SENTENCES: Final = {
    ConnectStatus.OK: "Accepted.",
    ConnectStatus.STRUCTURE: "The structure of the log-in is wrong.",
    ConnectStatus.SOURCE_ADDRESS: "The account is unknown, or not allowed from this address.",
    ConnectStatus.AUTHENTICATION: "The password is wrong.",
    ConnectStatus.VERSION: "The carrier does not speak this version.",
    ConnectStatus.OTHER: "The carrier refused the log-in.",
}
# A number that was used before says nothing about the message: with the next one it may pass.
_RETRIES: Final = {
    Result.OK: Retry.NONE,
    Result.FLOW_CONTROL: Retry.THROTTLE,
    Result.DUPLICATE: Retry.TEMPORARY,
}
STATUSES: Final = table(_SENTENCES, _RETRIES)
_CONNECT_STATUSES: Final = table(_CONNECT_SENTENCES, {ConnectStatus.OK: Retry.NONE})


def explain(code: int) -> Status:
    """What the result of a SUBMIT means."""
    return STATUSES.get(code) or unknown(code)


def explain_connect(code: int) -> Status:
    """What the status of a log-in means."""
    other = _CONNECT_SENTENCES[ConnectStatus.OTHER]
    return _CONNECT_STATUSES.get(code) or unknown(code, other)
