"""One connection of an enterprise's system: who it is, what it did, what it still owes us."""

from collections import deque
from typing import Any

import msgspec

from yunxin.protocols.events import BindMode
from yunxin.protocols.session import State
from yunxin.protocols.smpp.session import SmppSession
from yunxin.protocols.smpp.status import Code
from yunxin.protocols.stream import Stream
from yunxin.smpp.accounts import Account

SmppStream = Stream[SmppSession]

_HEARS = frozenset({BindMode.RECEIVER, BindMode.TRANSCEIVER})


class Conversation:
    """What the program keeps with one connection; `account` is None until it is bound."""

    __slots__ = (
        "account", "address", "asking", "bodies", "delivered", "host", "last_at",
        "leaving", "refused", "row_id", "stream", "submitted", "throttled", "unanswered",
    )  # fmt: skip

    def __init__(self, stream: SmppStream) -> None:
        self.stream = stream
        self.address = stream.peer_address
        self.host = self.address.rpartition(":")[0]
        self.account: Account | None = None
        self.row_id = 0  # of smpp_session
        self.unanswered = 0  # submits that have no answer from us yet
        self.asking = 0  # query_sm and the like that we are at
        self.leaving = False  # we said good-bye, or are about to
        # Parts of replies beyond the window; each with what it is a part of.
        self.bodies: deque[tuple[bytes, Any]] = deque()
        self.submitted = self.refused = self.throttled = self.delivered = 0
        self.last_at: float | None = None  # by the loop's clock

    @property
    def bound(self) -> bool:
        """Whether messages may pass."""
        return self.account is not None and self.stream.session.state is State.BOUND

    @property
    def hears(self) -> bool:
        """Whether receipts and replies may be delivered here."""
        return self.bound and not self.leaving and self.stream.session.mode in _HEARS

    @property
    def room(self) -> int:
        """How many deliveries may begin now."""
        return max(0, self.stream.free - len(self.bodies)) if self.hears else 0

    def limit(self, account: Account) -> None:
        """Take an account's limits, at the bind and when they change."""
        self.account = account
        session = self.stream.session
        session.limits = msgspec.structs.replace(session.limits, window=account.window)

    def answer(self, sequence: int, message_id: int, status: int = 0) -> None:
        """Answer a submit_sm; nothing happens where the connection ended meanwhile."""
        self.unanswered -= 1
        if status:
            self.refused += 1
            self.throttled += status == Code.RTHROTTLED
        else:
            self.submitted += 1
        if not self.stream.session.ended:
            self.stream.session.answer_submit(sequence, str(message_id), status)
            self.stream.flush_soon()

    def pump(self) -> None:
        """Write as many of the bodies that wait as the window lets out."""
        stream = self.stream
        if not self.bodies or not self.hears:
            return
        now = stream.touch()
        while self.bodies and stream.free > 0:
            body, letter = self.bodies.popleft()
            stream.session.deliver(body, tag=letter, now=now)
        self.last_at = now
        stream.flush_soon()
