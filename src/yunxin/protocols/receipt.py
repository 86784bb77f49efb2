"""What a carrier says about a message that it took: the same for every protocol.

Each protocol has its own bytes for a receipt (`smpp/receipts`); all carry one of the seven-letter
words below or, in China, a gateway's own code such as `MK:0001`.
"""

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """What a receipt means for the message. `pending` is news on the way, not the final word."""

    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    PENDING = "pending"


# SMPP v3.4 Appendix B; CMPP V3.0 §8.5.
_WORDS = {
    "DELIVRD": Outcome.DELIVERED,
    "EXPIRED": Outcome.EXPIRED,
    "DELETED": Outcome.FAILED,
    "UNDELIV": Outcome.FAILED,
    "REJECTD": Outcome.FAILED,
    "UNKNOWN": Outcome.UNKNOWN,
    "ACCEPTD": Outcome.PENDING,
    "ENROUTE": Outcome.PENDING,
    "SCHEDUL": Outcome.PENDING,
}
# Gateways of Chinese carriers: the letters before the colon repeat the word, from vendors' lists.
_PREFIXES = {
    "MI": Outcome.EXPIRED,
    "ML": Outcome.PENDING,
    "MM": Outcome.UNKNOWN,
    "MC": Outcome.EXPIRED,  # no report from the message centre
}


def outcome_of(stat: str) -> Outcome:
    """The meaning of a stat as it stood in the receipt; what nobody knows counts as a failure."""
    known = _WORDS.get(stat)
    if known is not None:
        return known
    word = stat.strip().upper()
    return _WORDS.get(word[:7]) or _PREFIXES.get(word.partition(":")[0], Outcome.FAILED)


class Receipt(msgspec.Struct, frozen=True):
    """One receipt.

    `message_id` is as the carrier wrote it (see `smpp/ids`); `stat` and `error` are the carrier's
    own words, kept for people; the dates are as written, `YYMMDDhhmm[ss]` in the carrier's own
    time zone, empty when absent.
    """

    message_id: str
    outcome: Outcome
    stat: str = ""
    error: str = ""
    submitted: str = ""
    done: str = ""
    text: bytes = b""
