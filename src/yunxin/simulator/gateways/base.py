"""What the simulated carrier asks of a protocol, and the words that it shares with all of them.

`carrier` decides about messages and knows no frames; a `Gateway` knows the frames of one protocol
and decides nothing. It makes the sessions, reads a submit into `Submission`s, one a phone, and
writes receipts and inbound messages as letters: whatever it likes, until `body` turns a letter into
the bytes for the session that will carry it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, ClassVar, NamedTuple

import msgspec

from yunxin.protocols.concat import Part
from yunxin.protocols.events import Alphabet
from yunxin.protocols.session import Limits, Session
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.ledger import Message
from yunxin.text import alphabets, phones, segments

SINGLE_SEPTETS = 160  # 3GPP TS 23.038: 140 octets of seven bits


class Wanted(Enum):
    """When a client wants a receipt."""

    NEVER = 0
    ALWAYS = 1
    FAILURE = 2


class Submission(msgspec.Struct, frozen=True):
    """One message, or one part of a longer one, to one phone.

    Args:
        phone: as on the wire, with or without 86.
        access_number: whom it is from.
        data: without its header.
        back: what the gateway needs to write the receipt; it is kept until then, so be short.
    """

    phone: str
    access_number: str
    data: bytes
    alphabet: Alphabet
    part: Part | None
    wanted: Wanted
    back: Any


class Report(msgspec.Struct, frozen=True):
    """What a receipt says.

    Args:
        number: the message's, from `new_number`.
        submitted: Beijing's `YYMMDDhhmm`, as is `done`.
    """

    number: int
    stat: str
    error: str
    submitted: str
    done: str


class Call(NamedTuple):
    """Where a carrier that logs in to its clients finds them, and with what."""

    host: str
    port: int
    session: Callable[[], Session]


class Gateway(ABC):
    """One protocol's door of the carrier; stateless but for the numbers that it gives."""

    name: ClassVar[str]

    @abstractmethod
    def session(self, limits: Limits) -> Session:
        """A session for a client that connected."""

    def call(self, limits: Limits) -> Call | None:
        """How the carrier reaches a client to deliver; None where the client's session does."""
        return None

    @abstractmethod
    def refusal(self, known: bool) -> int:
        """What a log-in is refused with: the password is wrong or, not `known`, the account."""

    @abstractmethod
    def status(self, code: int) -> int:
        """The protocol's nearest number to a behaviour's, which are SMPP's; others as they are."""

    def objection(self, session: Session, pdu: Any) -> int:
        """What a submit is refused with for its form, in the protocol's numbers; 0: it is well."""
        return 0

    @abstractmethod
    def read(self, session: Session, pdu: Any) -> list[Submission]:
        """The messages in a submit, one for each phone."""

    @abstractmethod
    def new_numbers(self, sequence: int, phones: int) -> list[int]:
        """The numbers of a submit's messages, that nobody had before.

        Args:
            sequence: the submit's own.
        """

    @abstractmethod
    def answer_id(self, number: int, behaviour: Behaviour) -> str:
        """A number as the answer to the submit has it."""

    @abstractmethod
    def receipt(self, back: Any, report: Report, behaviour: Behaviour) -> Any:
        """A receipt, as a letter."""

    @abstractmethod
    def inbound(self, phone: str, access_number: str, text: str, reference: int) -> list[Any]:
        """A phone's message as letters: one, or the parts of a long one.

        Raises:
            segments.TextTooLong: more than 1,000 characters.
        """

    @abstractmethod
    def body(self, session: Session, letter: Any) -> bytes:
        """A letter as `session.deliver` takes it."""

    @abstractmethod
    def respond(self, pdu: Any, find: Callable[[str], Message | None]) -> Any:
        """The answer to any other request; `find` knows messages by their `answer_id`."""


# What a phone shows and writes --------------------------------------------------------------------

_DECODERS: dict[Alphabet, Callable[[bytes], str]] = {
    Alphabet.GSM7: alphabets.decode_gsm7,
    Alphabet.UCS2: alphabets.decode_ucs2,
    Alphabet.ASCII: partial(str, encoding="ascii", errors="replace"),
    Alphabet.LATIN1: partial(str, encoding="latin-1"),
    Alphabet.GBK: partial(str, encoding="gb18030", errors="replace"),
    Alphabet.BINARY: lambda data: data.hex(" "),
}


def text_of(data: bytes, alphabet: Alphabet) -> str:
    """What a phone would show."""
    return _DECODERS[alphabet](data)


def plain(address: str) -> str:
    """The 11 digits of a destination, whatever stands before them on the wire."""
    try:
        return phones.normalise(address)
    except phones.PhoneInvalid:
        return address


def ucs2_parts(text: str, reference: int) -> list[bytes]:
    """A text as UCS-2, in parts with their headers where one does not hold it.

    Raises:
        segments.TextTooLong: more than 1,000 characters.
    """
    parts = [alphabets.encode_ucs2(part) for part in segments.split(text)]
    total = len(parts)
    if total == 1:
        return parts
    headers = (segments.header(reference, total, number) for number in range(1, total + 1))
    return [header + part for header, part in zip(headers, parts, strict=True)]
