"""The port: who may bind, what each session's events mean, and who has to leave.

Whatever a system sends is answered or ends its own connection, never the program. What needs the
database runs beside the sessions and answers when it is done.
"""

import asyncio
from collections.abc import Coroutine
from ssl import SSLContext
from typing import Any

import structlog

from yunxin.dialects import smpp_passwords
from yunxin.engine.store import StoreUnavailable
from yunxin.protocols.events import (
    BindRequested,
    Closed,
    DeliverAnswered,
    Event,
    Login,
    PeerMistake,
    Requested,
    SubmitRequested,
    Unanswered,
)
from yunxin.protocols.session import Limits, Side, State
from yunxin.protocols.smpp.session import SmppSession
from yunxin.protocols.smpp.status import Code
from yunxin.protocols.stream import serve
from yunxin.smpp.accounts import Account, Accounts
from yunxin.smpp.conversation import Conversation, SmppStream
from yunxin.smpp.deliveries import Deliveries
from yunxin.smpp.guard import Guard
from yunxin.smpp.intake import Intake
from yunxin.smpp.questions import Questions, refusal
from yunxin.smpp.sessions import Sessions
from yunxin.smpp.statuses import OF_BIND, UNKNOWN_ACCOUNT
from yunxin.vocabulary import SmppBindRefusal

log = structlog.get_logger()

OUR_NAME = "YUNXIN"  # the system_id of our answers
# Of a session until its account is known. A frame holds a message_payload of our longest text.
LIMITS = Limits(
    window=1, response_timeout_s=30.0, enquire_after_s=30.0, bind_within_s=15.0,
    frame_size_max=16_384, owed_max=2_000,
)  # fmt: skip
CONNECTIONS_MAX = 5_000  # of one program, about 100 kB each
STRANGERS_MAX = 500  # of them not bound
UNSENT_MAX_BYTES = 4 << 20  # who sends and never reads is cut off: 200,000 answers
ASKING_MAX = 8  # query_sm and the like of one session at a time, as each asks the database
FAREWELL_S = 2.0


class Server:
    """Listens as long as `start` and `stop` are apart."""

    def __init__(
        self,
        secret_key: str,
        accounts: Accounts,
        sessions: Sessions,
        intake: Intake,
        deliveries: Deliveries,
        questions: Questions,
    ) -> None:
        self._secret_key = secret_key
        self._accounts = accounts
        self._sessions = sessions
        self._intake = intake
        self._deliveries = deliveries
        self._questions = questions
        self._guard = Guard()
        self._systems: set[Conversation] = set()
        self._strangers = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Server | None = None
        accounts.changed = self.review
        sessions.close_wished = self._close_wished

    @property
    def port(self) -> int:
        """The TCP port, once it listens."""
        assert self._listening is not None
        return int(self._listening.sockets[0].getsockname()[1])

    async def start(self, host: str, port: int, ssl: SSLContext | None = None) -> None:
        """Begin to listen.

        Raises:
            OSError: the port cannot be had.
        """
        self._listening = await serve(
            lambda: SmppSession(Side.SERVER, LIMITS),
            self._heard,
            host,
            port,
            ssl=ssl,
            on_connected=self._welcome,
        )

    async def stop(self) -> None:
        """Let nobody in any more, answer what was taken, say good-bye to all."""
        if self._listening is not None:
            self._listening.close()
        for system in self._systems:
            system.leaving = True
        await self._intake.stop()
        leaving = [self._say_goodbye(system) for system in list(self._systems)]
        await asyncio.gather(*leaving, return_exceptions=True)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FAREWELL_S)

    def cut(self) -> None:
        """End all connections without a word: others have declared this program dead."""
        if self._listening is not None:
            self._listening.close()
        for system in list(self._systems):
            system.stream.abort()

    def review(self) -> None:
        """Accounts changed: sessions that may not be any more are ended, limits are taken over."""
        self._intake.limits_changed()
        bound: dict[int, list[Conversation]] = {}
        for system in sorted(self._systems, key=lambda one: one.row_id):
            if system.account is None or system.leaving:
                continue
            account = self._accounts.known.by_id.get(system.account.id)
            if account is None or not _may_stay(system, account):
                self._dismiss(system, "changed")
                continue
            system.limit(account)
            bound.setdefault(account.id, []).append(system)
            if len(bound[account.id]) > account.sessions_max:
                self._dismiss(system, "too_many")
        self._deliveries.wake.set()

    # Events -------------------------------------------------------------------------------------

    def _welcome(self, stream: SmppStream) -> None:
        full = len(self._systems) >= CONNECTIONS_MAX or self._strangers >= STRANGERS_MAX
        stream.data = system = Conversation(stream)
        self._systems.add(system)
        self._strangers += 1
        if full:
            log.warning("smpp.full", connections=len(self._systems), strangers=self._strangers)
            stream.abort()

    def _heard(self, stream: SmppStream, events: list[Event]) -> None:
        system: Conversation = stream.data
        try:
            self._handle(system, events)
        except Exception:  # the top of what one connection can cause
            log.exception("smpp.failed", address=system.address)
            stream.abort()
        if events and isinstance(events[-1], Closed):
            self._closed(system, events[-1])
        elif stream.unsent_bytes > UNSENT_MAX_BYTES:
            log.warning("smpp.does_not_read", address=system.address)
            stream.abort()

    def _handle(self, system: Conversation, events: list[Event]) -> None:
        submits = [event for event in events if isinstance(event, SubmitRequested)]
        if submits:
            self._intake.take(system, submits)
        for event in events:
            match event:
                case DeliverAnswered():
                    system.last_at = system.stream.now
                    self._deliveries.answered(system, event.tag, event.status)
                case Unanswered():
                    self._deliveries.unanswered(system, event.tag)
                case BindRequested():
                    self._begin(self._bind(system, event.login))
                case Requested():
                    self._begin(self._respond(system, event))
                case PeerMistake():
                    log.debug("smpp.mistake", address=system.address, why=event.why)
                case _:
                    pass

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _respond(self, system: Conversation, event: Requested) -> None:
        assert system.account is not None, "the session lets only who is bound ask"
        system.last_at = system.stream.now
        if system.asking >= ASKING_MAX:
            response = refusal(event.pdu, Code.RTHROTTLED)
        else:
            system.asking += 1
            response = await self._questions.answer(system.account, event.pdu)
            system.asking -= 1
        if not system.stream.session.ended:
            system.stream.session.respond(response)
            system.stream.flush()

    def _closed(self, system: Conversation, event: Closed) -> None:
        self._systems.discard(system)
        if system.account is None:
            self._strangers -= 1
        self._deliveries.remove(system, event.unanswered)
        self._sessions.close(system)
        if system.account is not None:
            log.info(
                "smpp.closed", account=system.account.id, address=system.address,
                reason=event.reason.value, submitted=system.submitted, delivered=system.delivered,
            )  # fmt: skip

    # Binding ------------------------------------------------------------------------------------

    async def _bind(self, system: Conversation, login: Login) -> None:
        """Let a system in, or not; who failed before waits."""
        status: int = Code.RSYSERR
        if self._guard.begin_waiting(system.host):
            try:
                wait_s = self._guard.wait_s(system.host, system.stream.touch())
                if wait_s:
                    await asyncio.sleep(wait_s)
                status = await self._judge(system, login)
            except StoreUnavailable as error:
                log.warning("smpp.bind_not_stored", error=str(error))
            except Exception:  # a mistake of ours must not leave a system without an answer
                log.exception("smpp.bind_failed", address=system.address)
            finally:
                self._guard.end_waiting(system.host)
        session = system.stream.session
        if session.state is State.BINDING:  # it may have gone meanwhile
            if status == Code.ROK:
                self._let_in(system)
            else:
                session.refuse_bind(status)
            system.stream.flush()

    async def _judge(self, system: Conversation, login: Login) -> int:
        account = self._accounts.known.by_name.get(login.name)
        if account is None:
            log.info("smpp.bind_refused", address=system.address, why="unknown")
            self._guard.failed(system.host, system.stream.touch())
            return UNKNOWN_ACCOUNT
        refusal = self._refusal(system, account, login)
        if refusal is not None:
            await self._sessions.note_refusal(system, account, refusal)
        elif system.stream.session.state is State.BINDING:
            refusal = await self._sessions.open(system, account)
        if refusal is not None:
            log.info(
                "smpp.bind_refused", account=account.id, address=system.address, why=refusal.value
            )
            return OF_BIND[refusal]
        self._guard.succeeded(system.host)
        # As it is by now: what changed since was reviewed without this session.
        known = self._accounts.known.by_id.get(account.id)
        changed = known is None or not known.open or known.password_hash != account.password_hash
        if known is None or changed or system.stream.session.state is not State.BINDING:
            self._sessions.close(system)
            return Code.RBINDFAIL
        system.limit(known)
        self._strangers -= 1
        return Code.ROK

    def _refusal(
        self, system: Conversation, account: Account, login: Login
    ) -> SmppBindRefusal | None:
        if account.networks and not account.networks.hold(system.host):
            return SmppBindRefusal.ADDRESS
        if not smpp_passwords.matches(
            self._secret_key, account.system_id, login.password, account.password_hash
        ):
            self._guard.failed(system.host, system.stream.touch())
            return SmppBindRefusal.PASSWORD
        if not account.enabled:
            return SmppBindRefusal.DISABLED
        return None if account.active else SmppBindRefusal.SUSPENDED

    def _let_in(self, system: Conversation) -> None:
        assert system.account is not None
        system.stream.session.accept_bind(OUR_NAME)
        self._deliveries.add(system)
        log.info(
            "smpp.bound", account=system.account.id, address=system.address,
            mode=system.stream.session.mode.value,
        )  # fmt: skip

    # Leaving ------------------------------------------------------------------------------------

    def _close_wished(self, system: Conversation) -> None:
        """An operator asked for the end of this session."""
        if not system.leaving and system.account is not None:
            self._dismiss(system, "wished")

    def _dismiss(self, system: Conversation, why: str) -> None:
        assert system.account is not None
        log.info("smpp.dismissed", account=system.account.id, address=system.address, why=why)
        system.leaving = True
        self._begin(self._say_goodbye(system))

    async def _say_goodbye(self, system: Conversation) -> None:
        """An unbind, and the end of the connection whatever comes of it."""
        await system.stream.close(FAREWELL_S)


def _may_stay(system: Conversation, account: Account) -> bool:
    """Whether a bound session could bind again."""
    assert system.account is not None
    return (
        account.open
        and account.password_hash == system.account.password_hash
        and (not account.networks or account.networks.hold(system.host))
    )
