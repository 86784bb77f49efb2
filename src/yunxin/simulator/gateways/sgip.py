"""The carrier's door for SGIP 1.2: clients log in to submit, the carrier logs in to deliver."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final, cast

import msgspec

from yunxin.protocols import formats
from yunxin.protocols.events import BindMode
from yunxin.protocols.session import Limits, Session, Side
from yunxin.protocols.sgip import receipts
from yunxin.protocols.sgip.numbers import Numbers, message_id
from yunxin.protocols.sgip.pdus import (
    CONTENT_SIZE_MAX,
    FRAME_SIZE_MAX,
    NUMBERS_MAX,
    Deliver,
    Pdu,
    Submit,
    TraceResp,
)
from yunxin.protocols.sgip.precut import SIZE_MAX
from yunxin.protocols.sgip.session import LIMITS, SgipSession, body_of, split
from yunxin.protocols.sgip.status import Code as Result
from yunxin.protocols.smpp.status import Code
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.gateways.base import (
    Call,
    Gateway,
    Report,
    Submission,
    Wanted,
    ucs2_parts,
)
from yunxin.simulator.ledger import Message

NODE: Final = 100_000  # 1, no area, no index: no gateway's
# The codes of a behaviour that SGIP has a number for.
_NEAREST: Final = {
    Code.RINVMSGLEN: Result.LENGTH,
    Code.RINVCMDLEN: Result.LENGTH,
    Code.RINVCMDID: Result.NOT_OFFERED,
    Code.RINVBNDSTS: Result.ILLEGAL_LOGIN,
    Code.RSYSERR: Result.SYSTEM_FAILURE,
    Code.RINVSRCADR: Result.FORMAT,
    Code.RINVDSTADR: Result.PHONE,
    Code.RMSGQFUL: Result.QUEUE_FULL,
    Code.RTHROTTLED: Result.NODE_BUSY,
    Code.RX_T_APPN: Result.SYSTEM_FAILURE,
}
_RESULT_MAX = 255
_WANTED: Final = {0: Wanted.FAILURE, 1: Wanted.ALWAYS}  # ReportFlag


class SgipGateway(Gateway):
    """Letters are what a session delivers; a message's number is its submit's own.

    Args:
        deliver_to: address and port of the clients' listener; None: nothing is delivered.
    """

    name = "sgip"

    def __init__(self, deliver_to: tuple[str, int] | None = None) -> None:
        self._deliver_to = deliver_to
        zero = datetime.now(UTC) - timedelta(seconds=monotonic())
        self._numbers = Numbers(NODE, zero, first=random.getrandbits(32))

    def session(self, limits: Limits) -> Session:
        """For a client that submits; none is let in for anything else."""
        limits = msgspec.structs.replace(limits, frame_size_max=FRAME_SIZE_MAX)
        modes = frozenset({BindMode.TRANSMITTER})
        return SgipSession(Side.SERVER, limits, numbers=self._numbers, modes=modes)

    def call(self, limits: Limits) -> Call | None:
        """One connection, with the window that the specification allows."""
        if self._deliver_to is None:
            return None
        usual = msgspec.structs.replace(LIMITS, window=min(limits.window, LIMITS.window))
        host, port = self._deliver_to
        return Call(host, port, lambda: SgipSession(Side.CLIENT, usual, numbers=self._numbers))

    def refusal(self, known: bool) -> int:
        """One for both."""
        return Result.ILLEGAL_LOGIN

    def status(self, code: int) -> int:
        """A result of a submit's response, which has one byte."""
        return min(_NEAREST.get(cast(Code, code), code), _RESULT_MAX)

    def objection(self, session: Session, pdu: Any) -> int:
        """Too many phones or none, one without the country's code, a text that is too long."""
        submit = cast(Submit, pdu)
        ascii_only = submit.message_coding == formats.ASCII
        if not 1 <= len(submit.user_numbers) <= NUMBERS_MAX:
            return Result.FORMAT
        if not all(number.startswith("86") for number in submit.user_numbers):
            return Result.PHONE
        if len(submit.content) > (CONTENT_SIZE_MAX if ascii_only else SIZE_MAX):
            return Result.LENGTH
        return 0

    def read(self, session: Session, pdu: Any) -> list[Submission]:
        """One for each phone."""
        submit = cast(Submit, pdu)
        part, data = split(submit)
        alphabet = formats.alphabet_of(submit.message_coding)
        wanted = _WANTED.get(submit.report_flag, Wanted.NEVER)
        return [
            Submission(
                phone=phone,
                access_number=submit.sp_number,
                data=data,
                alphabet=alphabet,
                part=part,
                wanted=wanted,
                back=phone,
            )
            for phone in submit.user_numbers
        ]

    def new_numbers(self, sequence: int, phones: int) -> list[int]:
        """The submit's for all of its phones."""
        return [sequence] * phones

    def answer_id(self, number: int, behaviour: Behaviour) -> str:
        """24 hexadecimal digits; the answer has no place for them, whatever the behaviour says."""
        return message_id(number)

    def receipt(self, back: Any, report: Report, behaviour: Behaviour) -> bytes:
        """A report; of what a behaviour says of it there is room for a state and a number."""
        return body_of(receipts.build(report.number, back, stat=report.stat, error=report.error))

    def inbound(self, phone: str, access_number: str, text: str, reference: int) -> list[Any]:
        """UCS-2, in parts where it is long."""
        parts = ucs2_parts(text, reference)
        return [
            body_of(
                Deliver(
                    user_number=phone,
                    sp_number=access_number,
                    tp_udhi=1 if len(parts) > 1 else 0,
                    message_coding=formats.UCS2,
                    content=part,
                )
            )
            for part in parts
        ]

    def body(self, session: Session, letter: Any) -> bytes:
        """It is one."""
        body: bytes = letter
        return body

    def respond(self, pdu: Any, find: Callable[[str], Message | None]) -> Pdu:
        """A trace, the only other request of a client, finds nothing, as at most gateways."""
        return TraceResp(sequence=pdu.sequence)
