"""What a session tells the program above it: the same words for every protocol and both sides.

A client sees `Bound` or `BindRefused`, then `SubmitAnswered`, `Unanswered`, `ReceiptArrived`,
`InboundArrived`. A server sees `BindRequested`, `SubmitRequested`, `DeliverAnswered`. Both see
`Resent`, `EnquireAnswered`, `PeerMistake`, `Unbound` and, always as the very last one, `Closed`.

`sequence` is the number by which a request is answered: the peer's requests are to be acknowledged
by it; our own come back with the `tag` that they were sent with.
"""

import hmac
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from yunxin.protocols.concat import Part
from yunxin.protocols.receipt import Receipt


class Retry(StrEnum):
    """What to do about a carrier's answer to a message."""

    NONE = "none"  # it was accepted
    THROTTLE = "throttle"  # slow down, then send again; not the message's fault
    TEMPORARY = "temporary"  # send again later or elsewhere
    PERMANENT = "permanent"  # this carrier will never take it


class Alphabet(StrEnum):
    """In what the bytes of a message are written."""

    GSM7 = "gsm7"  # unpacked: one octet a septet
    ASCII = "ascii"
    LATIN1 = "latin1"
    UCS2 = "ucs2"
    GBK = "gbk"
    BINARY = "binary"


class BindMode(StrEnum):
    """What a bound session may carry, seen from the client."""

    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


class CloseReason(StrEnum):
    """Why a session ended."""

    UNBOUND = "unbound"  # one side said good-bye
    LOST = "lost"  # the connection went away
    SILENT = "silent"  # a keep-alive or a bind stayed unanswered
    BROKEN = "broken"  # the peer's bytes made no sense any more
    REFUSED = "refused"  # the log-in was refused
    NO_BIND = "no_bind"  # a client connected and did not log in


class Event(msgspec.Struct, frozen=True):
    """The base of all events."""


class Proof(Protocol):
    """What a client sends in place of its password where the protocol never shows it."""

    def made_with(self, password: str) -> bool:
        """Whether the client knows this password."""


class Login(msgspec.Struct, frozen=True):
    """Who wants in, and for what; a server reads `matches`, as the password may be a proof."""

    name: str
    password: str
    mode: BindMode = BindMode.TRANSCEIVER
    system_type: str = ""
    proof: Proof | None = None

    def matches(self, password: str) -> bool:
        """Whether the client knows this password."""
        if self.proof is not None:
            return self.proof.made_with(password)
        return hmac.compare_digest(self.password.encode(), password.encode())


class Bound(Event, frozen=True):
    """The session may be used; `peer` is what the other side calls itself."""

    peer: str
    mode: BindMode


class BindRefused(Event, frozen=True):
    """The carrier did not let us in; `status` is in its protocol's numbers."""

    status: int
    name: str
    sentence: str


class BindRequested(Event, frozen=True):
    """A client wants in: answer with `accept_bind()` or `refuse_bind(status)`."""

    sequence: int
    login: Login


class SubmitAnswered(Event, frozen=True):
    """The carrier's answer to a message of ours: accepted when `status` is 0.

    `late` says that `Unanswered` was told before for the same tag.
    """

    sequence: int
    tag: Any
    message_id: str
    status: int
    late: bool = False


class SubmitRequested(Event, frozen=True):
    """A client hands over a message: answer with `answer_submit(sequence, id, status)`."""

    sequence: int
    pdu: Any


class ReceiptArrived(Event, frozen=True):
    """A receipt: store it, then `acknowledge([sequence])`.

    `source` and `destination` are as on the wire: the phone and our access number.
    """

    sequence: int
    receipt: Receipt
    source: str
    destination: str


class InboundArrived(Event, frozen=True):
    """A message from a phone: store it, then `acknowledge([sequence])`.

    `data` is without its header; `part` says where it stands in a longer message. `message_id` is
    the carrier's own of this delivery: the same when it comes again, as its answer was lost. It is
    empty where the protocol has none, or the carrier gives none.
    """

    sequence: int
    source: str
    destination: str
    data: bytes
    alphabet: Alphabet
    part: Part | None = None
    message_id: str = ""


class DeliverAnswered(Event, frozen=True):
    """A client's acknowledgement of a receipt or an inbound message: taken when `status` is 0."""

    sequence: int
    tag: Any
    status: int


class Requested(Event, frozen=True):
    """Any other request of the peer: answer with `respond(pdu)`."""

    sequence: int
    pdu: Any


class Answered(Event, frozen=True):
    """The answer to any other request of ours."""

    sequence: int
    tag: Any
    pdu: Any


class Notified(Event, frozen=True):
    """Something that needs no answer: an alert, or the wish that we connect (outbind)."""

    pdu: Any


class Unanswered(Event, frozen=True):
    """A request of ours had no intelligible answer in time: whether it was done is in doubt."""

    sequence: int
    tag: Any
    why: str


class Resent(Event, frozen=True):
    """A request of ours had no answer yet and was sent once more, as attempt 2, 3, …"""

    sequence: int
    tag: Any
    attempt: int


class EnquireAnswered(Event, frozen=True):
    """The peer is alive."""

    round_trip_s: float


class PeerMistake(Event, frozen=True):
    """The peer sent something wrong; it was answered and the session goes on.

    Some peers do the same wrong a thousand times a second: the same words each time.
    """

    why: str
    status: int


class Unbound(Event, frozen=True):
    """One side said good-bye; `by_peer` says which."""

    by_peer: bool


class Closed(Event, frozen=True):
    """The end.

    `unanswered` holds the tags of the requests that were in flight, oldest first; `sequences` their
    numbers, in the same order.
    """

    reason: CloseReason
    detail: str
    unanswered: tuple[Any, ...]
    sequences: tuple[int, ...] = ()
