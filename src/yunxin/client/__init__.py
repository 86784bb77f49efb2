"""The Python client of the HTTP interfaces: typed, sync and async, without Django.

    with Client("https://sms.example.com", "yx_live_…") as client:
        sent = client.send("12", "13800000000", ["1234"])

It is also a distribution of its own, `yunxin-client` (clients/python). Imports `dialects` and
`vocabulary`, httpx and msgspec. Begin with `calls`, which says what is asked, then `exchange`,
which says how often; `webhooks` verifies pushes, `ronghe` speaks the dialect.
"""

from yunxin.client.answers import (
    Application,
    Balance,
    Contact,
    ContactGroup,
    ContactRefusal,
    Deleted,
    DeletedContacts,
    Failure,
    InboundMessage,
    MembersChanged,
    Message,
    Package,
    Preview,
    PreviewedMessage,
    Receipt,
    Refused,
    Replay,
    SavedContact,
    SavedContacts,
    Sent,
    SentMessage,
    Signature,
    Template,
    TimelineEntry,
)
from yunxin.client.asynchronous import AsyncClient
from yunxin.client.calls import Recipient
from yunxin.client.contact_calls import Person
from yunxin.client.errors import AnswerNotUnderstood, Problem, Unreachable, YunxinError
from yunxin.client.exchange import Patience
from yunxin.client.sync import Client

__all__ = [
    "AnswerNotUnderstood",
    "Application",
    "AsyncClient",
    "Balance",
    "Client",
    "Contact",
    "ContactGroup",
    "ContactRefusal",
    "Deleted",
    "DeletedContacts",
    "Failure",
    "InboundMessage",
    "MembersChanged",
    "Message",
    "Package",
    "Patience",
    "Person",
    "Preview",
    "PreviewedMessage",
    "Problem",
    "Receipt",
    "Recipient",
    "Replay",
    "Refused",
    "SavedContact",
    "SavedContacts",
    "Sent",
    "SentMessage",
    "Signature",
    "Template",
    "TimelineEntry",
    "Unreachable",
    "YunxinError",
]
