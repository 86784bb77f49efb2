"""What a refusal is called in SMPP: the one table from our reasons to command_status.

Where SMPP has a status of its own for the reason that one is used; for the others the range that
is reserved for message centres (SMPP v3.4 §5.1.3: 0x0400 to 0x04FF). docs/smpp-server.md shows the
same table, and a test compares the two.
"""

from typing import Final

from yunxin.protocols.smpp.status import Code
from yunxin.vocabulary import MessageState, Refusal, SmppBindRefusal

NO_BALANCE: Final = 0x0401
SIGNATURE: Final = 0x0402
TEMPLATE: Final = 0x0403
BLOCKED_BY_ENTERPRISE: Final = 0x0404
BLOCKED_FOR_ALL: Final = 0x0405
QUIET_HOURS: Final = 0x0406
FREQUENCY: Final = 0x0407
FORBIDDEN_WORD: Final = 0x0408
CARRIER_NOT_SERVED: Final = 0x0409
SUSPENDED: Final = 0x040A

OF_REFUSAL: Final[dict[Refusal, int]] = {
    Refusal.PHONE_INVALID: Code.RINVDSTADR,
    Refusal.PHONE_DUPLICATE: Code.RSUBMITFAIL,
    Refusal.BLOCKED_GLOBAL: BLOCKED_FOR_ALL,
    Refusal.BLOCKED_ENTERPRISE: BLOCKED_BY_ENTERPRISE,
    Refusal.CARRIER_NOT_SERVED: CARRIER_NOT_SERVED,
    Refusal.PARAMS_MISSING: TEMPLATE,
    Refusal.PARAMS_EXTRA: TEMPLATE,
    Refusal.PARAM_TOO_LONG: TEMPLATE,
    Refusal.FORBIDDEN_WORD: FORBIDDEN_WORD,
    Refusal.TEXT_TOO_LONG: Code.RINVMSGLEN,
    Refusal.QUIET_HOURS: QUIET_HOURS,
    Refusal.FREQUENCY: FREQUENCY,
    Refusal.NO_BALANCE: NO_BALANCE,
    Refusal.SIGNATURE_NOT_APPROVED: SIGNATURE,
    Refusal.TEMPLATE_NOT_APPROVED: TEMPLATE,
    Refusal.ENTERPRISE_SUSPENDED: SUSPENDED,
    Refusal.LINE_MALFORMED: Code.RSUBMITFAIL,
    Refusal.FULL_WIDTH_COMMA: Code.RSUBMITFAIL,
    Refusal.EXTENSION_TOO_LONG: Code.RINVSRCADR,
    Refusal.EXTENSION_TAKEN: Code.RINVSRCADR,
}

OF_BIND: Final[dict[SmppBindRefusal, int]] = {
    SmppBindRefusal.PASSWORD: Code.RINVPASWD,
    SmppBindRefusal.DISABLED: Code.RBINDFAIL,
    SmppBindRefusal.SUSPENDED: Code.RBINDFAIL,
    SmppBindRefusal.ADDRESS: Code.RBINDFAIL,
    SmppBindRefusal.SESSIONS: Code.RALYBND,
}
UNKNOWN_ACCOUNT: Final = Code.RINVSYSID

# The word of a receipt, and with it the message_state (§5.2.28), for each final state.
WORDS: Final[dict[MessageState, str]] = {
    MessageState.DELIVERED: "DELIVRD",
    MessageState.FAILED: "UNDELIV",
    MessageState.EXPIRED: "EXPIRED",
    MessageState.UNKNOWN: "UNKNOWN",
    MessageState.CANCELLED: "DELETED",
}
ON_THE_WAY: Final = "ENROUTE"
OVERDUE: Final = "validity"  # why a message was cancelled whose validity period was over


def word_of(state: MessageState, code: str | None) -> str:
    """The word of a receipt or of query_sm's answer."""
    if state is MessageState.CANCELLED and code == OVERDUE:
        return "EXPIRED"
    return WORDS.get(state, ON_THE_WAY)
