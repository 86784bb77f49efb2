"""What v1 answers, as frozen dataclasses.

States and codes are plain strings: a word that a later platform adds must not break an older
client. Fields that a platform does not send keep their defaults; unknown ones are passed over.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Refused:
    """Why one recipient cannot be sent to: `code` for programs, `message` for people."""

    code: str
    detail: str = ""
    message: str = ""


@dataclass(frozen=True)
class SentMessage:
    """One recipient of a request: accepted with an id, or refused."""

    phone: str
    id: str = ""
    segments: int = 0
    refusal: Refused | None = None


@dataclass(frozen=True)
class Sent:
    """What became of a request; accepted is not yet delivered."""

    task: str
    accepted: int
    refused: int
    segments: int
    messages: tuple[SentMessage, ...] = ()


@dataclass(frozen=True)
class PreviewedMessage:
    """What one recipient would get."""

    phone: str
    text: str = ""
    segments: int = 0
    refusal: Refused | None = None


@dataclass(frozen=True)
class Preview:
    """What a request would do."""

    accepted: int
    refused: int
    segments: int
    messages: tuple[PreviewedMessage, ...] = ()


@dataclass(frozen=True)
class Failure:
    """What a carrier's code means; there where it is known and the message did not arrive."""

    group: str
    permanent: bool
    en: str
    zh: str


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened to a message."""

    kind: str
    at: datetime | None = None
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Message:
    """A message and how far it is."""

    id: str
    phone: str
    state: str
    code: str | None = None
    failure: Failure | None = None
    text: str | None = None
    template: str | None = None
    segments: int = 0
    source: str = ""  # "api" or "portal"
    task: str | None = None
    reference: str | None = None
    accepted_at: datetime | None = None
    submitted_at: datetime | None = None
    done_at: datetime | None = None  # the carrier's time
    finished_at: datetime | None = None  # the platform's
    timeline: tuple[TimelineEntry, ...] = ()


@dataclass(frozen=True)
class ReceiptPart:
    """The carrier's word on one part of a longer message."""

    part: int  # from 1
    state: str
    code: str | None = None
    done_at: datetime | None = None


@dataclass(frozen=True)
class Receipt:
    """A message's final word; `id` is the event's, by which doubles are known."""

    id: str
    phone: str
    state: str  # "delivered", "failed", "expired", "unknown", "cancelled", "refused", …
    message: str | None = None
    code: str | None = None
    failure: Failure | None = None
    segments: int = 0
    parts: tuple[ReceiptPart, ...] = ()
    accepted_at: datetime | None = None
    submitted_at: datetime | None = None
    done_at: datetime | None = None  # the carrier's time
    finished_at: datetime | None = None  # the platform's
    task: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class InboundMessage:
    """What a phone wrote; `id` is the event's, by which doubles are known."""

    id: str
    phone: str
    text: str
    reply: str = ""
    number: str = ""  # that was replied to
    received_at: datetime | None = None
    message: str | None = None  # what it most likely answers
    unsubscribed: bool = False


@dataclass(frozen=True)
class Package:
    """A prepaid package, in segments."""

    name: str
    total: int
    left: int
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@dataclass(frozen=True)
class Balance:
    """What can be sent now, in segments."""

    left: int
    packages: tuple[Package, ...] = ()


@dataclass(frozen=True)
class Signature:
    """A signature and the state of its review."""

    id: str
    name: str
    state: str
    reject_reason: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True)
class Template:
    """A template and the state of its review; `id` is its number."""

    id: str
    name: str
    content: str
    state: str
    kind: str = ""
    signature: str = ""
    position: str = ""
    variables: tuple[str, ...] = ()
    reject_reason: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True)
class Replay:
    """What is pushed once more; `events` is None while it is not counted yet."""

    id: str
    kind: str
    events: int | None = None


@dataclass(frozen=True)
class Application:
    """An application that was taken and not yet answered, or what became of it since."""

    id: str
    state: str  # "waiting", "done" with the id of what was made, or "refused" with the reasons
    signature: str | None = None
    template: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Contact:
    """Somebody in the address book; `groups` are those that hold the contact directly."""

    id: str
    phone: str
    name: str = ""
    gender: str = ""  # "male", "female"; empty where nobody said
    birthday: date | None = None
    industry: str = ""
    position: str = ""
    company: str = ""
    remark: str = ""
    groups: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class ContactRefusal:
    """Why one contact was not written: `code` for programs, `message` for people."""

    code: str
    field: str = ""
    message: str = ""


@dataclass(frozen=True)
class SavedContact:
    """One contact: written, with its id and whether it is new, or refused."""

    phone: str
    id: str = ""
    created: bool = False
    refusal: ContactRefusal | None = None


@dataclass(frozen=True)
class SavedContacts:
    """What became of each; `existing` were there before."""

    created: int
    existing: int
    refused: int
    contacts: tuple[SavedContact, ...] = ()


@dataclass(frozen=True)
class Deleted:
    """How many are gone."""

    deleted: int


@dataclass(frozen=True)
class DeletedContacts:
    """How many are gone, and which were not there."""

    deleted: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContactGroup:
    """A group; `members` are directly in it, `reach` counts its sub-groups' as well, each once."""

    id: str
    name: str
    parent: str | None = None
    members: int = 0
    reach: int = 0
    created_at: datetime | None = None


@dataclass(frozen=True)
class MembersChanged:
    """How many joined or left, and which contacts were not there."""

    changed: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows, and the cursor of what comes after them."""

    data: tuple[Row, ...]
    next: str | None = None
