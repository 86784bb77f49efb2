"""The command_status of SMPP: its name, what to do about it, and our sentence for it.

`explain(code)` never fails: a code that the table lacks is a permanent refusal with its number for
a name. Source: SMPP v3.4 Issue 1.2 §5.1.3; what to retry is experience, not specification.
"""

from enum import IntEnum
from typing import Final

from yunxin.protocols.events import Retry
from yunxin.protocols.status import Status, table, unknown


class Code(IntEnum):
    """§5.1.3, without the prefix ESME_."""

    ROK = 0x00
    RINVMSGLEN = 0x01
    RINVCMDLEN = 0x02
    RINVCMDID = 0x03
    RINVBNDSTS = 0x04
    RALYBND = 0x05
    RINVPRTFLG = 0x06
    RINVREGDLVFLG = 0x07
    RSYSERR = 0x08
    RINVSRCADR = 0x0A
    RINVDSTADR = 0x0B
    RINVMSGID = 0x0C
    RBINDFAIL = 0x0D
    RINVPASWD = 0x0E
    RINVSYSID = 0x0F
    RCANCELFAIL = 0x11
    RREPLACEFAIL = 0x13
    RMSGQFUL = 0x14
    RINVSERTYP = 0x15
    RINVNUMDESTS = 0x33
    RINVDLNAME = 0x34
    RINVDESTFLAG = 0x40
    RINVSUBREP = 0x42
    RINVESMCLASS = 0x43
    RCNTSUBDL = 0x44
    RSUBMITFAIL = 0x45
    RINVSRCTON = 0x48
    RINVSRCNPI = 0x49
    RINVDSTTON = 0x50
    RINVDSTNPI = 0x51
    RINVSYSTYP = 0x53
    RINVREPFLAG = 0x54
    RINVNUMMSGS = 0x55
    RTHROTTLED = 0x58
    RINVSCHED = 0x61
    RINVEXPIRY = 0x62
    RINVDFTMSGID = 0x63
    RX_T_APPN = 0x64
    RX_P_APPN = 0x65
    RX_R_APPN = 0x66
    RQUERYFAIL = 0x67
    RINVOPTPARSTREAM = 0xC0
    ROPTPARNOTALLWD = 0xC1
    RINVPARLEN = 0xC2
    RMISSINGOPTPARAM = 0xC3
    RINVOPTPARAMVAL = 0xC4
    RDELIVERYFAILURE = 0xFE
    RUNKNOWNERR = 0xFF


_THROTTLE: Final = {Code.RTHROTTLED, Code.RMSGQFUL}
# RINVBNDSTS says that the line, not the message, is in the wrong state: retrying it is our guess.
_TEMPORARY: Final = {Code.RSYSERR, Code.RX_T_APPN, Code.RINVBNDSTS}

_SENTENCES: Final = {
    Code.ROK: "Accepted.",
    Code.RINVMSGLEN: "The message has an invalid length.",
    Code.RINVCMDLEN: "The command has an invalid length.",
    Code.RINVCMDID: "The carrier does not know this command.",
    Code.RINVBNDSTS: "The session is not in the right state for this command.",
    Code.RALYBND: "The account is already bound.",
    Code.RINVPRTFLG: "The priority is invalid.",
    Code.RINVREGDLVFLG: "The request for a receipt is invalid.",
    Code.RSYSERR: "The carrier has a system error.",
    Code.RINVSRCADR: "The source number is invalid.",
    Code.RINVDSTADR: "The destination number is invalid.",
    Code.RINVMSGID: "The message id is invalid.",
    Code.RBINDFAIL: "The log-in failed.",
    Code.RINVPASWD: "The password is wrong.",
    Code.RINVSYSID: "The account is unknown.",
    Code.RCANCELFAIL: "The message could not be cancelled.",
    Code.RREPLACEFAIL: "The message could not be replaced.",
    Code.RMSGQFUL: "The carrier's queue is full.",
    Code.RINVSERTYP: "The service type is invalid.",
    Code.RINVNUMDESTS: "The number of destinations is invalid.",
    Code.RINVDLNAME: "The distribution list is unknown.",
    Code.RINVDESTFLAG: "The kind of destination is invalid.",
    Code.RINVSUBREP: "Submit with replace is not possible.",
    Code.RINVESMCLASS: "The message class is invalid.",
    Code.RCNTSUBDL: "The carrier cannot send to this distribution list.",
    Code.RSUBMITFAIL: "The carrier refused the message.",
    Code.RINVSRCTON: "The type of the source number is invalid.",
    Code.RINVSRCNPI: "The plan of the source number is invalid.",
    Code.RINVDSTTON: "The type of the destination number is invalid.",
    Code.RINVDSTNPI: "The plan of the destination number is invalid.",
    Code.RINVSYSTYP: "The system type is invalid.",
    Code.RINVREPFLAG: "The replace flag is invalid.",
    Code.RINVNUMMSGS: "The number of messages is invalid.",
    Code.RTHROTTLED: "Messages are sent faster than the carrier allows.",
    Code.RINVSCHED: "The scheduled time is invalid.",
    Code.RINVEXPIRY: "The validity period is invalid.",
    Code.RINVDFTMSGID: "The predefined message is unknown.",
    Code.RX_T_APPN: "The receiving application has a temporary error.",
    Code.RX_P_APPN: "The receiving application has a permanent error.",
    Code.RX_R_APPN: "The receiving application refused the message.",
    Code.RQUERYFAIL: "The query failed.",
    Code.RINVOPTPARSTREAM: "The optional parameters are malformed.",
    Code.ROPTPARNOTALLWD: "An optional parameter is not allowed here.",
    Code.RINVPARLEN: "A parameter has an invalid length.",
    Code.RMISSINGOPTPARAM: "An expected optional parameter is missing.",
    Code.RINVOPTPARAMVAL: "An optional parameter has an invalid value.",
    Code.RDELIVERYFAILURE: "The delivery failed.",
    Code.RUNKNOWNERR: "The carrier has an unknown error.",
}


def _retry_of(code: Code) -> Retry:
    if code is Code.ROK:
        return Retry.NONE
    if code in _THROTTLE:
        return Retry.THROTTLE
    return Retry.TEMPORARY if code in _TEMPORARY else Retry.PERMANENT


STATUSES: Final = table(_SENTENCES, {code: _retry_of(code) for code in Code})


def explain(code: int) -> Status:
    """What a command_status means; one that the table lacks is a permanent refusal."""
    return STATUSES.get(code) or unknown(code)._replace(name=f"0x{code:08X}")
