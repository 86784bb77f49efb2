"""What people call states, sources and what happened to a message."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yunxin.vocabulary import MessageEventKind, MessageState, Priority, Source

Text = str | Promise

STATES: dict[MessageState, Text] = {
    MessageState.ACCEPTED: _("Waiting to be sent"),
    MessageState.SENDING: _("Being sent"),
    MessageState.SUBMITTED: _("Submitted to the carrier"),
    MessageState.DELIVERED: _("Delivered"),
    MessageState.FAILED: _("Failed"),
    MessageState.EXPIRED: _("Not delivered in time"),
    MessageState.UNKNOWN: _("Result unknown"),
    MessageState.CANCELLED: _("Message cancelled"),
}
TONES = {
    MessageState.ACCEPTED: "cyan",
    MessageState.SENDING: "blue",
    MessageState.SUBMITTED: "blue",
    MessageState.DELIVERED: "green",
    MessageState.FAILED: "red",
    MessageState.EXPIRED: "orange",
    MessageState.UNKNOWN: "orange",
    MessageState.CANCELLED: "grey",
}
ASKED_STATES: dict[MessageState, Text] = {
    MessageState.ACCEPTED: _("In progress"),
    **{
        state: STATES[state]
        for state in (
            MessageState.DELIVERED, MessageState.FAILED, MessageState.EXPIRED,
            MessageState.UNKNOWN, MessageState.CANCELLED,
        )
    },
}  # fmt: skip
"""The states that records may be asked for: as the column has them."""

SOURCES: dict[Source, Text] = {
    Source.PORTAL: _("Portal"),
    Source.API: _("API"),
    Source.SMPP: "SMPP",
}

EVENTS: dict[MessageEventKind, Text] = {
    MessageEventKind.REFUSED: _("The carrier refused it"),
    MessageEventKind.RETRY: _("The carrier did not take it; it is tried again"),
    MessageEventKind.UNANSWERED: _("The carrier did not answer in time"),
    MessageEventKind.IN_DOUBT: _("The line broke before the carrier's answer"),
    MessageEventKind.SENT_AGAIN: _("To be sent again, as nobody knows whether it arrived"),
    MessageEventKind.LATE_RECEIPT: _("Another receipt came after the result; the result stays"),
    MessageEventKind.CANCELLED: _("Cancelled before it was sent"),
    MessageEventKind.WITHDRAWN: _("Withdrawn; whether the first try arrived nobody knows"),
    MessageEventKind.EXPIRED: _("No receipt came within the waiting time"),
}
PRIORITIES: dict[Priority, Text] = {
    Priority.VERIFICATION: _("Verification codes"),
    Priority.NOTICE: _("Notices"),
    Priority.MARKETING: _("Marketing messages"),
}
