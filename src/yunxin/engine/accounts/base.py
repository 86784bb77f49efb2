"""The shape of what differs between protocols: the session, the log-in, the bytes, the words.

A `Link` asks its `Account` when it connects and when a carrier says something seldom. What is
needed for every message (`explain`, the keys of ids, the templates in `wire`) it takes once, so
that nothing chooses by protocol on the way of a message.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, ClassVar, NamedTuple, TypeVar

import msgspec

from yunxin.engine.channel import Channel
from yunxin.engine.wire import Wire
from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.events import Alphabet, BindMode, Event, Login, Requested
from yunxin.protocols.session import Limits, Session
from yunxin.protocols.status import Status
from yunxin.protocols.stream import Stream
from yunxin.vocabulary import BindMode as AccountMode
from yunxin.vocabulary import PhoneCondition, WireAlphabet

Conversation = Stream[Session]
Handle = Callable[[Conversation, list[Event]], None]

OptionsT = TypeVar("OptionsT", bound=msgspec.Struct)


class PhoneNews(NamedTuple):
    """What a carrier told of a phone's account; without a condition it is in order again.

    Args:
        phone: as on the wire.
    """

    phone: str
    condition: PhoneCondition | None


class AccountInvalid(LocalProtocolError):
    """The channel's settings do not make an account of its protocol."""


class Account(ABC):
    """How the protocol of one channel is spoken; made anew when its settings change.

    Attributes:
        hopeless: statuses of submits that blame the number or the text itself: every other
            carrier would say the same.
    """

    limits: ClassVar[Limits] = Limits()
    hopeless: ClassVar[frozenset[int]] = frozenset()
    short: ClassVar[Alphabet] = Alphabet.ASCII  # what a channel may send instead of UCS-2
    may_pair: ClassVar[bool] = False  # whether two connections can share sending and hearing
    rests: bool = False  # whether an idle session that said good-bye waits for something to send

    def __init__(self, channel: Channel, password: str, *, attempts: int) -> None:
        self.channel = channel
        self.password = password
        self.bounds = msgspec.structs.replace(
            self.limits,
            window=channel.window,
            response_timeout_s=channel.answer_timeout_s,
            enquire_after_s=channel.enquire_every_s,
            attempts=attempts,
        )
        may_be_short = channel.alphabet is WireAlphabet.GSM7_OR_UCS2
        self.wire = Wire(
            channel.access_number, self.template, short=self.short if may_be_short else None
        )

    # When it connects ---------------------------------------------------------------------------

    @property
    def modes(self) -> list[BindMode]:
        """The sessions that the account is to have."""
        if self.may_pair and self.channel.bind_mode is AccountMode.PAIR:
            return [BindMode.TRANSMITTER, BindMode.RECEIVER] * self.channel.sessions
        return [BindMode.TRANSCEIVER] * self.channel.sessions

    @abstractmethod
    def session(self) -> Session:
        """A session for the next connection.

        Raises:
            LocalProtocolError: the channel's settings allow none.
        """

    def login(self, mode: BindMode) -> Login:
        """What it logs in with."""
        return Login(self.channel.system_id, self.password, mode)

    def listening(
        self, handle: Handle, trouble: Callable[[str], None]
    ) -> AbstractAsyncContextManager[None]:
        """Let the carrier connect to us, where its protocol has it so, as long as this is entered.

        Args:
            handle: gets the events of the carrier's connections.
            trouble: is told why that is not possible, in a sentence, and with nothing when it is.
        """
        return nullcontext()

    # For every message --------------------------------------------------------------------------

    @abstractmethod
    def template(self, source: str, alphabet: Alphabet) -> Any:
        """A `SubmitTemplate` for one sender's number, see `Wire.template`."""

    @abstractmethod
    def explain(self, status: int) -> Status:
        """What the status of an answer to a submit means; never fails."""

    def answer_key(self, message_id: str) -> str:
        """An id in an answer to a submit, as its receipts are looked for."""
        return message_id

    def receipt_key(self, message_id: str) -> str:
        """An id in a receipt, as its message is looked for."""
        return message_id

    # Seldom -------------------------------------------------------------------------------------

    def own_id(self, sequence: int) -> str:
        """The id of a message by the number it was submitted with, where ids are made by us.

        Its receipt can then be found though no answer came; empty where the carrier gives ids.
        """
        return ""

    def news(self, request: Requested) -> PhoneNews | None:
        """What a request tells of a phone's account; None where it is about something else."""
        return None

    def answer(self, session: Session, request: Requested) -> None:
        """Answer a request that is neither a receipt nor a message; by default it is dropped."""
        session.forgive(request.sequence)


class BrokenAccount(Account):
    """Stands for an account that cannot be made, so that people see why."""

    def __init__(self, channel: Channel, why: str) -> None:
        super().__init__(channel, "", attempts=1)
        self._why = why

    def session(self) -> Session:
        raise AccountInvalid(self._why)

    def template(self, source: str, alphabet: Alphabet) -> Any:
        raise AccountInvalid(self._why)

    def explain(self, status: int) -> Status:
        raise AccountInvalid(self._why)


def read_options(channel: Channel, kind: type[OptionsT]) -> OptionsT:
    """A protocol's options of a channel; what is absent has its default.

    Raises:
        AccountInvalid: one of them is of another kind than it should be.
    """
    try:
        return msgspec.convert(dict(channel.options), kind, strict=False)
    except msgspec.ValidationError as error:
        raise AccountInvalid(f"The channel's options are wrong: {error}") from error
