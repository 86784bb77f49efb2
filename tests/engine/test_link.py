"""One link against a message centre whose every answer the test writes; no database.

What a link does in good company is shown by test_sending.py and test_protocols.py.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Container
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.engine import sending
from yunxin.engine import link as links
from yunxin.engine import outcomes
from yunxin.engine.accounts.base import PhoneNews
from yunxin.engine.accounts.choose import Accounts
from yunxin.engine.channel import Channel
from yunxin.engine.link import Link
from yunxin.engine.outcomes import Verdict
from yunxin.engine.outgoing import Outgoing
from yunxin.protocols.events import (
    BindRequested,
    Closed,
    Event,
    InboundArrived,
    ReceiptArrived,
    SubmitRequested,
)
from yunxin.protocols.session import Limits, Session, Side
from yunxin.protocols.smpp.pdus import DeliverSm
from yunxin.protocols.smpp.receipts import DELIVERY_RECEIPT, build
from yunxin.protocols.smpp.session import SmppSession, body_of
from yunxin.protocols.smpp.status import Code
from yunxin.protocols.stream import Stream, serve
from yunxin.vocabulary import (
    BreakerState,
    CarrierProtocol,
    InDoubtPolicy,
    LinkState,
    MessageEventKind,
    Priority,
)

LONG = "云" * 150  # three parts


async def until(true: Callable[[], object], within_s: float = 10) -> None:
    """Nothing here takes long."""
    await sending.until(true, within_s)


Answer = Callable[["Centre", Stream[Session], SubmitRequested], None]


def takes(centre: "Centre", stream: Stream[Session], event: SubmitRequested) -> None:
    """Every message gets the number of its submit for an id."""
    stream.session.answer_submit(event.sequence, str(event.sequence))


class Centre:
    """A message centre that does with each submit what it is told to."""

    def __init__(self, answer: Answer = takes) -> None:
        self.answer = answer
        self.got: list[Any] = []
        self.streams: list[Stream[Session]] = []
        self.acknowledged: list[Event] = []
        self.port = 0

    def take(self, stream: Stream[Session], events: list[Event]) -> None:
        for event in events:
            match event:
                case BindRequested():
                    stream.session.accept_bind("centre")
                    self.streams.append(stream)
                case SubmitRequested():
                    self.got.append(event.pdu)
                    self.answer(self, stream, event)
                case Closed():
                    self.streams = [other for other in self.streams if other is not stream]
                case _:
                    self.acknowledged.append(event)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        server = await serve(
            lambda: SmppSession(Side.SERVER, Limits(window=100)), self.take, "127.0.0.1", 0
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for stream in self.streams:
                stream.abort()
            await server.wait_closed()

    def tell(self, text: bytes, esm_class: int = DELIVERY_RECEIPT) -> None:
        """Deliver on the first session."""
        stream = self.streams[0]
        pdu = DeliverSm(
            source_addr="8613800138000", destination_addr="1069", short_message=text,
            esm_class=esm_class,
        )  # fmt: skip
        stream.session.deliver(body_of(pdu), tag="told", now=stream.touch())
        stream.flush()


class Notes:
    """A desk that keeps what it is told, and stores it at once."""

    def __init__(self, policy: InDoubtPolicy = InDoubtPolicy.RESEND) -> None:
        self.verdicts: list[tuple[Outgoing, Verdict]] = []
        self.receipts: list[tuple[str, ReceiptArrived]] = []
        self.late_ids: list[tuple[Outgoing, int, str]] = []
        self.changes = 0
        self.storing = True
        self.others = False  # whether another channel could carry what this one refuses
        self._policy = policy

    def judged(self, message: Outgoing, verdict: Verdict) -> None:
        self.verdicts.append((message, verdict))
        if self.storing and message.link is not None:
            message.link.release(message)

    def late_id(self, link: Link, message: Outgoing, index: int, key: str) -> None:
        self.late_ids.append((message, index, key))

    def receipt(self, stream: Any, link: Link, event: ReceiptArrived, key: str) -> None:
        self.receipts.append((key, event))

    def inbound(self, stream: Any, link: Link, event: InboundArrived) -> None:
        raise AssertionError("no phone writes here")

    def news(self, stream: Any, link: Link, sequence: int, news: PhoneNews) -> None:
        raise AssertionError("SMPP has none")

    def policy(self, message: Outgoing) -> InDoubtPolicy:
        return self._policy

    def another(self, message: Outgoing, refused_by: Container[int]) -> bool:
        assert 1 in refused_by
        return self.others

    def decision(self, code: str, protocol: str) -> None:
        return None

    def line_changed(self) -> None:
        self.changes += 1


def message(number: int = 1, text: str = "您好", **values: Any) -> Outgoing:
    defaults: dict[str, Any] = {
        "priority": int(Priority.NOTICE), "carrier": "mobile", "traffic": "notice",
        "phone": f"138{number:08}", "text": text, "segments": 1, "extension": "", "attempt": 0,
        "refused_by": (), "group": (1, date.today(), "text", "api", 0, 1, 1, "mobile", 1),
    }  # fmt: skip
    return Outgoing(1, number, **(defaults | values))


@asynccontextmanager
async def linked(
    centre: Centre, notes: Notes | None = None, **values: Any
) -> AsyncIterator[tuple[Link, Notes]]:
    """A link that is bound to the centre."""
    notes = notes or Notes()
    async with centre.open():
        row: dict[str, Any] = {
            "id": 1, "name": "one", "host": "127.0.0.1", "port": centre.port, "rate_per_s": 0,
            "system_id": "yunxin", "protocol": CarrierProtocol.SMPP, "answer_timeout_s": 5,
        }  # fmt: skip
        made = Accounts("for tests " * 5).account_of(Channel(**(row | values)), "secret")
        link = Link(made, notes)
        running = asyncio.create_task(link.run())
        await until(lambda: link.sessions_bound == len(made.modes))
        try:
            yield link, notes
        finally:
            link.kill()
            await asyncio.wait({running}, timeout=10)


def verdict(notes: Notes) -> Verdict:
    ((_, only),) = notes.verdicts
    return only


# Answers ----------------------------------------------------------------------------------------


async def test_an_answer_without_an_id_is_still_an_answer() -> None:
    async with linked(Centre(lambda _, s, e: s.session.answer_submit(e.sequence, ""))) as (
        link,
        notes,
    ):
        link.take([message()])
        await until(lambda: notes.verdicts)
    ((sent, word),) = notes.verdicts
    assert word is outcomes.SENT and sent.ids == [links.NO_ID]
    assert link.outstanding == 0


async def test_an_answer_after_its_time_is_counted_and_judges_nothing() -> None:
    late: list[Callable[[], None]] = []

    def slow(_: Centre, stream: Stream[Session], event: SubmitRequested) -> None:
        late.append(lambda: stream.session.answer_submit(event.sequence, "1") or stream.flush())

    async with linked(Centre(slow), answer_timeout_s=0.2) as (link, notes):
        link.take([message()])
        await until(lambda: notes.verdicts)
        late[0]()
        await until(lambda: link.late == 1)
        assert notes.verdicts[0][0].ids == [""], "it is judged already"
        assert notes.late_ids == [(notes.verdicts[0][0], 0, "1")], "its receipt will be looked for"
    unanswered = (MessageEventKind.UNANSWERED, MessageEventKind.IN_DOUBT)
    assert verdict(notes).events == (*unanswered, MessageEventKind.SENT_AGAIN)


async def test_what_does_not_fit_the_protocol_is_unsendable_and_harms_nobody() -> None:
    centre = Centre()
    async with linked(centre) as (link, notes):
        link.take([message(1, phone="1" * 30), message(2)])
        await until(lambda: len(notes.verdicts) == 2)
    assert {m.message_id: v for m, v in notes.verdicts} == {
        1: outcomes.UNSENDABLE,
        2: outcomes.SENT,
    }
    assert len(centre.got) == 1 and link.last_error


async def test_one_part_that_comes_too_fast_is_sent_again_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "PART_REPEAT_AFTER_S", 0.05)

    def once(centre: Centre, stream: Stream[Session], event: SubmitRequested) -> None:
        busy = len(centre.got) == 2
        status = Code.RTHROTTLED if busy else 0
        stream.session.answer_submit(event.sequence, "" if busy else str(event.sequence), status)

    centre = Centre(once)
    async with linked(centre) as (link, notes):
        link.take([message(text=LONG)])
        await until(lambda: notes.verdicts)
        assert link.throttled == 1 and link.breaker is BreakerState.CLOSED
        assert link.allowed_per_s > 0, "it goes slower now"
    ((sent, word),) = notes.verdicts
    assert word is outcomes.SENT and all(sent.ids) and sent.repeats == 1
    bodies = [pdu.short_message for pdu in centre.got]
    assert len(bodies) == 4 and bodies[3] == bodies[1]


async def test_a_part_is_not_sent_again_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "PART_REPEAT_AFTER_S", 0.001)
    monkeypatch.setattr(links, "PART_REPEATS_MAX", 3)

    def busy(centre: Centre, stream: Stream[Session], event: SubmitRequested) -> None:
        stream.session.answer_submit(event.sequence, "", Code.RSYSERR)

    centre = Centre(busy)
    async with linked(centre) as (link, notes):
        link.take([message(text=LONG)])
        await until(lambda: notes.verdicts)
    assert len(centre.got) == 3 + 3 * 3  # parts, and three times as many repeats
    assert verdict(notes).code == "RSYSERR" and verdict(notes).state is None


@pytest.mark.parametrize("refused", [2, 1])
async def test_a_text_of_which_a_part_is_out_is_tried_nowhere_else(refused: int) -> None:
    """One of three parts is refused, or all from the first on."""

    def refuse(centre: Centre, stream: Stream[Session], event: SubmitRequested) -> None:
        status = Code.RSUBMITFAIL if len(centre.got) >= refused else 0
        stream.session.answer_submit(event.sequence, "" if status else "1", status)

    notes = Notes()
    notes.others = True
    async with linked(Centre(refuse), notes) as (link, _):
        link.take([message(text=LONG)])
        await until(lambda: notes.verdicts)
    assert verdict(notes).state == ("failed" if refused == 2 else None)


async def test_what_is_in_doubt_is_not_sent_to_its_end() -> None:
    centre = Centre(lambda *_: None)
    async with linked(centre, answer_timeout_s=0.2, window=1) as (link, notes):
        link.take([message(text=LONG)])
        await until(lambda: notes.verdicts)
    assert len(centre.got) == 1
    assert MessageEventKind.IN_DOUBT in verdict(notes).events


@pytest.mark.parametrize(
    "words", [[Code.RSYSERR, Code.RINVDSTADR], [Code.RINVDSTADR, Code.RSYSERR]]
)
async def test_a_refusal_for_good_outweighs_one_for_now_and_a_doubt(words: list[Code]) -> None:

    def refuse(centre: Centre, stream: Stream[Session], event: SubmitRequested) -> None:
        if len(centre.got) <= len(words):
            stream.session.answer_submit(event.sequence, "", words[len(centre.got) - 1])

    async with linked(Centre(refuse), answer_timeout_s=0.3) as (link, notes):
        link.take([message(text=LONG)])
        link._stopping.set()  # nothing is sent again
        await until(lambda: notes.verdicts)
    assert (verdict(notes).state, verdict(notes).code) == ("failed", "RINVDSTADR")


# Room -------------------------------------------------------------------------------------------


async def test_a_twentieth_of_the_window_is_kept_for_codes() -> None:
    notes = Notes()
    notes.storing = False
    async with linked(Centre(), notes, window=40) as (link, _):
        assert link.room() == (40, 38)
        link.take([message(n) for n in range(39)])
        assert link.room() == (1, 0)
        await until(lambda: len(notes.verdicts) == 39)
        assert link.room() == (1, 0), "what is not stored takes its place"
        for sent, _word in notes.verdicts:
            link.release(sent)
        assert link.room() == (40, 38)


async def test_a_line_that_mostly_refuses_gets_nothing_and_then_one_that_tries() -> None:
    def refuse(centre: Centre, stream: Stream[Session], event: SubmitRequested) -> None:
        stream.session.answer_submit(event.sequence, "", Code.RSYSERR)

    centre = Centre(refuse)
    async with linked(centre, window=200) as (link, notes):
        link.take([message(n) for n in range(60)])
        await until(lambda: len(notes.verdicts) == 60)
        assert link.breaker is BreakerState.OPEN and link.room() == (0, 0)
        link._breaker._opened_at = -1_000.0
        assert link.breaker is BreakerState.HALF_OPEN and link.room() == (1, 1)
        centre.answer = takes
        link.take([message(99)])
        assert link.room() == (0, 0), "one tries, and no second beside it"
        await until(lambda: len(notes.verdicts) == 61)
        assert link.breaker is BreakerState.CLOSED


async def test_wrong_numbers_say_nothing_against_a_line() -> None:
    def refuse(centre: Centre, stream: Stream[Session], event: SubmitRequested) -> None:
        stream.session.answer_submit(event.sequence, "", Code.RINVDSTADR)

    async with linked(Centre(refuse), window=200) as (link, notes):
        link.take([message(n) for n in range(60)])
        await until(lambda: len(notes.verdicts) == 60)
        assert link.breaker is BreakerState.CLOSED


async def test_silence_speaks_against_a_line() -> None:
    async with linked(Centre(lambda *_: None), window=200, answer_timeout_s=0.2) as (link, notes):
        link.take([message(n) for n in range(60)])
        await until(lambda: len(notes.verdicts) == 60)
        assert link.breaker is BreakerState.OPEN


async def test_nobody_writes_faster_than_the_pace() -> None:
    async with linked(Centre(), rate_per_s=10) as (link, notes):
        link.take([message(n) for n in range(9)])
        assert link.submitted == 1
        link._pump()
        assert link.submitted == 1
        await until(lambda: len(notes.verdicts) == 9)
    assert {word for _, word in notes.verdicts} == {outcomes.SENT}


async def test_the_rest_of_a_text_that_a_lost_line_left_behind_makes_it_doubtful() -> None:
    centre = Centre()
    async with linked(centre, rate_per_s=2) as (link, notes):
        link.take([message(1, text=LONG), message(2)])
        await until(lambda: link.submitted == 1 and not centre.streams[0].session.owed)
        await asyncio.sleep(0.05)
        assert link._connections[0].stream is not None
        assert not list(link._connections[0].stream.session.flights()), "the part is answered"
        centre.streams[0].abort()
        await until(lambda: len(notes.verdicts) == 2)
    words = {sent.message_id: word for sent, word in notes.verdicts}
    assert words[2] is outcomes.UNSENT
    assert words[1].events == (MessageEventKind.IN_DOUBT, MessageEventKind.SENT_AGAIN)


async def test_the_session_with_most_room_is_written_to() -> None:
    by_stream: list[int] = []
    centre = Centre(lambda centre, stream, _: by_stream.append(centre.streams.index(stream)))
    async with linked(centre, sessions=2, window=4) as (link, _):
        link.take([message(n) for n in range(3)])
        link.take([message(9)])
        await until(lambda: len(by_stream) == 4)
    assert sorted(map(by_stream.count, (0, 1))) == [1, 3]


async def test_a_new_speed_holds_at_once() -> None:
    async with linked(Centre(), rate_per_s=300) as (link, _):
        link.change(link.channel.__class__(**_row(link.channel) | {"rate_per_s": 50}))
        assert link.allowed_per_s == 50


async def test_a_line_that_stops_takes_nothing_and_gives_back_what_was_not_written() -> None:
    centre = Centre(lambda *_: None)
    async with linked(centre, window=1, answer_timeout_s=1) as (link, notes):
        link.take([message(1), message(2)])
        await until(lambda: centre.got)
        link.stop()
        assert [(m.message_id, v) for m, v in notes.verdicts] == [(2, outcomes.UNSENT)]
        assert link.room() == (0, 0) and link.state is LinkState.STOPPED
        await until(lambda: len(notes.verdicts) == 2)
        assert MessageEventKind.IN_DOUBT in notes.verdicts[1][1].events


async def test_a_line_waits_for_its_answers_before_it_ends() -> None:
    answers: list[Callable[[], None]] = []

    def later(_: Centre, stream: Stream[Session], event: SubmitRequested) -> None:
        answers.append(lambda: stream.session.answer_submit(event.sequence, "1") or stream.flush())

    centre = Centre(later)
    async with linked(centre) as (link, notes):
        link.take([message()])
        await until(lambda: answers)
        link.stop()
        assert link.room() == (0, 0) and not link.takes
        await asyncio.sleep(0.1)
        assert link.sessions_bound == 1
        answers[0]()
        await until(lambda: link.sessions_bound == 0)
    assert verdict(notes) is outcomes.SENT


async def test_a_line_that_stops_does_not_wait_for_a_host_that_says_nothing() -> None:
    guests: list[asyncio.StreamWriter] = []
    host = await asyncio.start_server(lambda _, out: guests.append(out), "127.0.0.1", 0)
    channel = Channel(
        id=1, name="one", host="127.0.0.1", port=host.sockets[0].getsockname()[1],
        system_id="yunxin", answer_timeout_s=60,
    )  # fmt: skip
    link = Link(Accounts("for tests " * 5).account_of(channel, "secret"), Notes())
    running = asyncio.create_task(link.run())
    await until(lambda: guests)
    link.stop()
    done, _ = await asyncio.wait({running}, timeout=2)
    running.cancel()
    guests[0].close()
    host.close()
    assert done and link.last_error == ""


# Deliveries and connections ---------------------------------------------------------------------


def receipt(stat: str) -> bytes:
    return build("77", stat=stat, error="000", submitted="2611230800", done="2611230801")


async def test_news_on_the_way_is_acknowledged_and_only_the_last_word_is_stored() -> None:
    centre = Centre()
    async with linked(centre) as (_, notes):
        centre.tell(receipt("ACCEPTD"))
        await until(lambda: centre.acknowledged)
        assert notes.receipts == []
        centre.tell(receipt("DELIVRD"))
        await until(lambda: notes.receipts)
        await asyncio.sleep(0.05)
    ((key, _),) = notes.receipts
    assert key == "77" and len(centre.acknowledged) == 1, "who stores it acknowledges it"


async def test_a_line_that_worked_comes_back_soon_and_since_when_it_is_there_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun_anew: list[float] = []

    class Noted(links.Backoff):
        def reset(self) -> None:
            begun_anew.append(0)
            super().reset()

    monkeypatch.setattr(links, "Backoff", Noted)
    centre = Centre()
    async with linked(centre) as (link, notes):
        first = link.bound_at
        assert first is not None and first <= datetime.now(UTC)
        for number in range(3):
            link.take([message(number)])
            await until(lambda n=number: len(notes.verdicts) == n + 1)
            before = link.bound_at
            centre.streams[0].abort()
            await until(lambda: not link.bound, 5)
            assert link.state is LinkState.DOWN and link.last_error
            await until(lambda: link.bound, 2)
            assert link.bound_at is not None and before is not None and link.bound_at > before
        assert len(begun_anew) == 3
        centre.streams[0].abort()  # it did nothing since it was bound
        await until(lambda: not link.bound, 5)
        await until(lambda: link.bound, 5)
        assert len(begun_anew) == 3


async def test_one_of_two_connections_that_is_gone_gives_nothing_back() -> None:
    centre = Centre()
    async with linked(centre, sessions=2) as (link, notes):
        since = link.bound_at
        assert link.window == 200
        centre.streams[0].abort()
        await until(lambda: link.sessions_bound == 1)
        assert link.bound and link.window == 100
        link.take([message()])
        await until(lambda: notes.verdicts)
        await until(lambda: link.sessions_bound == 2, 5)
        assert link.bound_at == since, "the line was never away"
    assert verdict(notes) is outcomes.SENT


async def test_what_waits_stays_as_long_as_one_connection_is_left() -> None:
    centre = Centre(lambda *_: None)
    async with linked(centre, sessions=2, window=1) as (link, notes):
        link.take([message(n) for n in range(4)])
        await until(lambda: len(centre.got) == 2)
        centre.streams[0].abort()
        await until(lambda: notes.verdicts)
        assert len(notes.verdicts) == 1 and link.outstanding == 3


async def test_a_text_was_submitted_when_its_first_part_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter(range(1_000, 9_000))
    monkeypatch.setattr(links, "wall_clock_ms", lambda: next(clock))
    async with linked(Centre(), window=1) as (link, notes):
        link.take([message(text=LONG)])
        await until(lambda: notes.verdicts)
    assert notes.verdicts[0][0].written_ms == 1_000


async def test_a_long_complaint_fits_its_column() -> None:
    async with linked(Centre()) as (link, _):
        link._failed("x" * 1_000)
        assert len(link.last_error) == 300 and link.last_error_at is not None


async def test_trouble_with_the_port_is_told_once_and_forgotten_when_it_is_over() -> None:
    async with linked(Centre()) as (link, _):
        link._on_port("taken")
        told = link.last_error_at
        link._on_port("taken")
        assert (link.last_error, link.last_error_at) == ("taken", told)
        link._on_port("")
        assert (link.last_error, link.last_error_at) == ("", None)
        link._on_port("taken")
        link._failed("something else")
        link._on_port("")
        assert link.last_error == "something else"


def _row(channel: Channel) -> dict[str, Any]:
    return {name: getattr(channel, name) for name in channel.__slots__}
