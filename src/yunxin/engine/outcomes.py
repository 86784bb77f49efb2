"""What becomes of a message after the carrier's word or its silence: the one judge.

Every answer, refusal, time-out and death of a line ends here in a `Verdict`: sent, failed, closed
as unknown, or set free to be sent later or by another channel. The table of status codes is the
protocol's (`protocols/<name>/status`), over it what operators decided otherwise in their table of
codes (`ruled`); what to do about them is decided here, and only here. `results` carries verdicts
out.
"""

from typing import NamedTuple

from yunxin.protocols.events import Retry
from yunxin.protocols.status import Status
from yunxin.text.codes import Meaning
from yunxin.vocabulary import CodeGroup, InDoubtPolicy, MessageEventKind, MessageState

ATTEMPTS_MAX = 5  # handed over in vain so many times, a message is given up
RETRY_AFTER_S = (5, 30, 120, 600)  # after the first, second, … refusal
THROTTLED_AFTER_S = 1  # a message that came too fast waits so long, and loses no attempt
NO_ROOM_AFTER_S = 0.5  # whoever tries next is busy: look again
NO_ANSWER = "NOANSWER"  # our word for a silence, where the carrier's would stand


class Verdict(NamedTuple):
    """What is to be written about a message that an engine had in its hands.

    Args:
        state: its final state; None when it is not final.
        sent: the carrier has it, or may have it, and its receipt is awaited.
        code: the carrier's word, kept with the message or in its time line.
        after_s: not final and not sent: it may be claimed again after so many seconds.
        burns: how many attempts that cost.
        avoid: the channel tried it in vain: those that did not go first the next time.
        events: lines of the time line.
    """

    state: MessageState | None = None
    sent: bool = False
    code: str | None = None
    after_s: float = 0.0
    burns: int = 0
    avoid: bool = False
    events: tuple[MessageEventKind, ...] = ()


SENT = Verdict(sent=True)
UNSENT = Verdict()  # it never reached the socket
NO_ROOM = Verdict(after_s=NO_ROOM_AFTER_S)  # whose turn it is has no room, and nobody sent it
BLOCKED = Verdict(
    state=MessageState.CANCELLED, code="BLOCKED", events=(MessageEventKind.CANCELLED,)
)
WITHDRAWN = Verdict(
    state=MessageState.CANCELLED, code="WITHDRAWN", events=(MessageEventKind.CANCELLED,)
)
# A value of it does not fit the protocol's fields; what was accepted should always fit.
UNSENDABLE = Verdict(
    state=MessageState.FAILED, code="UNSENDABLE", events=(MessageEventKind.REFUSED,)
)


def kept_back(verdict: Verdict, *, was_in_doubt: bool) -> Verdict:
    """A claimed message is not to go out after all: BLOCKED or WITHDRAWN, if it never did.

    Args:
        was_in_doubt: an earlier try may have reached the phone, so nobody may call it cancelled.
    """
    if not was_in_doubt:
        return verdict
    events = (MessageEventKind.WITHDRAWN,)
    return Verdict(state=MessageState.UNKNOWN, code=NO_ANSWER, events=events)


def ruled(status: Status, hopeless: bool, decision: Meaning | None) -> tuple[Status, bool]:
    """A refusal's status, and whether it is hopeless, with what operators decided about its code.

    What they call permanent is not sent by the channel again, and by no other either where they
    say that the number is at fault. What they call temporary is tried again, and counts as too
    fast only where the protocol says so: that costs no attempt and must not go on for ever.

    Args:
        hopeless: by the protocol the number or the text is at fault.
        decision: of the operators' table (`CodeBook.decision`); None: the protocol's word stays.
    """
    if decision is None:
        return status, hopeless
    if decision.permanent:
        blames_number = decision.group is CodeGroup.NUMBER
        return status._replace(retry=Retry.PERMANENT), hopeless or blames_number
    if status.retry is Retry.PERMANENT:
        status = status._replace(retry=Retry.TEMPORARY)
    return status, False


def refused(
    meaning: Status,
    *,
    attempt: int,
    another: bool,
    hopeless: bool = False,
    may_repeat: bool = True,
    was_in_doubt: bool = False,
) -> Verdict:
    """The carrier refused a message, wholly or in part.

    Args:
        meaning: what the answer's status says; not an acceptance.
        attempt: how often it was refused before.
        another: whether a channel that has not refused it yet could carry it.
        hopeless: the number or the text is at fault: every carrier would say the same.
        may_repeat: False when parts of it are already with the carrier, so that sending it again
            would send those twice.
        was_in_doubt: an earlier try may have reached the phone. Only a word on the number or the
            text itself says that it did not.
    """
    if not may_repeat:
        return _given_up(meaning, was_in_doubt and not hopeless)
    if meaning.retry is Retry.THROTTLE:
        if another:  # a line that is always too busy must not keep a message for itself
            return _again(meaning.name, 0.0)._replace(burns=0)
        return Verdict(after_s=THROTTLED_AFTER_S, code=meaning.name)
    if another and not hopeless and attempt + 1 < ATTEMPTS_MAX:
        return _again(meaning.name, 0.0)
    if meaning.retry is Retry.TEMPORARY and attempt + 1 < ATTEMPTS_MAX:
        return _again(meaning.name, RETRY_AFTER_S[min(attempt, len(RETRY_AFTER_S) - 1)])
    return _given_up(meaning, was_in_doubt and not hopeless)


def in_doubt(
    policy: InDoubtPolicy, *, attempt: int, why: MessageEventKind, traceable: bool = False
) -> Verdict:
    """A message was handed over, and nobody knows whether the carrier has it.

    Args:
        policy: of its traffic class, see `policies`.
        attempt: how often it was tried before.
        why: `unanswered` (no answer in time) or `in_doubt` (the line or the engine died).
        traceable: the ids of all its parts are known, so that a receipt can still tell; it is
            awaited before anybody calls the message unknown.
    """
    doubt = MessageEventKind.IN_DOUBT
    events = (doubt,) if why is doubt else (why, doubt)
    if policy is InDoubtPolicy.RESEND and attempt + 1 < ATTEMPTS_MAX:
        return Verdict(burns=1, avoid=True, events=(*events, MessageEventKind.SENT_AGAIN))
    if traceable:
        return Verdict(sent=True, events=events)
    return Verdict(state=MessageState.UNKNOWN, code=NO_ANSWER, events=events)


def _again(code: str, after_s: float) -> Verdict:
    return Verdict(
        code=code, after_s=after_s, burns=1, avoid=True, events=(MessageEventKind.RETRY,)
    )


def _given_up(meaning: Status, is_open: bool) -> Verdict:
    state = MessageState.UNKNOWN if is_open else MessageState.FAILED
    return Verdict(state=state, code=meaning.name, events=(MessageEventKind.REFUSED,))
