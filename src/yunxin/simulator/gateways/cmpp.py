"""The carrier's door for CMPP, 2.0 and 3.0 on one port, as each client's log-in asks."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

import msgspec

from yunxin.protocols import formats
from yunxin.protocols.cmpp import ids, receipts
from yunxin.protocols.cmpp.pdus import (
    DESTINATIONS_MAX,
    FRAME_SIZE_MAX,
    Cancel,
    CancelResp,
    Deliver,
    Pdu,
    Query,
    QueryResp,
    Submit,
)
from yunxin.protocols.cmpp.precut import ASCII_SIZE_MAX, SIZE_MAX
from yunxin.protocols.cmpp.session import REPORT, CmppSession, body_of, split
from yunxin.protocols.cmpp.status import ConnectStatus, Result
from yunxin.protocols.session import Limits, Session, Side
from yunxin.protocols.smpp.status import Code
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.gateways.base import Gateway, Report, Submission, Wanted, ucs2_parts
from yunxin.simulator.ledger import Message

# The codes of a behaviour that CMPP has a number for; "again later" is flow control there.
_NEAREST: Final = {
    Code.RINVMSGLEN: Result.LENGTH,
    Code.RINVCMDLEN: Result.LENGTH,
    Code.RINVCMDID: Result.COMMAND,
    Code.RINVBNDSTS: Result.FLOW_CONTROL,
    Code.RSYSERR: Result.FLOW_CONTROL,
    Code.RINVSRCADR: Result.SRC_ID,
    Code.RINVDSTADR: Result.DEST_TERMINAL,
    Code.RMSGQFUL: Result.FLOW_CONTROL,
    Code.RINVSERTYP: Result.SERVICE,
    Code.RTHROTTLED: Result.FLOW_CONTROL,
    Code.RX_T_APPN: Result.FLOW_CONTROL,
}
_GATEWAY_CODES = 1 << 22


class Back(NamedTuple):
    """What a report repeats of its submit."""

    phone: str
    access_number: str
    service_id: str


class Letter(NamedTuple):
    """A report to be written in the version of the session that carries it."""

    back: Back
    report: Report
    msg_id: int


class CmppGateway(Gateway):
    """Letters are DELIVERs without their version. Ids hold the time, so they never come again."""

    name = "cmpp"

    def __init__(self) -> None:
        self._code = random.randrange(_GATEWAY_CODES)  # another one after a restart
        self._second = 0
        self._base = 0
        self._used = 0

    def session(self, limits: Limits) -> Session:
        """One for either version."""
        limits = msgspec.structs.replace(limits, frame_size_max=FRAME_SIZE_MAX)
        return CmppSession(Side.SERVER, limits)

    def refusal(self, known: bool) -> int:
        """A status of CONNECT_RESP."""
        return ConnectStatus.AUTHENTICATION if known else ConnectStatus.SOURCE_ADDRESS

    def status(self, code: int) -> int:
        """A result of SUBMIT_RESP."""
        return _NEAREST.get(cast(Code, code), code)

    def objection(self, session: Session, pdu: Any) -> int:
        """Too many phones or none, a text that is too long, another account's code."""
        submit = cast(Submit, pdu)
        ascii_only = submit.msg_fmt == formats.ASCII
        if submit.msg_src != session.peer:
            return Result.MSG_SRC
        if not 1 <= len(submit.dest_terminal_ids) <= DESTINATIONS_MAX:
            return Result.DEST_TERMINAL
        if len(submit.msg_content) > (ASCII_SIZE_MAX if ascii_only else SIZE_MAX):
            return Result.TOO_LONG
        return 0

    def read(self, session: Session, pdu: Any) -> list[Submission]:
        """One for each phone; of Registered_Delivery only 1 asks for a report."""
        submit = cast(Submit, pdu)
        part, data = split(submit)
        alphabet = formats.alphabet_of(submit.msg_fmt)
        wanted = Wanted.ALWAYS if submit.registered_delivery == 1 else Wanted.NEVER
        return [
            Submission(
                phone=phone,
                access_number=submit.src_id,
                data=data,
                alphabet=alphabet,
                part=part,
                wanted=wanted,
                back=Back(phone, submit.src_id, submit.service_id),
            )
            for phone in submit.dest_terminal_ids
        ]

    def new_numbers(self, sequence: int, phones: int) -> list[int]:
        """Following one another, in the second of their making."""
        second = int(time.time())
        if second != self._second or self._used + phones > ids.SEQUENCE_SIZE:
            if second == self._second:  # more than 65,536 in one second
                self._code = (self._code + 1) % _GATEWAY_CODES
            self._second, self._used = second, 0
            self._base = ids.made_at(datetime.fromtimestamp(second, UTC), self._code, 0)
        first = self._base + self._used
        self._used += phones
        return list(range(first, first + phones))

    def answer_id(self, number: int, behaviour: Behaviour) -> str:
        """16 hexadecimal digits; on the wire it is binary, whatever the behaviour says."""
        return ids.to_text(number)

    def receipt(self, back: Any, report: Report, behaviour: Behaviour) -> Letter:
        """A report, with an id of its own beside the one that it is about."""
        return Letter(back, report, self.new_numbers(0, 1)[0])

    def inbound(self, phone: str, access_number: str, text: str, reference: int) -> list[Any]:
        """UCS-2, in parts where it is long."""
        parts = ucs2_parts(text, reference)
        return [
            Deliver(
                msg_id=msg_id,
                dest_id=access_number,
                tp_udhi=1 if len(parts) > 1 else 0,
                msg_fmt=formats.UCS2,
                src_terminal_id=phone,
                msg_content=part,
            )
            for msg_id, part in zip(self.new_numbers(0, len(parts)), parts, strict=True)
        ]

    def body(self, session: Session, letter: Any) -> bytes:
        """In the session's version."""
        version = cast(CmppSession, session).version
        if not isinstance(letter, Letter):
            return body_of(letter, version)
        back, report, msg_id = letter
        content = receipts.build(
            report.number,
            version,
            stat=report.stat,
            submitted=report.submitted,
            done=report.done,
            phone=back.phone,
        )
        deliver = Deliver(
            msg_id=msg_id,
            dest_id=back.access_number,
            service_id=back.service_id,
            src_terminal_id=back.phone,
            registered_delivery=REPORT,
            msg_content=content,
        )
        return body_of(deliver, version)

    def respond(self, pdu: Any, find: Callable[[str], Message | None]) -> Pdu:
        """Nothing can be cancelled, and the counts of a day are all zero."""
        if isinstance(pdu, Cancel):
            return CancelResp(sequence=pdu.sequence, success_id=1)
        query = cast(Query, pdu)
        return QueryResp(
            sequence=query.sequence,
            time=query.time,
            query_type=query.query_type,
            query_code=query.query_code,
        )
