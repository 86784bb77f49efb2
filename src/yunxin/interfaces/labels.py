"""What people call the kinds and states of the interfaces, and what scopes and errors mean."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from yunxin.dialects import problems, ronghe
from yunxin.dialects.v1 import Scope
from yunxin.interfaces.credentials import Overlap
from yunxin.vocabulary import (
    CredentialKind,
    PushBatchState,
    PushError,
    PushFormat,
    PushKind,
    PushWishKind,
    Refusal,
    ReviewState,
    TrafficClass,
)

Text = str | Promise

KINDS: dict[CredentialKind, Text] = {
    CredentialKind.RONGHE: _("AccessKey of the Ronghe dialect"),
    CredentialKind.V1: _("API key (v1)"),
}
SCOPES: dict[str, Text] = {
    Scope.MESSAGES_SEND: _("Send messages"),
    Scope.MESSAGES_READ: _("Read messages and receipts"),
    Scope.INBOUND_READ: _("Read replies"),
    Scope.ACCOUNT_READ: _("Read the balance"),
    Scope.CONTENT_READ: _("Read signatures and templates"),
    Scope.CONTENT_WRITE: _("Apply for signatures and templates"),
    Scope.CONTACTS_READ: _("Read the address book, with whole phone numbers"),
    Scope.CONTACTS_WRITE: _("Change the address book"),
}
OVERLAPS: dict[Overlap, Text] = {
    Overlap.NONE: _("at once"),
    Overlap.DAY: _("after 24 hours"),
    Overlap.WEEK: _("after 7 days"),
}
TRAFFIC: dict[TrafficClass, Text] = {
    TrafficClass.VERIFICATION: _("Verification codes"),
    TrafficClass.NOTICE: pgettext_lazy("traffic class", "Notices"),
    TrafficClass.MARKETING: _("Marketing"),
}
REVIEW_STATES: dict[ReviewState, Text] = {
    ReviewState.PENDING: _("In review"),
    ReviewState.APPROVED: _("Approved"),
    ReviewState.REJECTED: _("Rejected"),
    ReviewState.CANCELLED: pgettext_lazy("network", "Withdrawn"),
}
REVIEW_TONES = {
    ReviewState.PENDING: "orange",
    ReviewState.APPROVED: "green",
    ReviewState.REJECTED: "red",
    ReviewState.CANCELLED: "grey",
}
TARGETS: dict[PushKind, Text] = {
    PushKind.RECEIPTS: _("Status reports"),
    PushKind.REPLIES: pgettext_lazy("push", "Replies"),
}
PUSH_KINDS: dict[PushKind, Text] = {**TARGETS, PushKind.TEST: pgettext_lazy("push", "Test")}
FORMATS: dict[PushFormat, Text] = {
    PushFormat.RONGHE: _("Ronghe dialect"),
    PushFormat.V1: _("v1 (Standard Webhooks)"),
}
BATCH_STATES: dict[PushBatchState, Text] = {
    PushBatchState.WAITING: _("Waiting to be pushed"),
    PushBatchState.ACKED: _("Acknowledged"),
    PushBatchState.DEAD: _("Given up"),
}
BATCH_TONES = {
    PushBatchState.WAITING: "blue",
    PushBatchState.ACKED: "green",
    PushBatchState.DEAD: "red",
}
WISHES: dict[PushWishKind, Text] = {
    PushWishKind.TEST: _("Test push"),
    PushWishKind.BATCH: _("One push again"),
    PushWishKind.RANGE: _("A time range again"),
}
ERRORS: dict[PushError, Text] = {
    PushError.NONE: "",
    PushError.BAD_URL: _(
        "This is no URL that can be pushed to. Enter one such as https://example.com/receipts:"
        " http or https, a host, no user name in it, at most 500 characters."
    ),
    PushError.NOT_FOUND: _("The host name has no address. Check its spelling and its DNS record."),
    PushError.FORBIDDEN_ADDRESS: _(
        "The host has an address that is not public, such as 10.0.0.1. Nothing is pushed there"
        " unless the operators allow the network."
    ),
    PushError.CONNECT: _(
        "No connection could be made. Check that the server runs and lets us through its firewall."
    ),
    PushError.TLS: _(
        "The encrypted connection failed. Check that the certificate is valid and complete."
    ),
    PushError.TIMEOUT: _("No answer came in time. Acknowledge first and work afterwards."),
    PushError.BROKEN_OFF: _("The connection was closed before the answer was complete."),
    PushError.TOO_LONG: _("The answer was too long. A few characters are enough."),
    PushError.REDIRECT: _("The answer was a redirect, which is not followed. Enter the final URL."),
    PushError.STATUS: _("The answer had an HTTP status that is no acknowledgement."),
    PushError.NOT_JSON: _('The answer was not JSON. The dialect asks for {"status":0}.'),
    PushError.SAID_NO: _("The answer said that it was not accepted: its status was not 0."),
}

# Why the dialect refuses what v1 refuses in other words, or not at all.
DIALECT_REFUSALS: dict[str, Text] = {
    "bad_json": _("The body is not JSON"),
    "dialect_off": _("The dialect is switched off for the enterprise"),
    "mobiles_length": _("No number, or more than 300"),
    "bad_excode": _("The extension code is not of digits"),
    "wrong_sign": _("The signature is wrong"),
}


def outcome(word: str) -> Text:
    """Why requests were refused, for a word of `api_usage`; empty where it says all itself."""
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    if word in problems.PROBLEMS:
        return problems.PROBLEMS[word].title(language).rstrip(".。")
    if word in problems.REFUSALS:
        english, chinese = problems.REFUSALS[Refusal(word)]
        return (chinese if language == "zh" else english).rstrip(".。")
    number = word.removeprefix("ronghe_")
    if number != word and number.isdigit() and int(number) in set(ronghe.ResultCode):
        return ronghe.MESSAGES[ronghe.ResultCode(int(number))]
    return DIALECT_REFUSALS.get(word, "")


def push_error(word: str) -> Text:
    """A whole sentence for the word of an attempt; an unknown word stands for itself."""
    return ERRORS[PushError(word)] if word in set(PushError) else word


def scopes(words: list[str]) -> list[Text]:
    return [SCOPES.get(word, word) for word in words]


def choices(labels: dict[Any, Text]) -> list[tuple[str, Text]]:
    return [(str(value), label) for value, label in labels.items()]
