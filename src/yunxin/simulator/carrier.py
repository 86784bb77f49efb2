"""The simulated carrier: an SMPP server that takes messages and sends receipts and replies.

The session is `protocols/smpp`'s own, in the server's role. `behaviour` decides, `ledger` counts,
`clients` deliver, `wheel` waits, `wire` makes the bytes. Any number of sessions may be bound to an
account, as transceivers or as pairs of transmitter and receiver.
"""

import asyncio
import random
import time
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Self

import msgspec
import structlog

from yunxin.protocols.events import (
    BindRequested,
    Closed,
    DeliverAnswered,
    Event,
    PeerMistake,
    Requested,
    SubmitRequested,
    Unanswered,
)
from yunxin.protocols.receipt import Outcome, outcome_of
from yunxin.protocols.session import Limits, Side, State
from yunxin.protocols.smpp import receipts
from yunxin.protocols.smpp.pdus import GenericNack, Pdu, QuerySm, QuerySmResp, SubmitSm
from yunxin.protocols.smpp.precut import alphabet_of
from yunxin.protocols.smpp.session import SmppSession, split
from yunxin.protocols.smpp.status import Code, explain
from yunxin.protocols.stream import serve
from yunxin.simulator import wire
from yunxin.simulator.behaviour import Behaviour, Fate, decide
from yunxin.simulator.clients import Account, Client, Parcel, SmppStream
from yunxin.simulator.joining import Joiner
from yunxin.simulator.ledger import Ledger, Message
from yunxin.simulator.wheel import Wheel

log = structlog.get_logger()

NAME = "SIMULATOR"
BEIJING = timezone(timedelta(hours=8))
WAITING_MAX = 500_000  # receipts under way, about 300 MB; beyond, submits are answered RMSGQFUL
EARLY_LEAD_S = 0.05  # how long before its answer an early receipt leaves
DOUBLE_AFTER_S = 0.1  # between the first receipt and its double
REPLY_AFTER_S = 0.05  # between a receipt and what the phone replies
WINDOW = 1_000  # deliveries that an account may leave unacknowledged on one session
OWED_MAX = 200_000  # answers that may be delayed on one session
FAREWELL_S = 2.0
NO_RECEIPT, FAILURES_ONLY = 0, 2  # SMPP v3.4 §5.2.17, bits 1–0 of registered_delivery


class ReplyImpossible(ValueError):
    """There is nobody to reply to: name an access number, or let a message come first."""


class Visit:
    """What the carrier keeps with one connection; `client` is None until it is bound."""

    __slots__ = ("client", "submits")

    def __init__(self) -> None:
        self.client: Client | None = None
        self.submits = 0


class Due(msgspec.Struct, frozen=True):
    """A receipt to come; `shown` is what the inbox then says of the message."""

    client: Client
    head: bytes
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
        port: 0 takes any free one; see `port` afterwards.
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
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.seed = seed
        self.host = host
        self.port = port
        self.ledger = Ledger()
        self._accounts = tuple(accounts)
        self._clients: dict[str, Client] = {}
        self._limits = Limits(window=window, enquire_after_s=60.0, owed_max=OWED_MAX)
        self._joiner: Joiner[tuple[bytes, Fate]] = Joiner()
        self._number = int(time.time() * 1000) * 1_000_000  # never the same after a restart
        self._random = random.Random(seed)
        self._waiting = 0
        self._leaving: list[Due] = []
        self._clock = (0, "")

    async def __aenter__(self) -> Self:
        self._wheel = Wheel(self._send_due)
        counters = self.ledger.counters
        self._clients = {
            account.name: Client(account, counters, self._wheel) for account in self._accounts
        }
        self._server = await serve(
            lambda: SmppSession(Side.SERVER, self._limits), self._take, self.host, self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        self._wheel.stop()
        await asyncio.gather(*(stream.close(FAREWELL_S) for stream in self._streams()))
        await self._server.wait_closed()

    def _streams(self) -> list[SmppStream]:
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
        client = self._clients[last.account] if last else next(iter(self._clients.values()))
        on_the_wire = last.wire_phone if last else phone
        reference = self._random.randrange(256)
        bodies = wire.inbound_bodies(on_the_wire, access_number, text, reference)
        client.queue.extend(Parcel(body, inbound=True) for body in bodies)
        message = Message(
            at=time.time(),
            phone=phone,
            access_number=access_number,
            text=text,
            from_phone=True,
            parts=len(bodies),
            account=client.account.name,
            wire_phone=on_the_wire,
        )
        self.ledger.keep(message)
        client.pump()
        return message

    def _last_to(self, phone: str, access_number: str) -> Message | None:
        for message in reversed(self.ledger.thread(phone)):
            if not message.from_phone and access_number in ("", message.access_number):
                return message
        return None

    # What connections tell ----------------------------------------------------------------------

    def _take(self, stream: SmppStream, events: list[Event]) -> None:
        """One batch of events of one connection."""
        visit: Visit = stream.data or Visit()
        stream.data = visit
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

    def _other(self, stream: SmppStream, visit: Visit, event: Event) -> None:
        match event:
            case BindRequested():
                self._bind(stream, visit, event)
            case Requested(pdu=pdu):
                stream.session.respond(self._respond(pdu))
            case Unanswered(tag=Parcel() as parcel) if visit.client:
                visit.client.again(parcel)
            case PeerMistake(why=why):
                self.ledger.counters["mistakes"] += 1
                log.info("peer_mistake", why=why, peer=stream.peer_address)
            case Closed(unanswered=unanswered) if visit.client:
                visit.client.leave(stream, unanswered)
            case _:
                pass

    def _bind(self, stream: SmppStream, visit: Visit, event: BindRequested) -> None:
        login = event.login
        client = self._clients.get(login.name)
        if client is None or not login.matches(client.account.password):
            self.ledger.counters["binds_refused"] += 1
            stream.session.refuse_bind(Code.RINVPASWD if client else Code.RINVSYSID)
            return
        self.ledger.counters["binds"] += 1
        stream.session.accept_bind(NAME, client.account.password)
        visit.client = client
        client.join(stream)
        if self.behaviour.disconnect_every_s:
            self._wheel.at(self.behaviour.disconnect_every_s, stream.abort)

    def _respond(self, pdu: Pdu) -> Pdu:
        """query_sm is answered from what is kept; the rest is not on offer, as with many."""
        if not isinstance(pdu, QuerySm):
            return GenericNack(sequence=pdu.sequence, status=Code.RINVCMDID)
        message = self.ledger.find(pdu.message_id)
        if message is None:
            return QuerySmResp(sequence=pdu.sequence, status=Code.RQUERYFAIL)
        state = receipts.STATE_NUMBERS.get(message.stat or "ENROUTE")
        return QuerySmResp(
            sequence=pdu.sequence,
            message_id=pdu.message_id,
            message_state=state or receipts.STATE_NUMBERS["UNDELIV"],
        )

    # Submits ------------------------------------------------------------------------------------

    def _submitted(self, stream: SmppStream, visit: Visit, event: SubmitRequested) -> bool:
        """Decide about one submit and act; False when the connection is to be cut."""
        client, ledger = visit.client, self.ledger
        assert client is not None  # the session lets nobody submit who is not bound
        pdu: SubmitSm = event.pdu
        ledger.counters["submits"] += 1
        visit.submits += 1
        every = self.behaviour.disconnect_every_messages
        if every and visit.submits > every:
            return False
        if status := self._too_much(client, stream.now):
            ledger.refused[status.name] += 1
            stream.session.answer_submit(event.sequence, "", status)
            return True

        phone = wire.plain(pdu.destination_addr)
        part, data = split(pdu)
        salt = zlib.crc32(pdu.source_addr.encode())
        digest = zlib.crc32(data, salt)
        attempt = ledger.attempts(phone, digest)
        fate, answer_s, receipt_s = decide(self.behaviour, self.seed, phone, digest, attempt)
        if fate.cut or fate.status:
            ledger.refuse(phone, digest, "CUT" if fate.cut else explain(fate.status).name)
            self._answer(stream, event.sequence, "", fate.status, answer_s)
            return not fate.cut

        self._number += 1
        message_id = wire.written(self._number, self.behaviour.answer_id)
        ledger.counters["parts"] += 1
        parts = [(data, fate)]
        if part is not None and part.total > 1:
            ledger.take_part(phone, digest)
            place = client.account.name, pdu.source_addr, phone
            parts = self._joiner.add(place, part, (data, fate)) or []
            digest = zlib.crc32(b"".join(data for data, _ in parts), salt)
        message = self._keep(client, pdu, phone, parts, digest, message_id) if parts else None
        if fate.early:
            answer_s, receipt_s = max(answer_s, EARLY_LEAD_S), 0.0
        shown = next((f for _, f in parts if f.stat != "DELIVRD"), fate)
        self._promise(client, pdu, fate, receipt_s, message, shown)
        if fate.silent:
            ledger.counters["silent"] += 1
            stream.session.forgive(event.sequence)
        else:
            self._answer(stream, event.sequence, message_id, 0, answer_s)
        return True

    def _too_much(self, client: Client, now: float) -> Code | None:
        """Why nothing more is taken just now. It is no part of a message's fate."""
        if self._waiting >= (self.behaviour.queue_max or WAITING_MAX):
            return Code.RMSGQFUL
        rate = self.behaviour.throttle_per_s
        return Code.RTHROTTLED if rate and client.throttles(rate, now) else None

    def _answer(
        self, stream: SmppStream, sequence: int, message_id: str, status: int, after_s: float
    ) -> None:
        if after_s <= 0:
            stream.session.answer_submit(sequence, message_id, status)
        else:
            self._wheel.at(after_s, self._answer_now, stream, sequence, message_id, status)

    def _answer_now(self, stream: SmppStream, sequence: int, message_id: str, status: int) -> None:
        if stream.session.state in (State.BOUND, State.UNBINDING):
            stream.session.answer_submit(sequence, message_id, status)
            stream.flush_soon()

    def _keep(
        self,
        client: Client,
        pdu: SubmitSm,
        phone: str,
        parts: list[tuple[bytes, Fate]],
        digest: int,
        message_id: str,
    ) -> Message:
        alphabet = alphabet_of(pdu.data_coding)
        message = Message(
            at=time.time(),
            phone=phone,
            access_number=pdu.source_addr,
            text="".join([wire.text_of(data, alphabet) for data, _ in parts]),
            parts=len(parts),
            account=client.account.name,
            wire_phone=pdu.destination_addr,
            message_id=message_id,
            duplicate=self.ledger.take_message(phone, digest),
        )
        self.ledger.keep(message)
        return message

    # Receipts -----------------------------------------------------------------------------------

    def _promise(
        self,
        client: Client,
        pdu: SubmitSm,
        fate: Fate,
        after_s: float,
        message: Message | None,
        shown: Fate,
    ) -> None:
        """Plan the receipts of an accepted part."""
        wanted = pdu.registered_delivery & 3
        failed = outcome_of(fate.stat) is not Outcome.DELIVERED
        if wanted == NO_RECEIPT or (wanted == FAILURES_ONLY and not failed):
            self.ledger.counters["receipts_not_wanted"] += 1
            _show(message, shown)
            return
        if not fate.receipts:
            self.ledger.counters["receipts_lost"] += 1
            _show(message, shown)
            return
        self.ledger.outcomes[fate.stat] += 1
        head, now = wire.turned(pdu), self._minute()
        due = Due(
            client, head, self._number, fate.stat, fate.error, now, message, shown, fate.reply
        )
        if fate.news:
            self._plan(after_s / 2, Due(client, head, self._number, fate.news, "000", now))
        if fate.early:
            self._waiting += 1
            self._leaving.append(due)
            self._send_due()
        else:
            self._plan(after_s, due)
        for again in range(1, fate.receipts):
            double = Due(client, head, self._number, fate.stat, fate.error, now)
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
        now, form = self._minute(), self.behaviour.receipt_id
        for due in leaving:
            body = wire.receipt_body(
                due.head,
                wire.written(due.number, form),
                stat=due.stat,
                error=due.error,
                submitted=due.submitted,
                done=now,
                fields=self.behaviour.receipt_fields,
            )
            due.client.queue.append(Parcel(body))
            if due.shown is not None:
                _show(due.message, due.shown)
            if due.reply and due.message is not None:
                to = due.message
                self._wheel.at(REPLY_AFTER_S, self.reply, to.phone, due.reply, to.access_number)
        for client in {due.client.account.name: due.client for due in leaving}.values():
            client.pump()

    def _minute(self) -> str:
        """Beijing's `YYMMDDhhmm`, made once a second."""
        second = int(time.time())
        if self._clock[0] != second:
            moment = datetime.fromtimestamp(second, UTC).astimezone(BEIJING)
            self._clock = second, moment.strftime("%y%m%d%H%M")
        return self._clock[1]


def _show(message: Message | None, fate: Fate) -> None:
    """Let the inbox say what became of a message."""
    if message is not None:
        message.stat, message.error = fate.stat, fate.error
