"""The carrier's door for SMGP, 3.0 and 1.3 on one port, as each client's log-in asks."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

import msgspec

from yunxin.protocols import formats
from yunxin.protocols.clock import BEIJING
from yunxin.protocols.session import Limits, Session, Side
from yunxin.protocols.smgp import ids, receipts
from yunxin.protocols.smgp.pdus import (
    CONTENT_SIZE_MAX,
    FRAME_SIZE_MAX,
    NUMBERS_MAX,
    Deliver,
    Pdu,
    Query,
    QueryResp,
    Submit,
    Tag,
)
from yunxin.protocols.smgp.precut import SIZE_MAX
from yunxin.protocols.smgp.session import SmgpSession, body_of, split
from yunxin.protocols.smgp.status import Code as Result
from yunxin.protocols.smpp.status import Code
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.gateways.base import Gateway, Report, Submission, Wanted, ucs2_parts
from yunxin.simulator.ledger import Message

GATEWAYS: Final = 1_000_000  # an id begins with six digits of its gateway
# The codes of a behaviour that SMGP has a number for; "again later" is busy there.
_NEAREST: Final = {
    Code.RINVMSGLEN: Result.MSG_LENGTH,
    Code.RINVCMDLEN: Result.STRUCTURE,
    Code.RINVCMDID: Result.COMMAND,
    Code.RINVBNDSTS: Result.COMMAND,
    Code.RSYSERR: Result.BUSY,
    Code.RINVSRCADR: Result.SRC_TERM_ID,
    Code.RINVDSTADR: Result.DEST_TERM_ID,
    Code.RMSGQFUL: Result.BUSY,
    Code.RINVSERTYP: Result.SERVICE_ID,
    Code.RTHROTTLED: Result.BUSY,
    Code.RX_T_APPN: Result.BUSY,
}


class Back(NamedTuple):
    """What a report repeats of its submit."""

    phone: str
    access_number: str


class SmgpGateway(Gateway):
    """Letters are bodies of delivers. Ids hold the minute, so they never come again."""

    name = "smgp"

    def __init__(self) -> None:
        self._gateway = random.randrange(GATEWAYS)  # another one after a restart
        self._minute = 0
        self._head = ""
        self._used = 0

    def session(self, limits: Limits) -> Session:
        """One for either version, and for each of the modes."""
        limits = msgspec.structs.replace(limits, frame_size_max=FRAME_SIZE_MAX)
        return SmgpSession(Side.SERVER, limits)

    def refusal(self, known: bool) -> int:
        """One for both."""
        return Result.AUTHENTICATION

    def status(self, code: int) -> int:
        """A status of a submit's response."""
        return _NEAREST.get(cast(Code, code), code)

    def objection(self, session: Session, pdu: Any) -> int:
        """Too many phones or none, a text that is too long."""
        submit = cast(Submit, pdu)
        ascii_only = submit.msg_format == formats.ASCII
        if not 1 <= len(submit.dest_term_ids) <= NUMBERS_MAX:
            return Result.DEST_TERM_ID
        if len(submit.msg_content) > (CONTENT_SIZE_MAX if ascii_only else SIZE_MAX):
            return Result.MSG_LENGTH
        return 0

    def read(self, session: Session, pdu: Any) -> list[Submission]:
        """One for each phone."""
        submit = cast(Submit, pdu)
        part, data = split(submit)
        alphabet = formats.alphabet_of(submit.msg_format)
        wanted = Wanted.ALWAYS if submit.need_report else Wanted.NEVER
        return [
            Submission(
                phone=phone,
                access_number=submit.src_term_id,
                data=data,
                alphabet=alphabet,
                part=part,
                wanted=wanted,
                back=Back(phone, submit.src_term_id),
            )
            for phone in submit.dest_term_ids
        ]

    def new_numbers(self, sequence: int, phones: int) -> list[int]:
        """Following one another, in the minute of their making: the id's 20 digits."""
        minute = int(time.time()) // 60
        if minute != self._minute or self._used + phones > ids.SEQUENCES:
            if minute == self._minute:  # more than a million in one minute
                self._gateway = (self._gateway + 1) % GATEWAYS
            self._minute, self._used = minute, 0
            moment = datetime.fromtimestamp(minute * 60, UTC)
            self._head = ids.made_at(moment, str(self._gateway), 0)
        first = int(self._head) + self._used
        self._used += phones
        return list(range(first, first + phones))

    def answer_id(self, number: int, behaviour: Behaviour) -> str:
        """20 digits; on the wire it is binary, whatever the behaviour says."""
        return f"{number:020}"

    def receipt(self, back: Any, report: Report, behaviour: Behaviour) -> bytes:
        """A report, with an id of its own beside the one that it is about."""
        content = receipts.build(
            ids.to_bytes(f"{report.number:020}"),
            stat=report.stat,
            error=report.error,
            submitted=report.submitted,
            done=report.done,
        )
        return body_of(
            Deliver(
                msg_id=self._own_id(),
                is_report=1,
                recv_time=_now(),
                src_term_id=back.phone,
                dest_term_id=back.access_number,
                msg_content=content,
            )
        )

    def inbound(self, phone: str, access_number: str, text: str, reference: int) -> list[Any]:
        """UCS-2, in parts where it is long."""
        parts = ucs2_parts(text, reference)
        total = len(parts)
        return [
            body_of(
                Deliver(
                    msg_id=self._own_id(),
                    msg_format=formats.UCS2,
                    recv_time=_now(),
                    src_term_id=phone,
                    dest_term_id=access_number,
                    msg_content=part,
                    tlvs=_place(number, total) if total > 1 else {},
                )
            )
            for number, part in enumerate(parts, 1)
        ]

    def body(self, session: Session, letter: Any) -> bytes:
        """It is one; both versions deliver alike."""
        body: bytes = letter
        return body

    def respond(self, pdu: Any, find: Callable[[str], Message | None]) -> Pdu:
        """The counts of a day are all zero."""
        query = cast(Query, pdu)
        return QueryResp(
            sequence=query.sequence,
            query_time=query.query_time,
            query_type=query.query_type,
            query_code=query.query_code,
        )

    def _own_id(self) -> bytes:
        return ids.to_bytes(f"{self.new_numbers(0, 1)[0]:020}")


def _place(number: int, total: int) -> dict[int, bytes]:
    return {
        Tag.TP_UDHI: b"\1",
        Tag.PK_TOTAL: bytes((total,)),
        Tag.PK_NUMBER: bytes((number,)),
    }


def _now() -> str:
    return datetime.now(BEIJING).strftime("%Y%m%d%H%M%S")
