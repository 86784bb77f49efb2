"""v1 as the wire sees it: bodies and answers as structs, addresses as a table.

`ROUTES` is what `openapi` describes, what the API serves and what the interface document lists.
The address book's bodies and answers stand in `v1_contacts`.
Ids are texts on the wire; times are RFC 3339 in UTC.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from yunxin.dialects import v1_contacts as book
from yunxin.dialects.problems import PROBLEMS
from yunxin.dialects.v1_words import (
    IDEMPOTENCY_KEY_MAX,
    NO_NUL,
    PAGE_DEFAULT,
    PAGE_MAX,
    PREFIX,
    Cursor,
    Limit,
    PageQuery,
    Phone,
    Scope,
)
from yunxin.vocabulary import SignatureKind, SignaturePosition, TemplateKind, TrafficClass

__all__ = ["IDEMPOTENCY_KEY_MAX", "PAGE_MAX", "PREFIX", "ROUTES", "PageQuery", "Route", "Scope"]

RECIPIENTS_MAX = 1_000
EXTENSION_MAX = 12


class StateAsked(StrEnum):
    """States that messages can be asked for; "accepted" is all that have no final word yet."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class TemplateCarrier(StrEnum):
    """Whose phones a template may be sent to."""

    ALL = "all"
    MOBILE = "mobile"
    UNICOM = "unicom"
    TELECOM = "telecom"
    BROADNET = "broadnet"


# Bodies ----------------------------------------------------------------------------------------

Parameter = Annotated[str, Meta(max_length=1000)]
Parameters = Annotated[list[Parameter], Meta(max_length=100)]
Reference = Annotated[str, Meta(max_length=64, pattern=NO_NUL)]


class ReplayKind(StrEnum):
    """What can be pushed again."""

    RECEIPTS = "receipts"
    REPLIES = "replies"


Moment = Annotated[datetime, Meta(tz=True)]


class Recipient(Struct, forbid_unknown_fields=True):
    """One phone; its own parameters go before the shared ones, its own reference likewise."""

    phone: Phone
    parameters: Parameters | None = None
    reference: Reference | None = None


class SendBody(Struct, forbid_unknown_fields=True):
    """One template to one or many recipients."""

    template: Annotated[str, Meta(pattern=r"^[0-9]{1,18}$", description="The template's number.")]
    recipients: Annotated[list[Recipient], Meta(min_length=1, max_length=RECIPIENTS_MAX)]
    parameters: Annotated[
        Parameters | None, Meta(description="For recipients that have none of their own.")
    ] = None
    extension: Annotated[
        str,
        Meta(pattern=rf"^[0-9]{{0,{EXTENSION_MAX}}}$", description="Digits after your number."),
    ] = ""
    reference: Annotated[
        Reference | None, Meta(description="Comes back with receipts; yours to choose.")
    ] = None


class ReplayBody(Struct, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}):
    """What is to be pushed once more: all of a time, whatever became of it."""

    kind: ReplayKind
    since: Annotated[Moment, Meta(description="Told of at this time or later.")]
    until: Annotated[
        Moment | None, Meta(description="Told of before this time; now if it is left out.")
    ] = None


Name = Annotated[str, Meta(min_length=1, max_length=40, pattern=NO_NUL)]


class SignatureBody(Struct, forbid_unknown_fields=True):
    """An application for a signature; one that needs evidence is applied for on the pages."""

    name: Annotated[str, Meta(min_length=1, max_length=60, pattern=NO_NUL)]
    purpose: Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]
    kind: SignatureKind = SignatureKind.COMPANY


class TemplateBody(Struct, forbid_unknown_fields=True):
    """An application for a template."""

    name: Name
    signature: Annotated[str, Meta(pattern=r"^[0-9]{1,18}$", description="The signature's id.")]
    content: Annotated[
        str,
        Meta(min_length=1, max_length=1000, pattern=NO_NUL, description="`#*#` is a variable."),
    ]
    kind: TemplateKind = TemplateKind.INDUSTRY
    traffic: TrafficClass = TrafficClass.NOTICE
    position: SignaturePosition = SignaturePosition.FRONT
    carriers: Annotated[list[TemplateCarrier], Meta(min_length=1, max_length=4)] = msgspec.field(
        default_factory=lambda: [TemplateCarrier.ALL]
    )
    variables: Annotated[
        list[Name], Meta(max_length=100, description="What the variables are, in order.")
    ] = msgspec.field(default_factory=list)


# Answers ---------------------------------------------------------------------------------------


class RefusalTold(Struct):
    """Why one recipient was not accepted."""

    code: str
    detail: str
    message: str


class SentMessage(Struct, omit_defaults=True):
    """One recipient: accepted with an id, or refused."""

    phone: str
    id: str | UnsetType = UNSET
    segments: int | UnsetType = UNSET
    refusal: RefusalTold | UnsetType = UNSET


class Sent(Struct):
    """What became of a request; accepted is not yet delivered."""

    task: str
    accepted: int
    refused: int
    segments: int
    messages: list[SentMessage]


class PreviewedMessage(Struct, omit_defaults=True):
    """What one recipient would get."""

    phone: str
    text: str | UnsetType = UNSET
    segments: int | UnsetType = UNSET
    refusal: RefusalTold | UnsetType = UNSET


class Preview(Struct):
    """What a request would do."""

    accepted: int
    refused: int
    segments: int
    messages: list[PreviewedMessage]


class Failure(Struct):
    """What a carrier's code means; there where it is known and the message did not arrive."""

    group: str
    permanent: bool
    en: str
    zh: str


class TimelineEntry(Struct):
    """One thing that happened to a message."""

    kind: str
    at: datetime
    code: str | None = None
    detail: str | None = None


class Message(Struct, kw_only=True):
    """A message and how far it is."""

    id: str
    phone: str
    state: str
    code: str | None
    failure: Failure | None = None
    text: str
    template: str
    segments: int
    source: str
    task: str | None
    reference: str | None
    accepted_at: datetime
    submitted_at: datetime | None
    done_at: datetime | None
    finished_at: datetime | None


class MessageWithTimeline(Message, kw_only=True):
    """A message with all that happened to it, oldest first."""

    timeline: list[TimelineEntry]


class Messages(Struct):
    """A page of messages, newest first; `next` is the cursor of the following page, if any."""

    data: list[Message]
    next: str | None


class ReceiptPart(Struct):
    """The carrier's word on one part of a longer message."""

    part: int
    state: str
    code: str | None
    done_at: datetime | None


class Receipt(Struct, kw_only=True):
    """A message's final word; `id` is the event's, by which doubles are known."""

    id: str
    message: str | None
    phone: str
    state: str
    code: str | None
    failure: Failure | None = None
    segments: int
    parts: list[ReceiptPart]
    accepted_at: datetime | None
    submitted_at: datetime | None
    done_at: datetime | None
    finished_at: datetime | None
    task: str | None
    reference: str | None


class Receipts(Struct):
    """Receipts, oldest first; keep `next` and go on from there, now or later."""

    data: list[Receipt]
    next: str


class InboundMessage(Struct, kw_only=True):
    """What a phone wrote; `id` is the event's, by which doubles are known."""

    id: str
    reply: str
    phone: str
    number: str
    text: str
    received_at: datetime
    message: str | None
    unsubscribed: bool


class Inbound(Struct):
    """Replies, oldest first; keep `next` and go on from there, now or later."""

    data: list[InboundMessage]
    next: str


class Package(Struct):
    """A prepaid package, in segments."""

    name: str
    total: int
    left: int
    valid_from: datetime
    valid_to: datetime


class Balance(Struct):
    """What can be sent now, in segments."""

    left: int
    packages: list[Package]


class Signature(Struct):
    """A signature and the state of its review."""

    id: str
    name: str
    state: str
    reject_reason: str | None
    created_at: datetime


class Signatures(Struct):
    """A page of signatures, newest first."""

    data: list[Signature]
    next: str | None


class Template(Struct):
    """A template and the state of its review; `id` is its number."""

    id: str
    name: str
    content: str
    state: str
    kind: str
    signature: str
    position: str
    variables: list[str]
    reject_reason: str | None
    created_at: datetime


class Templates(Struct):
    """A page of templates, newest first."""

    data: list[Template]
    next: str | None


class ApplicationState(StrEnum):
    """How far an application is: taken by the platform, or not yet, or not at all."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class Application(Struct, kw_only=True):
    """What became of an application that was not answered at once."""

    id: str
    state: ApplicationState
    signature: str | None = None
    template: str | None = None
    detail: str | None = None


class Replay(Struct, kw_only=True):
    """What is pushed once more; `events` is null while it is not counted yet."""

    id: str
    kind: ReplayKind
    events: int | None


class ProblemTold(Struct, kw_only=True, omit_defaults=True):
    """RFC 9457; `code` is for programs, `type` leads to the document, `request` is for support."""

    type: str
    title: str
    status: int
    code: str
    detail: str | UnsetType = UNSET
    field: str | UnsetType = UNSET
    rule: str | UnsetType = UNSET
    window: str | UnsetType = UNSET
    signed: str | UnsetType = UNSET
    request: str


# Parameters of addresses -----------------------------------------------------------------------


class MessagesQuery(Struct, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}):
    """Parameters of the list of messages."""

    reference: Reference = ""
    phone: Phone = ""
    since: Annotated[Moment | None, Meta(description="Accepted at this time or later.")] = None
    until: Annotated[Moment | None, Meta(description="Accepted before this time.")] = None
    state: StateAsked | None = None
    cursor: Cursor = ""
    limit: Limit = PAGE_DEFAULT


# What may stand for a {name} in an address.
IN_PATHS = {"id": "[0-9]{1,19}", "contact": r"\+?[0-9]{1,19}"}


class Route(NamedTuple):
    """One thing that can be asked for."""

    method: str
    path: str
    name: str
    scope: Scope | None
    sentence: str
    answer: Any
    body: Any = None
    query: Any = None
    problems: tuple[str, ...] = ()
    status: int = 200
    may_wait: bool = False  # then it is answered with 202 and an `Application`
    may_create: bool = False  # then it is answered with 201


_SENDING = (
    "invalid_json", "invalid_body", "body_too_large", "enterprise_suspended", "no_balance",
    "template_not_approved", "signature_not_approved", "extension_too_long", "extension_taken",
    "quiet_hours",
)  # fmt: skip
_PAGED = ("invalid_parameter",)
_APPLYING = (
    "invalid_json", "invalid_body", "body_too_large", "application_refused",
    "idempotency_key_invalid", "idempotency_key_reused",
)  # fmt: skip
_WRITING = ("idempotency_key_invalid", "idempotency_key_reused")
_BODY = ("invalid_json", "invalid_body", "body_too_large")
EVERYWHERE = (
    "missing_credentials", "invalid_key", "wrong_signature", "wrong_time", "nonce_reused",
    "address_not_allowed", "scope_missing", "too_many_requests", "internal", "unavailable",
)  # fmt: skip
"""Problems that any address with a scope may answer with."""

ROUTES = (
    Route(
        "POST", f"{PREFIX}/messages", "send_messages", Scope.MESSAGES_SEND,
        "Send one template to up to 1,000 recipients.", Sent, SendBody,
        problems=(*_SENDING, "idempotency_key_invalid", "idempotency_key_reused",
                  "too_many_recipients"),
    ),
    Route(
        "POST", f"{PREFIX}/messages:preview", "preview_messages", Scope.MESSAGES_SEND,
        "The same checks, with texts and prices; nothing is sent.", Preview, SendBody,
        problems=(*_SENDING, "too_many_recipients"),
    ),
    Route(
        "GET", f"{PREFIX}/messages", "list_messages", Scope.MESSAGES_READ,
        "Messages, newest first.", Messages, query=MessagesQuery, problems=_PAGED,
    ),
    Route(
        "GET", f"{PREFIX}/messages/{{id}}", "get_message", Scope.MESSAGES_READ,
        "One message with its time line.", MessageWithTimeline, problems=("not_found",),
    ),
    Route(
        "GET", f"{PREFIX}/receipts", "pull_receipts", Scope.MESSAGES_READ,
        "Receipts since a cursor, oldest first.", Receipts, query=PageQuery, problems=_PAGED,
    ),
    Route(
        "GET", f"{PREFIX}/inbound", "pull_inbound", Scope.INBOUND_READ,
        "Replies since a cursor, oldest first.", Inbound, query=PageQuery, problems=_PAGED,
    ),
    Route(
        "POST", f"{PREFIX}/pushes:replay", "replay_pushes", Scope.MESSAGES_READ,
        "Push receipts or replies of a time to your URL once more.", Replay, ReplayBody,
        problems=(*_BODY, *_WRITING, "no_push_url", "replays_too_soon"),
    ),
    Route(
        "GET", f"{PREFIX}/balance", "get_balance", Scope.ACCOUNT_READ,
        "What is left in the packages.", Balance,
    ),
    Route(
        "GET", f"{PREFIX}/signatures", "list_signatures", Scope.CONTENT_READ,
        "The enterprise's signatures, newest first.", Signatures, query=PageQuery,
        problems=_PAGED,
    ),
    Route(
        "GET", f"{PREFIX}/templates", "list_templates", Scope.CONTENT_READ,
        "The enterprise's templates, newest first.", Templates, query=PageQuery, problems=_PAGED,
    ),
    Route(
        "POST", f"{PREFIX}/signatures", "apply_for_signature", Scope.CONTENT_WRITE,
        "Apply for a signature.", Signature, SignatureBody, problems=_APPLYING, status=201,
        may_wait=True,
    ),
    Route(
        "POST", f"{PREFIX}/templates", "apply_for_template", Scope.CONTENT_WRITE,
        "Apply for a template.", Template, TemplateBody, problems=_APPLYING, status=201,
        may_wait=True,
    ),
    Route(
        "GET", f"{PREFIX}/applications/{{id}}", "get_application", Scope.CONTENT_WRITE,
        "What became of an application.", Application, problems=("not_found",),
    ),
    Route(
        "GET", f"{PREFIX}/contacts", "list_contacts", Scope.CONTACTS_READ,
        "Contacts of the address book, newest first.", book.Contacts, query=book.ContactsQuery,
        problems=(*_PAGED, "not_found"),
    ),
    Route(
        "POST", f"{PREFIX}/contacts", "save_contacts", Scope.CONTACTS_WRITE,
        "Write up to 1,000 contacts, known by their phones.", book.SavedContacts,
        book.ContactsBody, problems=(*_BODY, *_WRITING, "group_not_found",
                                     "too_many_contacts"),
    ),
    Route(
        "POST", f"{PREFIX}/contacts:delete", "delete_contacts", Scope.CONTACTS_WRITE,
        "Delete up to 1,000 contacts.", book.DeletedContacts, book.ContactsNamed,
        problems=(*_BODY, *_WRITING),
    ),
    Route(
        "GET", f"{PREFIX}/contacts/{{contact}}", "get_contact", Scope.CONTACTS_READ,
        "One contact, by id or phone.", book.Contact, problems=("not_found",),
    ),
    Route(
        "PUT", f"{PREFIX}/contacts/{{contact}}", "save_contact", Scope.CONTACTS_WRITE,
        "Write the contact with a phone: change it, or make it.", book.SavedContact,
        book.ContactBody, problems=(*_BODY, *_WRITING, "invalid_parameter", "not_found",
                                    "group_not_found", "too_many_contacts"),
        may_create=True,
    ),
    Route(
        "DELETE", f"{PREFIX}/contacts/{{contact}}", "delete_contact", Scope.CONTACTS_WRITE,
        "Delete one contact, by id or phone.", book.Deleted, problems=(*_WRITING, "not_found"),
    ),
    Route(
        "GET", f"{PREFIX}/contact-groups", "list_groups", Scope.CONTACTS_READ,
        "Groups of the address book, each after the one in which it lies.", book.ContactGroups,
        query=PageQuery, problems=_PAGED,
    ),
    Route(
        "POST", f"{PREFIX}/contact-groups", "create_group", Scope.CONTACTS_WRITE,
        "Make a group.", book.ContactGroup, book.GroupBody,
        problems=(*_BODY, *_WRITING, "group_not_found", "group_name_taken", "group_too_deep",
                  "too_many_groups"),
        status=201,
    ),
    Route(
        "GET", f"{PREFIX}/contact-groups/{{id}}", "get_group", Scope.CONTACTS_READ,
        "One group.", book.ContactGroup, problems=("not_found",),
    ),
    Route(
        "PATCH", f"{PREFIX}/contact-groups/{{id}}", "rename_group", Scope.CONTACTS_WRITE,
        "Give a group another name.", book.ContactGroup, book.GroupNameBody,
        problems=(*_BODY, *_WRITING, "not_found", "group_name_taken"),
    ),
    Route(
        "DELETE", f"{PREFIX}/contact-groups/{{id}}", "delete_group", Scope.CONTACTS_WRITE,
        "Delete a group with those that lie in it; contacts stay.", book.Deleted,
        problems=(*_WRITING, "not_found"),
    ),
    Route(
        "POST", f"{PREFIX}/contact-groups/{{id}}/members", "add_members", Scope.CONTACTS_WRITE,
        "Let up to 1,000 contacts join a group.", book.MembersChanged, book.ContactsNamed,
        problems=(*_BODY, *_WRITING, "not_found"),
    ),
    Route(
        "POST", f"{PREFIX}/contact-groups/{{id}}/members:remove", "remove_members",
        Scope.CONTACTS_WRITE, "Let up to 1,000 contacts leave a group.", book.MembersChanged,
        book.ContactsNamed, problems=(*_BODY, *_WRITING, "not_found"),
    ),
    Route(
        "GET", f"{PREFIX}/openapi.json", "get_openapi", None,
        "This description.", dict[str, Any],
    ),
)  # fmt: skip


def statuses(route: Route) -> Mapping[int, list[str]]:
    """The problems that a route may answer with, by HTTP status."""
    codes = [*route.problems, *(EVERYWHERE if route.scope else ())]
    found: dict[int, list[str]] = {}
    for code in codes:
        found.setdefault(PROBLEMS[code].status, []).append(code)
    return found


send_body = msgspec.json.Decoder(SendBody)
signature_body = msgspec.json.Decoder(SignatureBody)
replay_body = msgspec.json.Decoder(ReplayBody)
template_body = msgspec.json.Decoder(TemplateBody)
