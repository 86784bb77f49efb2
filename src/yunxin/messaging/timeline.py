"""One message from acceptance to its last word, line by line (时间线).

The lines come from four places: the message itself (accepted, final, refunded), its queue row
(waiting, being sent), its submissions (the carrier's ids, part by part) and its events (what went
another way than usual).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from yunxin.carriers.codes import Explanations
from yunxin.messaging import labels
from yunxin.messaging.models import Message, MessageEvent, QueuedMessage, Submission
from yunxin.messaging.record_filters import SHANGHAI
from yunxin.vocabulary import (
    FINAL_STATES,
    MessageEventKind,
    MessageState,
    Source,
    message_id_time,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when, what, with which code of the carrier, on which channel."""

    at: datetime
    title: str
    tone: str = "blue"
    code: str = ""
    detail: str = ""
    channel_id: int | None = None
    carrier_message_id: str = ""
    order: int = 0  # among lines of one moment
    explained: str = ""  # what the code means, in the reader's language


@dataclass(frozen=True, slots=True)
class Story:
    """A message with all that happened to it, oldest first, and its state as people see it."""

    message: Message
    state: MessageState
    lines: Sequence[Line]
    explained: str  # what the code of its final word means


def read_story(enterprise_id: int, message_id: int) -> Story:
    """Everything about one message of one enterprise; six queries.

    Raises:
        Message.DoesNotExist: the enterprise has no such message.
    """
    message = Message.objects.get(enterprise_id=enterprise_id, id=message_id)
    own = {"enterprise_id": enterprise_id, "message_id": message_id}
    queued = QueuedMessage.objects.filter(**own).first()
    lines = [
        *_accepted(message),
        *_events(MessageEvent.objects.filter(**own)),
        *_submissions(message, list(_taken(own))),
        *_waiting(queued),
        *_final(message),
    ]
    say = Explanations().say
    return Story(
        message=message,
        state=_state(message, queued),
        lines=[
            replace(line, explained=say(line.code, line.channel_id))
            for line in sorted(lines, key=lambda line: (line.at, line.order))
        ],
        explained=say(message.code, message.channel_id),
    )


def _state(message: Message, queued: QueuedMessage | None) -> MessageState:
    state = MessageState(message.state)
    if state in FINAL_STATES:
        return state
    if queued is None:
        return MessageState.SUBMITTED
    return MessageState.SENDING if queued.claimed_by else MessageState.ACCEPTED


def _accepted(message: Message) -> Iterator[Line]:
    source = labels.SOURCES[Source(message.source)]
    yield Line(
        message_id_time(message.id),
        _("Accepted and paid for"),
        detail=_("%(source)s, billed messages: %(segments)s")
        % {"source": source, "segments": message.segments},
    )


def _waiting(queued: QueuedMessage | None) -> Iterator[Line]:
    if queued is None:
        return
    if queued.claimed_by and queued.claimed_at:  # not of those that are parked
        yield Line(
            queued.claimed_at, _("Handed to the line"), channel_id=queued.channel_id, order=2
        )
    elif queued.not_before:
        scheduled = not queued.attempt and queued.claimed_by is not None
        what = _("Scheduled for this time") if scheduled else _("To be tried again from now on")
        yield Line(queued.not_before, what, tone="cyan", order=2)


def _taken(own: dict[str, int]) -> QuerySet[Submission]:
    """What the carrier has of a message, of tries in doubt too where a receipt told of them."""
    known = Q(parts__gt=0) | Q(state__isnull=False)
    return Submission.objects.filter(known, **own).order_by("submitted_at")


def _submissions(message: Message, parts: list[Submission]) -> Iterator[Line]:
    """The parts as the carrier took them; where their rows are gone, when the first was taken."""
    if not parts and message.submitted_at:
        yield Line(
            message.submitted_at,
            _("Submitted to the carrier"),
            channel_id=message.channel_id,
            order=1,
        )
    for part in parts:
        taken = Line(
            part.submitted_at,
            _("Submitted to the carrier"),
            detail=_part_name(part),
            channel_id=part.channel_id,
            carrier_message_id=part.carrier_message_id,
            order=1,
        )
        yield taken
        if abs(part.parts) > 1 and part.state and part.done_at:
            state = MessageState(part.state)
            yield replace(
                taken,
                at=part.done_at,
                title=_("Receipt of a part: %(state)s") % {"state": labels.STATES[state]},
                tone=labels.TONES[state],
                code=part.code or "",
                order=3,
            )


def _part_name(part: Submission) -> str:
    parts = abs(part.parts)
    if parts == 1:
        return ""
    return _("part %(part)s of %(parts)s") % {"part": part.part, "parts": parts}


def _events(events: Any) -> Iterator[Line]:
    for event in events:
        yield Line(
            event.at,
            str(labels.EVENTS[MessageEventKind(event.kind)]),
            tone="orange",
            code=event.code or "",
            detail=_("part %(part)s") % {"part": event.part} if event.part else "",
            channel_id=event.channel_id,
            order=2,
        )


def _final(message: Message) -> Iterator[Line]:
    state = MessageState(message.state)
    if message.finished_at is None:
        return
    yield Line(
        message.finished_at,
        str(labels.STATES[state]),
        tone=labels.TONES[state],
        code=message.code or "",
        detail=_carrier_clock(message),
        channel_id=message.channel_id,
        order=4,
    )
    if message.refunded:
        yield Line(
            message.finished_at,
            _("Refunded to the package"),
            tone="green",
            detail=_("billed messages: %(segments)s") % {"segments": message.segments},
            order=5,
        )


def _carrier_clock(message: Message) -> str:
    if message.done_at is None:
        return ""
    from_carrier = message.done_at.astimezone(SHANGHAI)
    # Most receipts know the minute only: YYMMDDhhmm. Source: SMPP 3.4, appendix B.
    shape = "%Y-%m-%d %H:%M:%S" if from_carrier.second else "%Y-%m-%d %H:%M"
    return _("by the carrier's clock at %(time)s") % {"time": format(from_carrier, shape)}
