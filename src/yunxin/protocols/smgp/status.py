"""The status codes of SMGP: what to do about each, and our sentence for it.

`explain(code)` never fails: a code that the table lacks (128 to 255 are vendors') is a permanent
refusal with its number for a name. Source: SMGP V3.0.3, table of status values; what to retry is
experience, not specification.
"""

from enum import IntEnum
from typing import Final

from yunxin.protocols.events import Retry
from yunxin.protocols.status import Status, table, unknown


class Code(IntEnum):
    """The values of Status in the responses to log-in, submit and deliver."""

    OK = 0
    BUSY = 1
    TOO_MANY_CONNECTIONS = 2
    STRUCTURE = 10
    COMMAND = 11
    DUPLICATE_SEQUENCE = 12
    ADDRESS = 20
    AUTHENTICATION = 21
    VERSION = 22
    MSG_TYPE = 30
    PRIORITY = 31
    FEE_TYPE = 32
    FEE_CODE = 33
    MSG_FORMAT = 34
    TIME_FORMAT = 35
    MSG_LENGTH = 36
    EXPIRED = 37
    QUERY_TYPE = 38
    ROUTE = 39
    FIXED_FEE = 40
    UPDATE_TYPE = 41
    ROUTE_ID = 42
    SERVICE_ID = 43
    VALID_TIME = 44
    AT_TIME = 45
    SRC_TERM_ID = 46
    DEST_TERM_ID = 47
    CHARGE_TERM_ID = 48
    SP_CODE = 49
    SRC_GATEWAY_ID = 56
    QUERY_TERM_ID = 57
    NO_MATCHING_ROUTE = 58
    SP_TYPE = 59
    LAST_ROUTE_ID = 60
    ROUTE_TYPE = 61
    DEST_GATEWAY_ID = 62
    DEST_GATEWAY_IP = 63
    DEST_GATEWAY_PORT = 64
    TERM_RANGE_ID = 65
    PROVINCE_CODE = 66
    USER_TYPE = 67
    NO_ROUTE_UPDATE = 68
    SP_ID = 69
    SP_ACCESS_TYPE = 70
    ROUTE_UPDATE_FAILED = 71
    TIME = 72
    M_SERVICE_ID = 73
    FORBIDDEN_PERIOD = 74
    DAILY_QUOTA = 75
    ACCOUNT_EXPIRED = 76


_RETRIES: Final = {
    Code.OK: Retry.NONE,
    Code.BUSY: Retry.THROTTLE,
    Code.TOO_MANY_CONNECTIONS: Retry.TEMPORARY,
    Code.FORBIDDEN_PERIOD: Retry.TEMPORARY,  # later today
    Code.DAILY_QUOTA: Retry.TEMPORARY,  # tomorrow
}

_SENTENCES: Final = {
    Code.OK: "Accepted.",
    Code.BUSY: "The carrier's system is busy.",
    Code.TOO_MANY_CONNECTIONS: "The account has too many connections.",
    Code.STRUCTURE: "The message has a wrong structure.",
    Code.COMMAND: "The carrier does not know this command, or not now.",
    Code.DUPLICATE_SEQUENCE: "The sequence number was used before.",
    Code.ADDRESS: "The address that we connect from is not allowed.",
    Code.AUTHENTICATION: "The name or the password of the log-in is wrong.",
    Code.VERSION: "The version of the protocol is too high for the carrier.",
    Code.MSG_TYPE: "The type of the message is invalid.",
    Code.PRIORITY: "The priority is invalid.",
    Code.FEE_TYPE: "The type of the fee is invalid.",
    Code.FEE_CODE: "The fee is invalid.",
    Code.MSG_FORMAT: "The message's format is invalid.",
    Code.TIME_FORMAT: "A time has a wrong format.",
    Code.MSG_LENGTH: "The message has an invalid length.",
    Code.EXPIRED: "The message's time is over.",
    Code.QUERY_TYPE: "The type of the query is invalid.",
    Code.ROUTE: "The carrier's route is wrong.",
    Code.FIXED_FEE: "The monthly fee is invalid.",
    Code.UPDATE_TYPE: "The type of the update is invalid.",
    Code.ROUTE_ID: "The route's id is invalid.",
    Code.SERVICE_ID: "The service code is invalid.",
    Code.VALID_TIME: "The validity period is invalid.",
    Code.AT_TIME: "The scheduled time is invalid.",
    Code.SRC_TERM_ID: "The source number is invalid.",
    Code.DEST_TERM_ID: "The destination number is invalid.",
    Code.CHARGE_TERM_ID: "The number that is to pay is invalid.",
    Code.SP_CODE: "The provider's code is invalid.",
    Code.SRC_GATEWAY_ID: "The source gateway's code is invalid.",
    Code.QUERY_TERM_ID: "The number of the query is invalid.",
    Code.NO_MATCHING_ROUTE: "The carrier has no route to the destination.",
    Code.SP_TYPE: "The provider's type is invalid.",
    Code.LAST_ROUTE_ID: "The last route's id is invalid.",
    Code.ROUTE_TYPE: "The type of the route is invalid.",
    Code.DEST_GATEWAY_ID: "The destination gateway's code is invalid.",
    Code.DEST_GATEWAY_IP: "The destination gateway's address is invalid.",
    Code.DEST_GATEWAY_PORT: "The destination gateway's port is invalid.",
    Code.TERM_RANGE_ID: "The range of numbers is invalid.",
    Code.PROVINCE_CODE: "The province's code is invalid.",
    Code.USER_TYPE: "The user's type is invalid.",
    Code.NO_ROUTE_UPDATE: "This node takes no updates of routes.",
    Code.SP_ID: "The provider's id is invalid.",
    Code.SP_ACCESS_TYPE: "The provider's kind of access is invalid.",
    Code.ROUTE_UPDATE_FAILED: "The update of the route failed.",
    Code.TIME: "The time stamp is invalid.",
    Code.M_SERVICE_ID: "The service's id is invalid.",
    Code.FORBIDDEN_PERIOD: "The provider may not send at this time of day.",
    Code.DAILY_QUOTA: "The provider's quota for today is used up.",
    Code.ACCOUNT_EXPIRED: "The provider's account has expired.",
}

STATUSES: Final = table(_SENTENCES, _RETRIES)


def explain(code: int) -> Status:
    """What a status means; one that the table lacks is a permanent refusal."""
    return STATUSES.get(code) or unknown(code)
