"""query_sm, cancel_sm and what is not on offer: answered for the account that asks, of its own.

A message is known by any id that its system was told: the message's own, or that of a part.
"""

from typing import Any

import structlog

from yunxin.config import Config
from yunxin.engine.cancel import cancel_messages
from yunxin.engine.directory import SHANGHAI
from yunxin.engine.receipts import refunded_states
from yunxin.engine.store import Row, Store, StoreUnavailable, Transaction
from yunxin.protocols.smpp.pdus import (
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    GenericNack,
    Pdu,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SubmitMulti,
    SubmitMultiResp,
)
from yunxin.protocols.smpp.receipts import STATE_NUMBERS
from yunxin.protocols.smpp.status import Code
from yunxin.protocols.smpp.times import write_time
from yunxin.smpp.accounts import Account
from yunxin.smpp.statuses import ON_THE_WAY, word_of
from yunxin.vocabulary import FINAL_STATES, MessageState

log = structlog.get_logger()

BY_SYSTEM = "cancel_sm"  # why a message was cancelled: a word of message_event.code
ID_MAX = 1 << 63
_OF_PART = {"refused": "REJECTD", "incomplete": "UNDELIV"}


class Questions:
    """Answers what systems ask about their messages."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._refunded = refunded_states(config)

    async def answer(self, account: Account, pdu: Any) -> Pdu:
        """The response to any request that is not a submit_sm."""
        try:
            match pdu:
                case QuerySm():
                    return await self._query(account, pdu)
                case CancelSm():
                    return await self._cancel(account, pdu)
        except StoreUnavailable as error:
            log.warning("questions.not_answered", error=str(error))
            return refusal(pdu, Code.RSYSERR)
        except Exception:  # a mistake of ours must not leave a system without an answer
            log.exception("questions.failed")
            return refusal(pdu, Code.RSYSERR)
        if isinstance(pdu, ReplaceSm):
            return refusal(pdu, Code.RREPLACEFAIL)
        return refusal(pdu, Code.RINVCMDID)

    async def _query(self, account: Account, pdu: QuerySm) -> Pdu:
        told_id = number_of(pdu.message_id)
        async with self._store.transaction() as tx:
            found = await self._find(tx, account, told_id)
        if found is None:
            return refusal(pdu, Code.RINVMSGID)
        _, state, code, finished_at, outcome = found
        if state is None:
            word = _OF_PART.get(outcome or "", ON_THE_WAY)
        else:
            word = word_of(MessageState(state), code)
        final = outcome in _OF_PART or (state is not None and MessageState(state) in FINAL_STATES)
        return QuerySmResp(
            sequence=pdu.sequence,
            message_id=pdu.message_id,
            final_date=write_time(finished_at, SHANGHAI) if final and finished_at else "",
            message_state=STATE_NUMBERS[word],
        )

    async def _cancel(self, account: Account, pdu: CancelSm) -> Pdu:
        told_id = number_of(pdu.message_id)
        if not told_id:  # all to a phone: not on offer
            return refusal(pdu, Code.RINVMSGID)
        async with self._store.transaction() as tx:
            found = await self._find(tx, account, told_id)
            if found is None:
                return refusal(pdu, Code.RINVMSGID)
            message_id, enterprise_id = found[0], account.enterprise_id
            cancelled = message_id and await cancel_messages(
                tx, enterprise_id, [message_id], BY_SYSTEM, self._refunded
            )
        if not cancelled:  # it is final, or on its way to the phone
            return refusal(pdu, Code.RCANCELFAIL)
        return CancelSmResp(sequence=pdu.sequence)

    async def _find(self, tx: Transaction, account: Account, told_id: int) -> Row | None:
        """Message, state, code, end and (of a part that became none) outcome."""
        key = {
            "enterprise_id": account.enterprise_id, "account_id": account.id, "told_id": told_id,
        }  # fmt: skip
        if not told_id:
            return None
        row = await tx.fetch_one("find_smpp_message", key)
        if row is not None:
            return (*row, None)
        part = await tx.fetch_one("find_smpp_part", key)
        if part is None:
            return None
        message_id, outcome, received_at = part
        if message_id is None:
            return 0, None, None, received_at, outcome
        row = await tx.fetch_one("find_smpp_message", key | {"told_id": message_id})
        return None if row is None else (*row, None)


def number_of(message_id: str) -> int:
    """An id as a system writes it; 0 where it cannot be one of ours."""
    text = message_id.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        return 0
    number = int(text)
    return number if number < ID_MAX else 0


_RESPONSES: dict[type[Pdu], type[Pdu]] = {
    QuerySm: QuerySmResp,
    CancelSm: CancelSmResp,
    ReplaceSm: ReplaceSmResp,
    SubmitMulti: SubmitMultiResp,
    DataSm: DataSmResp,
}


def refusal(pdu: Any, status: int) -> Pdu:
    """The response that says no."""
    kind = _RESPONSES.get(type(pdu), GenericNack)
    return kind(sequence=pdu.sequence, status=status)
