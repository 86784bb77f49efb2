"""What CMPP and SMGP share beside `session`: a log-in by digest, in one of two versions.

Neither shows the secret. The client sends the MD5 of its name, some zero bytes, the secret and the
time; the carrier answers with that of the status, the client's digest and the secret. What is
hashed of the time is its digits as text, ten of them: those of January to September begin with a
zero that the number on the wire has lost. The version is what the client asks for; a server speaks
all up to its own on one port.
"""

import hmac
from abc import abstractmethod
from datetime import datetime
from enum import IntEnum
from hashlib import md5
from struct import Struct
from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec

from yunxin.protocols.clock import BEIJING
from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.events import Event, Login, PeerMistake
from yunxin.protocols.session import Limits, Session, Side, Step
from yunxin.protocols.status import Status

HEADER: Final = Struct(">III")  # length, command, sequence

VersionT = TypeVar("VersionT", bound=IntEnum)


def timestamp_of(moment: datetime) -> int:
    """`MMDDHHMMSS` of an aware time, as the carriers' clocks show it, as a number."""
    return int(moment.astimezone(BEIJING).strftime("%m%d%H%M%S"))


def server_digest(status: int, size: int, client: bytes, secret: str) -> bytes:
    """What a carrier shows: 16 bytes.

    Args:
        size: of the status, in bytes.
        client: the client's digest, from its request.
    """
    return hashed(status.to_bytes(size, "big") + client + secret.encode())


def is_server(digest: bytes, status: int, client: bytes, name: str, secret: str) -> bool:
    """Whether a carrier's digest shows that it knows the secret, in any way that is in use.

    Some hash a status of another size than their protocol has it; one hashes the client's name in
    place of its digest.
    """
    middles = (client, name.encode("latin-1"))
    return any(
        hmac.compare_digest(digest, server_digest(status, size, middle, secret))
        for middle in middles
        for size in ((1, 4) if status < 256 else (4,))
    )


def hashed(data: bytes) -> bytes:
    """MD5: the protocols leave no choice."""
    return md5(data, usedforsecurity=False).digest()


class Proof(msgspec.Struct, frozen=True):
    """What a log-in says of the secret: `events.Proof`; a protocol gives the two numbers.

    Args:
        name: the client's.
        digest: 16 bytes.
        timestamp: see `timestamp_of`.
    """

    zeros: ClassVar[int]  # bytes between the name and the secret
    name_size: ClassVar[int]  # bytes of the name's field

    name: str
    digest: bytes
    timestamp: int

    @classmethod
    def digest_of(cls, name: bytes, secret: str, timestamp: int) -> bytes:
        """What a client shows that knows the secret."""
        return hashed(name + bytes(cls.zeros) + secret.encode() + b"%010d" % timestamp)

    def made_with(self, password: str) -> bool:
        """Whether the client knows this secret; a short name may be hashed with its padding."""
        name = self.name.encode("latin-1")
        return any(
            hmac.compare_digest(self.digest, self.digest_of(form, password, self.timestamp))
            for form in {name, name.ljust(self.name_size, b"\0")}
        )


class DigestSession(Session, Generic[VersionT]):
    """One connection of either protocol.

    Args:
        version: what the client asks for; the highest that the server speaks.
        moment: the client's: an aware time for the log-in, which is made within a few seconds.
        strict: the client's: whether a carrier that cannot show that it knows the secret is left.
            Otherwise it is told as a `PeerMistake`: too many carriers hash something else.
        sequence: the number before our first request's. Connections of one account that all begin
            at 1 could not tell an answer that the gateway sends over the wrong one of them, and a
            gateway that remembers numbers by accounts would take those of the next connection for
            used ones.
    """

    header_size = HEADER.size
    proof: ClassVar[type[Proof]]
    login_command: ClassVar[int]
    deliver_command: ClassVar[int]
    wrong_password: ClassVar[int]  # the status that says so

    def __init__(
        self,
        side: Side,
        limits: Limits,
        *,
        version: VersionT,
        moment: datetime | None = None,
        strict: bool = False,
        sequence: int = 0,
    ) -> None:
        super().__init__(side, limits)
        self._sequence = sequence
        self.version = version
        self._highest = version
        self._moment = moment
        self._strict = strict
        self._proof = self.proof("", b"", 0)  # ours, or the client's
        self._password = ""

    # Client -------------------------------------------------------------------------------------

    def bind(self, login: Login, now: float) -> None:
        """Ask to be let in; `Bound` or `BindRefused` follows."""
        self._check(self.login_command)
        if self._moment is None:
            raise LocalProtocolError("A client needs the moment of its log-in.")
        sequence, timestamp = self._following(), timestamp_of(self._moment)
        digest = self.proof.digest_of(login.name.encode("latin-1"), login.password, timestamp)
        proof = self.proof(login.name, digest, timestamp)
        frame = self._encode(self._login_request(sequence, login, proof))
        self._step(Step.BIND)
        self._proof, self._password = proof, login.password
        self._launch(self.login_command, sequence, frame, None, now)

    def _bind_answered(self, pdu: Any, events: list[Event]) -> None:
        if pdu.status:
            reason = self._explain_login(pdu.status)
            self._turned_away(reason.code, reason.name, reason.sentence, events)
            return
        shown, ours = self._digest_in(pdu), self._proof
        if not is_server(shown, pdu.status, ours.digest, ours.name, self._password):
            why = "The carrier does not show that it knows the password."
            if self._strict:
                refusal = self._explain_login(self.wrong_password)
                self._turned_away(refusal.code, refusal.name, why, events)
                return
            events.append(PeerMistake(why, 0))
        self._let_in("", events)

    # Server -------------------------------------------------------------------------------------

    def deliver(self, body: bytes, *, tag: Any, now: float) -> int:
        """Send a delivery whose body comes from `body_of`; gives its sequence number."""
        command = self.deliver_command
        self._check(command)
        sequence = self._following()
        frame = HEADER.pack(HEADER.size + len(body), command, sequence) + body
        self._launch(command, sequence, frame, tag, now)
        return sequence

    # Frames of ours -----------------------------------------------------------------------------

    def _keep_alive_frame(self, sequence: int) -> bytes:
        return HEADER.pack(HEADER.size, self.keep_alive_command, sequence)

    def _unbind_frame(self, sequence: int) -> bytes:
        return HEADER.pack(HEADER.size, self.unbind_command, sequence)

    # What a protocol says -----------------------------------------------------------------------

    @abstractmethod
    def _login_request(self, sequence: int, login: Login, proof: Any) -> Any:
        """The request to log in; the proof is one of `self.proof`."""

    @abstractmethod
    def _digest_in(self, pdu: Any) -> bytes:
        """The carrier's digest in the answer to it."""

    @abstractmethod
    def _explain_login(self, status: int) -> Status:
        """What the status of that answer means."""
