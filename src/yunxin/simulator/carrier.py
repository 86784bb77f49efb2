"""The simulated carrier: a server that takes messages and sends receipts and replies.

It listens at a door for each protocol; the sessions are `protocols`' own, in the server's role.
`behaviour` decides, `ledger` counts, `clients` deliver, `wheel` waits, `gateways` know the frames,
`calling` connects to clients where a protocol's carrier does.
Any number of sessions may be bound to an account.
"""

import asyncio
import random
import time
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Self

import msgspec
import structlog

from yunxin.protocols.clock import BEIJING
from yunxin.protocols.events import (
    BindRequested,
    Bound,
    Closed,
    DeliverAnswered,
    Event,
    PeerMistake,
    Requested,
    SubmitRequested,
    Unanswered,
)
from yunxin.protocols.receipt import Outcome, outcome_of
from yunxin.protocols.session import Limits, State
from yunxin.protocols.smpp.status import Code
from yunxin.protocols.stream import serve
from yunxin.simulator.behaviour import Behaviour, Fate, decide
from yunxin.simulator.calling import Caller
from yunxin.simulator.clients import Account, AnyStream, Client, Parcel
from yunxin.simulator.gateways.base import Gateway, Report, Submission, Wanted, plain, text_of
from yunxin.simulator.gateways.smpp import SmppGateway
from yunxin.simulator.joining import Joiner
from yunxin.simulator.ledger import Ledger, Message
from yunxin.simulator.wheel import Wheel

log = structlog.get_logger()

NAME = "SIMULATOR"
WAITING_MAX = 500_000  # receipts under way, about 300 MB; beyond, submits are answered RMSGQFUL
EARLY_LEAD_S = 0.05  # how long before its answer an early receipt leaves
DOUBLE_AFTER_S = 0.1  # between the first receipt and its double
REPLY_AFTER_S = 0.05  # between a receipt and what the phone replies
WINDOW = 1_000  # deliveries that an account may leave unacknowledged on one session
OWED_MAX = 200_000  # answers that may be delayed on one session
FAREWELL_S = 2.0
SILENT_MAX = 1_000  # unanswered submits of a connection that are known again when they are repeated


class ReplyImpossible(ValueError):
    """There is nobody to reply to: name an access number, or let a message come first."""


class Silence(msgspec.Struct):
    """A submit that was taken and not answered; so many attempts of it are left silent, or all."""

    attempts: int
    message_id: str
    digest: int
    times: int = 0


class Visit:
    """What the carrier keeps with one connection; `client` is None until it is bound."""

    __slots__ = ("client", "gateway", "silent", "submits")

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.client: Client | None = None
        self.submits = 0
        self.silent: OrderedDict[int, Silence] = OrderedDict()

    def keep_silent(self, sequence: int, silence: Silence) -> None:
        """Know this submit when it comes again."""
        self.silent[sequence] = silence
        if len(self.silent) > SILENT_MAX:
            self.silent.popitem(last=False)


class Plan(msgspec.Struct, frozen=True):
    """What is to become of one message to one phone, whose number is plain here."""

    submission: Submission
    phone: str
    digest: int
    fate: Fate
    answer_s: float
    receipt_s: float


class Due(msgspec.Struct, frozen=True):
    """A receipt to come; `shown` is what the inbox then says of the message."""

    client: Client
    back: Any
    number: int
    stat: str
    error: str
    submitted: str
    message: Message | None = None
    shown: Fate | None = None
    reply: str = ""


class Carrier:
    """Listens while used as an asynchronous context manager.

    Args:
        behaviour: may be replaced at any time; it counts for the messages that come then.
        accounts: who may bind, at every door.
        port: of SMPP; 0 takes any free one, see `port` afterwards.
        doors: the ports of other protocols' gateways beside it, see `ports` afterwards.
        seed: the same seed brings the same fates.
        window: deliveries without acknowledgement on one session.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        accounts: Iterable[Account] = (Account("yunxin", "secret"),),
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 1,
        window: int = WINDOW,
        doors: Mapping[Gateway, int] | None = None,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.seed = seed
        self.host = host
        self.ports: dict[str, int] = {}
        self._doors: dict[Gateway, int] = {SmppGateway(): port, **(doors or {})}
        self.ledger = Ledger()
        self._accounts = tuple(accounts)
        self._clients: dict[tuple[str, str], Client] = {}
        self._servers: dict[str, asyncio.Server] = {}
        self._callers: dict[tuple[str, str], Caller] = {}
        self._limits = Limits(window=window, enquire_after_s=60.0, owed_max=OWED_MAX)
        self._joiner: Joiner[tuple[bytes, Fate]] = Joiner()
        self._random = random.Random(seed)
        self._waiting = 0
        self._leaving: list[Due] = []
        self._clock = (0, "")

    async def __aenter__(self) -> Self:
        self._wheel = Wheel(self._send_due)
        counters = self.ledger.counters
        self._clients = {
            (gateway.name, account.name): Client(account, gateway, counters, self._wheel)
            for gateway in self._doors
            for account in self._accounts
        }
        for gateway, port in self._doors.items():
            server = await self._open(gateway, port)
            self._servers[gateway.name] = server
            self.ports[gateway.name] = server.sockets[0].getsockname()[1]
        for client in self._clients.values():
            self._reach_out(client)
        return self

    async def _open(self, gateway: Gateway, port: int) -> asyncio.Server:
        """Listen at one protocol's door."""

        def take(stream: AnyStream, events: list[Event]) -> None:
            if stream.data is None:
                stream.data = Visit(gateway)
            self._take(stream, stream.data, events)

        return await serve(lambda: gateway.session(self._limits), take, self.host, port)

    def _reach_out(self, client: Client) -> None:
        """Connect to a client that has something to get, where its protocol has it so."""
        call = client.gateway.call(self._limits)
        if call is None:
            return

        def take(stream: AnyStream, events: list[Event]) -> None:
            if stream.data is None:
                stream.data = Visit(client.gateway)
            for event in events:
                if isinstance(event, Bound):
                    stream.data.client = client
                    client.join(stream)
            self._take(stream, stream.data, events)

        caller = Caller(call, client.account, take, self.ledger.counters)
        client.summon = caller.summon
        self._callers[client.key] = caller

    async def __aexit__(self, *error: object) -> None:
        for server in self._servers.values():
            server.close()
        for caller in self._callers.values():
            caller.stop()
        self._wheel.stop()
        await asyncio.gather(*(stream.close(FAREWELL_S) for stream in self._streams()))
        for server in self._servers.values():
            await server.wait_closed()

    @property
    def port(self) -> int:
        """Where SMPP is spoken, once it listens."""
        return self.ports[SmppGateway.name]

    def _streams(self) -> list[AnyStream]:
        return [stream for client in self._clients.values() for stream in client.streams]

    # What people and tests ask ------------------------------------------------------------------

    def counts(self) -> dict[str, Any]:
        """What was really got and sent, and what is under way."""
        clients = self._clients.values()
        return {
            **self.ledger.as_dict(),
            "incomplete": len(self._joiner),
            "parts_given_up": self._joiner.given_up,
            "receipts_waiting": self._waiting,
            "deliveries_queued": sum(len(client.queue) for client in clients),
            "sessions": sum(len(client.streams) for client in clients),
            "receivers": sum(len(client.receivers) for client in clients),
            "seed": self.seed,
        }

    def reset(self) -> None:
        """Begin to count anew; what is under way stays under way."""
        self.ledger.reset()
        self._joiner.clear()

    def disconnect(self) -> int:
        """Cut every connection, as a carrier's maintenance does; gives how many there were."""
        streams = self._streams()
        for stream in streams:
            stream.abort()
        return len(streams)

    def shut(self, protocol: str) -> int:
        """Be gone at one door for good, with all that was to be delivered there.

        Returns:
            How many sessions were cut.
        Raises:
            KeyError: it has no such door.
        """
        self._servers[protocol].close()
        cut = 0
        for key, client in self._clients.items():
            if key[0] == protocol:
                if caller := self._callers.get(key):
                    caller.stop()
                cut += client.go()
        return cut

    def reply(self, phone: str, text: str, access_number: str = "") -> Message:
        """Let a phone's holder write back.

        Args:
            access_number: whom to write to; by default whoever wrote last.
        Raises:
            ReplyImpossible: nobody wrote, and no access number is named.
            text.segments.TextTooLong: the text has more than 1,000 characters.
        """
        last = self._last_to(phone, access_number)
        access_number = access_number or (last.access_number if last else "")
        if not access_number:
            raise ReplyImpossible(str(ReplyImpossible.__doc__))
        client = self._client_of(last)
        on_the_wire = last.wire_phone if last else phone
        reference = self._random.randrange(256)
        letters = client.gateway.inbound(on_the_wire, access_number, text, reference)
        client.queue.extend(Parcel(letter, inbound=True) for letter in letters)
        message = Message(
            at=time.time(),
            phone=phone,
            access_number=access_number,
            text=text,
            from_phone=True,
            parts=len(letters),
            account=client.account.name,
            protocol=client.gateway.name,
            wire_phone=on_the_wire,
        )
        self.ledger.keep(message)
        client.pump()
        return message

    def _client_of(self, message: Message | None) -> Client:
        if message is not None:
            return self._clients[message.protocol, message.account]
        return next(iter(self._clients.values()))

    def _last_to(self, phone: str, access_number: str) -> Message | None:
        for message in reversed(self.ledger.thread(phone)):
            if not message.from_phone and access_number in ("", message.access_number):
                return message
        return None

    # What connections tell ----------------------------------------------------------------------

    def _take(self, stream: AnyStream, visit: Visit, events: list[Event]) -> None:
        """One batch of events of one connection."""
        acknowledged = cut = False
        for event in events:
            if type(event) is SubmitRequested:
                cut = cut or not self._submitted(stream, visit, event)
            elif type(event) is DeliverAnswered and visit.client:
                visit.client.acknowledged(event.tag, event.status)
                acknowledged = True
            else:
                self._other(stream, visit, event)
        if cut:
            self.ledger.counters["cut"] += 1
            stream.abort()
        elif acknowledged and visit.client:
            visit.client.pump()

    def _other(self, stream: AnyStream, visit: Visit, event: Event) -> None:
        match event:
            case BindRequested():
                self._bind(stream, visit, event)
            case Requested(pdu=pdu):
                stream.session.respond(visit.gateway.respond(pdu, self.ledger.find))
            case Unanswered(tag=Parcel() as parcel) if visit.client:
                visit.client.again(parcel)
            case PeerMistake(why=why):
                self.ledger.counters["mistakes"] += 1
                log.info("peer_mistake", why=why, peer=stream.peer_address)
            case Closed(unanswered=unanswered) if visit.client:
                visit.client.leave(stream, unanswered)
            case _:
                pass

    def _bind(self, stream: AnyStream, visit: Visit, event: BindRequested) -> None:
        login = event.login
        client = self._clients.get((visit.gateway.name, login.name))
        if client is None or not login.matches(client.account.password):
            self.ledger.counters["binds_refused"] += 1
            stream.session.refuse_bind(visit.gateway.refusal(known=client is not None))
            return
        self.ledger.counters["binds"] += 1
        stream.session.accept_bind(NAME, client.account.password)
        visit.client = client
        client.join(stream)
        if self.behaviour.disconnect_every_s:
            self._wheel.at(self.behaviour.disconnect_every_s, stream.abort)

    # Submits ------------------------------------------------------------------------------------

    def _submitted(self, stream: AnyStream, visit: Visit, event: SubmitRequested) -> bool:
        """Decide about one submit and act; False when the connection is to be cut."""
        client, ledger, session = visit.client, self.ledger, stream.session
        assert client is not None  # the session lets nobody submit who is not bound
        gateway = client.gateway
        submissions = gateway.read(session, event.pdu)
        status = gateway.objection(session, event.pdu)
        again = not status and event.sequence in visit.silent
        if again and self._repeated(stream, visit, event, submissions):
            return True
        phones = len(submissions)
        ledger.counters["submits"] += phones
        visit.submits += phones
        every = self.behaviour.disconnect_every_messages
        if every and visit.submits > every:
            return False
        if not status and (code := self._too_much(client, stream.now, phones)):
            status = gateway.status(code)
        if status:
            ledger.refused[session.explain(status).name] += phones
            session.answer_submit(event.sequence, "", status)
            return True

        plans = [self._plan_for(client, submission) for submission in submissions]
        answer_s = max((plan.answer_s for plan in plans), default=0.0)
        refusing = next((p.fate for p in plans if p.fate.cut or p.fate.status), None)
        if refusing or not plans:  # one phone that is refused refuses them all
            status = gateway.status(refusing.status if refusing else Code.RINVDSTADR)
            cut = refusing is not None and refusing.cut
            name = "CUT" if cut else session.explain(status).name
            for plan in plans:
                ledger.refuse(plan.phone, plan.digest, name)
            if not cut:
                self._answer(stream, event.sequence, "", status, answer_s)
            return not cut

        numbers = gateway.new_numbers(event.sequence, phones)
        for plan, number in zip(plans, numbers, strict=True):
            self._accepted(client, plan, number)
        message_id = gateway.answer_id(numbers[0], self.behaviour)
        silent = next((plan.fate for plan in plans if plan.fate.silent), None)
        if silent is None:
            if any(plan.fate.early for plan in plans):
                answer_s = max(answer_s, EARLY_LEAD_S)
            self._answer(stream, event.sequence, message_id, 0, answer_s)
        else:
            ledger.counters["silent"] += 1
            session.forgive(event.sequence)
            visit.keep_silent(event.sequence, Silence(silent.attempts, message_id, plans[0].digest))
        return True

    def _repeated(
        self,
        stream: AnyStream,
        visit: Visit,
        event: SubmitRequested,
        submissions: list[Submission],
    ) -> bool:
        """The same submit with the same number again: the message is here, its answer was lost."""
        silence = visit.silent[event.sequence]
        first = submissions[0]
        if silence.digest != _digest(first):
            del visit.silent[event.sequence]  # the numbers have come round
            return False
        self.ledger.counters["repeated"] += 1
        silence.times += 1
        if silence.attempts and silence.times >= silence.attempts:
            self._answer(stream, event.sequence, silence.message_id, 0, 0.0)
        else:
            stream.session.forgive(event.sequence)
        return True

    def _plan_for(self, client: Client, submission: Submission) -> Plan:
        """What becomes of one message."""
        phone, digest = plain(submission.phone), _digest(submission)
        attempt = self.ledger.attempts(phone, digest)
        fate, answer_s, receipt_s = decide(self.behaviour, self.seed, phone, digest, attempt)
        return Plan(submission, phone, digest, fate, answer_s, receipt_s)

    def _accepted(self, client: Client, plan: Plan, number: int) -> None:
        """Count a message that is taken, join it with its other parts, plan its receipts."""
        ledger, submission, fate = self.ledger, plan.submission, plan.fate
        ledger.counters["parts"] += 1
        part, digest = submission.part, plan.digest
        parts = [(submission.data, fate)]
        if part is not None and part.total > 1:
            ledger.take_part(plan.phone, digest)
            place = client.key, submission.access_number, plan.phone
            parts = self._joiner.add(place, part, (submission.data, fate)) or []
            salt = _salt(submission)
            digest = zlib.crc32(b"".join(data for data, _ in parts), salt)
        message = self._keep(client, plan, parts, digest, number) if parts else None
        shown = next((f for _, f in parts if f.stat != "DELIVRD"), fate)
        self._promise(client, plan, number, message, shown)

    def _too_much(self, client: Client, now: float, phones: int) -> Code | None:
        """Why nothing more is taken just now. It is no part of a message's fate."""
        if self._waiting >= (self.behaviour.queue_max or WAITING_MAX):
            return Code.RMSGQFUL
        rate = self.behaviour.throttle_per_s
        return Code.RTHROTTLED if rate and client.throttles(rate, now, phones) else None

    def _answer(
        self, stream: AnyStream, sequence: int, message_id: str, status: int, after_s: float
    ) -> None:
        if after_s <= 0:
            stream.session.answer_submit(sequence, message_id, status)
        else:
            self._wheel.at(after_s, self._answer_now, stream, sequence, message_id, status)

    def _answer_now(self, stream: AnyStream, sequence: int, message_id: str, status: int) -> None:
        if stream.session.state in (State.BOUND, State.UNBINDING):
            stream.session.answer_submit(sequence, message_id, status)
            stream.flush_soon()

    def _keep(
        self,
        client: Client,
        plan: Plan,
        parts: list[tuple[bytes, Fate]],
        digest: int,
        number: int,
    ) -> Message:
        submission, alphabet = plan.submission, plan.submission.alphabet
        message = Message(
            at=time.time(),
            phone=plan.phone,
            access_number=submission.access_number,
            text="".join([text_of(data, alphabet) for data, _ in parts]),
            parts=len(parts),
            account=client.account.name,
            protocol=client.gateway.name,
            wire_phone=submission.phone,
            message_id=client.gateway.answer_id(number, self.behaviour),
            duplicate=self.ledger.take_message(plan.phone, digest),
        )
        self.ledger.keep(message)
        return message

    # Receipts -----------------------------------------------------------------------------------

    def _promise(
        self,
        client: Client,
        plan: Plan,
        number: int,
        message: Message | None,
        shown: Fate,
    ) -> None:
        """Plan the receipts of an accepted part."""
        fate, after_s = plan.fate, 0.0 if plan.fate.early else plan.receipt_s
        wanted = plan.submission.wanted
        failed = outcome_of(fate.stat) is not Outcome.DELIVERED
        if wanted is Wanted.NEVER or (wanted is Wanted.FAILURE and not failed):
            self.ledger.counters["receipts_not_wanted"] += 1
            _show(message, shown)
            return
        if not fate.receipts:
            self.ledger.counters["receipts_lost"] += 1
            _show(message, shown)
            return
        self.ledger.outcomes[fate.stat] += 1
        back, now = plan.submission.back, self._minute()
        due = Due(client, back, number, fate.stat, fate.error, now, message, shown, fate.reply)
        if fate.news:
            self._plan(after_s / 2, Due(client, back, number, fate.news, "000", now))
        if fate.early:
            self._waiting += 1
            self._leaving.append(due)
            self._send_due()
        else:
            self._plan(after_s, due)
        for again in range(1, fate.receipts):
            double = Due(client, back, number, fate.stat, fate.error, now)
            self._plan(after_s + DOUBLE_AFTER_S * again, double)

    def _plan(self, after_s: float, due: Due) -> None:
        self._waiting += 1
        self._wheel.at(after_s, self._leaving_add, due)

    def _leaving_add(self, due: Due) -> None:
        self._leaving.append(due)

    def _send_due(self) -> None:
        """Send the receipts that fell due together."""
        leaving, self._leaving = self._leaving, []
        if not leaving:
            return
        if self.behaviour.shuffle:
            self._random.shuffle(leaving)
        self._waiting -= len(leaving)
        now = self._minute()
        for due in leaving:
            report = Report(due.number, due.stat, due.error, due.submitted, now)
            letter = due.client.gateway.receipt(due.back, report, self.behaviour)
            due.client.queue.append(Parcel(letter))
            if due.shown is not None:
                _show(due.message, due.shown)
            if due.reply and due.message is not None:
                to = due.message
                self._wheel.at(REPLY_AFTER_S, self.reply, to.phone, due.reply, to.access_number)
        for client in {due.client.key: due.client for due in leaving}.values():
            client.pump()

    def _minute(self) -> str:
        """Beijing's `YYMMDDhhmm`, made once a second."""
        second = int(time.time())
        if self._clock[0] != second:
            moment = datetime.fromtimestamp(second, UTC).astimezone(BEIJING)
            self._clock = second, moment.strftime("%y%m%d%H%M")
        return self._clock[1]


def _salt(submission: Submission) -> int:
    return zlib.crc32(submission.access_number.encode())


def _digest(submission: Submission) -> int:
    """A number for whom a message is from and for its bytes."""
    return zlib.crc32(submission.data, _salt(submission))


def _show(message: Message | None, fate: Fate) -> None:
    """Let the inbox say what became of a message."""
    if message is not None:
        message.stat, message.error = fate.stat, fate.error
