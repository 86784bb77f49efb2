"""From a submit_sm to its answer: read, measured, understood, accepted; then answered.

Single messages of all sessions go through one `Acceptor`, which lets what arrives while a commit
runs share the next; parts of long ones through `parts`. The answer leaves after the commit.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import structlog

from yunxin.engine.accept import Acceptor
from yunxin.engine.checks import Accepted, AcceptRequest, SmppOrigin
from yunxin.engine.pacing import TokenBucket
from yunxin.engine.store import Store, StoreUnavailable
from yunxin.protocols.events import SubmitRequested
from yunxin.protocols.smpp.status import Code
from yunxin.smpp.accounts import Account, Accounts
from yunxin.smpp.conversation import Conversation
from yunxin.smpp.parts import Parts
from yunxin.smpp.reading import Submission, read
from yunxin.smpp.statuses import OF_REFUSAL
from yunxin.smpp.texts import Texts
from yunxin.text.segments import PART_UNITS, SINGLE_UNITS, length
from yunxin.vocabulary import Refusal, SmppTextMode, Source

log = structlog.get_logger()

WAITING_MAX = 20_000  # submits that wait for their commit, 40 MB; beyond, RMSGQFUL
BURST_S = 1.0  # what an account may send at once: a second's worth
BURST_MIN = 15.0  # of segments: the longest message must fit
STOP_S = 5.0


class Intake:
    """Takes the submits of one program."""

    def __init__(self, store: Store, acceptor: Acceptor, accounts: Accounts, texts: Texts) -> None:
        self._acceptor = acceptor
        self._accounts = accounts
        self._texts = texts
        self._parts = Parts(store, acceptor, self._ask)
        self._buckets: dict[int, TokenBucket] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = 0

    def take(self, system: Conversation, events: Sequence[SubmitRequested]) -> None:
        """Take what came on one connection at once; each is answered, now or after the commit."""
        account = system.account
        assert account is not None, "only who is bound may submit"
        now = datetime.now(UTC)
        system.last_at = system.stream.now
        singles: list[tuple[int, AcceptRequest]] = []
        for event in events:
            system.unanswered += 1
            said = self._read(system, account, event, now)
            if isinstance(said, int):
                system.answer(event.sequence, 0, said)
            elif said.part is not None:
                self._take_part(system, account, event.sequence, said)
            else:
                request = self._ask(account, said.text, said, _origin(account, said))
                if isinstance(request, Refusal):
                    system.answer(event.sequence, 0, OF_REFUSAL[request])
                else:
                    singles.append((event.sequence, request))
        if singles:
            self._waiting += len(singles)
            task = asyncio.create_task(self._accept(system, singles))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Let what was taken be answered."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)
        await self._parts.stop()

    def limits_changed(self) -> None:
        """Accounts may have other rates, or other programs a share of them."""
        now = asyncio.get_running_loop().time()
        for account_id, bucket in list(self._buckets.items()):
            account = self._accounts.known.by_id.get(account_id)
            if account is None:
                del self._buckets[account_id]
            else:
                rate = self._share(account)
                bucket.change(rate, max(BURST_MIN, rate * BURST_S), now)

    # Reading ------------------------------------------------------------------------------------

    def _read(
        self, system: Conversation, account: Account, event: SubmitRequested, now: datetime
    ) -> Submission | int:
        """What is asked for, if there is room for it; else the status."""
        if system.leaving:
            return Code.RSYSERR
        if system.unanswered > account.window:
            return Code.RTHROTTLED
        if self._waiting >= WAITING_MAX:
            return Code.RMSGQFUL
        said = read(event.pdu, account.rules, now)
        if isinstance(said, int):
            return said
        cost = 1 if said.part is not None else _segments(said.text)
        bucket = self._bucket(account, system.stream.now)
        if bucket.ready(system.stream.now) < cost:
            return Code.RTHROTTLED
        bucket.take(cost, system.stream.now)
        return said

    def _bucket(self, account: Account, now: float) -> TokenBucket:
        bucket = self._buckets.get(account.id)
        if bucket is None:
            rate = self._share(account)
            bucket = TokenBucket(rate, max(BURST_MIN, rate * BURST_S), now)
            self._buckets[account.id] = bucket
        return bucket

    def _share(self, account: Account) -> float:
        """Each program that has sessions of the account has an equal share of its rate."""
        return account.rate_per_s / max(1, self._accounts.known.programs.get(account.id, 1))

    # Asking -------------------------------------------------------------------------------------

    def _ask(
        self, account: Account, text: str, said: Submission, origin: SmppOrigin
    ) -> AcceptRequest | Refusal:
        """A whole text as acceptance is asked for it, or why that cannot be."""
        if account.text_mode is SmppTextMode.FREE:
            wording = self._texts.as_free(account.enterprise_id, text, account.traffic)
        else:
            wording = self._texts.by_template(account.enterprise_id, text)
        if isinstance(wording, Refusal):
            return wording
        return AcceptRequest(
            enterprise_id=account.enterprise_id,
            template_id=wording.template_id,
            phone=said.phone,
            params=wording.parameters,
            source=Source.SMPP,
            extension=said.extension,
            reference=said.reference,
            free=wording.free,
            not_before=said.not_before,
            smpp=origin,
        )

    async def _accept(
        self, system: Conversation, singles: Sequence[tuple[int, AcceptRequest]]
    ) -> None:
        try:
            answers = await self._acceptor.accept([request for _, request in singles])
        except StoreUnavailable as error:
            log.warning("intake.not_accepted", messages=len(singles), error=str(error))
            _refuse(system, singles)
        except Exception:  # a mistake of ours must not leave a system without an answer
            log.exception("intake.failed", messages=len(singles))
            _refuse(system, singles)
        else:
            for (sequence, _), answer in zip(singles, answers, strict=True):
                if isinstance(answer, Accepted):
                    system.answer(sequence, answer.message_id)
                else:
                    system.answer(sequence, 0, OF_REFUSAL[answer.reason])
        finally:
            self._waiting -= len(singles)

    def _take_part(
        self, system: Conversation, account: Account, sequence: int, said: Submission
    ) -> None:
        self._waiting += 1

        def answer(told_id: int, status: int) -> None:
            self._waiting -= 1
            system.answer(sequence, told_id, status)

        self._parts.take(account, said, answer)


def _origin(account: Account, said: Submission) -> SmppOrigin:
    return SmppOrigin(account.id, (0,), (said.wanted,), said.back, said.expires_at)


def _refuse(system: Conversation, singles: Iterable[tuple[int, AcceptRequest]]) -> None:
    for sequence, _ in singles:
        system.answer(sequence, 0, Code.RSYSERR)


def _segments(text: str) -> int:
    """About how many segments a text has; exactly, once it is whole and signed."""
    units = length(text)
    return 1 if units <= SINGLE_UNITS else min(int(BURST_MIN), -(-units // PART_UNITS))
