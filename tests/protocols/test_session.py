"""What all protocols share: states, window, deadlines, keep-alive, frames cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.protocols.smpp.talk import LIMITS, PHONE, TEMPLATE, Talk
from yunxin.protocols.errors import LocalProtocolError, WindowFull
from yunxin.protocols.events import (
    Closed,
    CloseReason,
    EnquireAnswered,
    Event,
    Login,
    PeerMistake,
    Resent,
    SubmitAnswered,
    SubmitRequested,
    Unanswered,
    Unbound,
)
from yunxin.protocols.session import LATE_MAX, TRANSITIONS, Limits, Side, State, Step
from yunxin.protocols.smpp.session import SmppSession


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", Step)
def test_a_step_outside_the_table_is_our_own_mistake(state: State, step: Step) -> None:
    session = SmppSession(Side.CLIENT)
    session.state = state
    if (state, step) in TRANSITIONS:
        session._step(step)
        assert session.state is TRANSITIONS[state, step]
    else:
        with pytest.raises(LocalProtocolError):
            session._step(step)


def test_every_state_can_end_and_nothing_leads_out_of_the_end() -> None:
    assert all(TRANSITIONS[state, Step.END] is State.CLOSED for state in State)
    out = {step for (state, step) in TRANSITIONS if state is State.CLOSED}
    assert out == {Step.END}


# Window -----------------------------------------------------------------------------------------


def test_the_window_is_never_exceeded() -> None:
    talk = Talk().bind()
    for left in (4, 3, 2, 1):
        assert talk.client.free == left
        talk.submit()
    assert talk.client.free == 0
    with pytest.raises(WindowFull):
        talk.submit()


def test_nothing_is_free_before_the_bind() -> None:
    assert SmppSession(Side.CLIENT).free == 0


class WindowMachine(RuleBasedStateMachine):
    """Submits, answers, silence and time in any order: the books always agree."""

    def __init__(self) -> None:
        super().__init__()
        self.talk = Talk().bind()
        self.now = 0.0
        self.sent = 0
        self.open: dict[int, int] = {}
        self.done: list[int] = []

    @precondition(lambda self: self.talk.client.free)
    @rule()
    def submit(self) -> None:
        self.open[self.talk.submit(self.sent, self.now)] = self.sent
        self.sent += 1

    @precondition(lambda self: self.open)
    @rule(data=st.data(), status=st.sampled_from([0, 0x14, 0x58]))
    def answer(self, data: st.DataObject, status: int) -> None:
        sequence = data.draw(st.sampled_from(list(self.open)))
        self.talk.server.answer_submit(sequence, "id", status)
        self.take(self.talk.client.receive(self.talk.server.data_to_send(), self.now))
        assert sequence not in self.open

    @rule(seconds=st.floats(0, 12))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.talk.client._heard = self.now  # this machine is not about keep-alive
        self.take(self.talk.client.tick(self.now))

    def take(self, events: list[Event]) -> None:
        for event in events:
            assert isinstance(event, SubmitAnswered | Unanswered)
            assert self.open.pop(event.sequence) == event.tag
            self.done.append(event.tag)

    @invariant()
    def the_books_agree(self) -> None:
        client = self.talk.client
        assert client.in_flight == len(self.open) == LIMITS.window - client.free
        assert dict(client.flights()) == self.open
        assert len(self.done) == len(set(self.done)) == self.sent - len(self.open)


TestWindow = WindowMachine.TestCase


# Time -------------------------------------------------------------------------------------------


def test_an_answer_that_does_not_come_is_told_once() -> None:
    talk = Talk().bind()
    first = talk.submit("a", now=1.0)
    second = talk.submit("b", now=2.0)
    assert talk.client.tick(10.9) == []
    assert talk.client.tick(11.0) == [Unanswered(first, "a", "No answer in time.")]
    assert talk.client.free == 3
    assert talk.client.tick(12.5) == [Unanswered(second, "b", "No answer in time.")]
    assert talk.client.tick(13.0) == []


def test_a_late_answer_still_brings_its_id() -> None:
    talk = Talk().bind()
    sequence = talk.submit("a")
    talk.client.tick(10.0)
    talk.server.answer_submit(sequence, "77")
    assert talk.client.receive(talk.server.data_to_send(), 11.0) == [
        SubmitAnswered(sequence, "a", "77", 0, late=True)
    ]
    talk.server.answer_submit(sequence, "77")
    (again,) = talk.client.receive(talk.server.data_to_send(), 11.0)
    assert isinstance(again, PeerMistake)


def test_what_was_given_up_is_remembered_within_bounds() -> None:
    talk = Talk(Limits(window=LATE_MAX + 10, response_timeout_s=1)).bind()
    for tag in range(LATE_MAX + 10):
        talk.submit(tag)
    assert len(talk.client.tick(1.0)) == LATE_MAX + 10
    assert len(talk.client._late) == LATE_MAX


PATIENT = Limits(window=4, response_timeout_s=10, enquire_after_s=1_000, attempts=3)


def test_a_request_is_sent_again_with_its_own_number_before_it_is_in_doubt() -> None:
    talk = Talk(PATIENT).bind()
    sequence = talk.submit("a", now=0.0)
    frame = talk.client.data_to_send()
    assert talk.client.tick(9.9) == []
    for attempt in (2, 3):
        now = 10.0 * (attempt - 1)
        assert talk.client.tick(now) == [Resent(sequence, "a", attempt)]
        assert talk.client.data_to_send() == frame
        assert talk.client.free == 3
        assert talk.client.tick(now) == []
    assert talk.client.tick(30.0) == [Unanswered(sequence, "a", "No answer in time.")]
    assert talk.client.data_to_send() == b""
    assert talk.client.free == 4


def test_an_answer_to_any_attempt_ends_the_attempts() -> None:
    talk = Talk(PATIENT).bind()
    sequence = talk.submit("a", now=0.0)
    younger = talk.submit("b", now=5.0)
    talk.client.tick(10.0)
    assert [number for number, _ in talk.client.flights()] == [younger, sequence]
    talk.server.answer_submit(sequence, "77")
    events = talk.client.receive(talk.server.data_to_send(), 12.0)
    assert events == [SubmitAnswered(sequence, "a", "77", 0)]
    assert talk.client.tick(15.0) == [Resent(younger, "b", 2)]
    assert talk.client.tick(24.9) == []


def test_a_keep_alive_is_sent_again_before_the_session_ends() -> None:
    limits = Limits(window=4, response_timeout_s=10, enquire_after_s=20, attempts=2)
    talk = Talk(limits).bind()
    talk.client.tick(20.0)
    question = talk.client.data_to_send()
    (again,) = talk.client.tick(30.0)
    assert isinstance(again, Resent)
    assert talk.client.data_to_send() == question
    (closed,) = talk.client.tick(40.0)
    assert isinstance(closed, Closed)
    assert closed.reason is CloseReason.SILENT


class Mute(SmppSession):
    """A protocol that has no question whether the peer lives."""

    keep_alive_command = 0


def test_without_a_keep_alive_a_quiet_session_says_good_bye() -> None:
    talk = Talk()
    talk.client = Mute(Side.CLIENT, LIMITS)
    talk.bind()
    sequence = talk.submit("a", now=0.0)
    talk.client.tick(9.0)
    assert talk.client.state is State.BOUND
    talk.pump(9.0)
    talk.server.answer_submit(sequence, "77")
    talk.pump(9.0)
    talk.client.tick(38.9)
    assert talk.client.state is State.BOUND
    talk.client.tick(39.0)
    talk.pump(39.0)
    assert talk.client.closed_event
    assert talk.client.closed_event.reason is CloseReason.UNBOUND


def test_silence_is_asked_about_and_an_answer_is_enough() -> None:
    talk = Talk().bind()
    assert talk.client.tick(29.0) == []
    assert talk.client.data_to_send() == b""
    talk.client.tick(30.0)
    talk.pump(30.5)
    assert talk.client_saw == [EnquireAnswered(0.5)]
    talk.client.tick(60.0)
    assert talk.client.data_to_send() == b""
    talk.client.tick(60.5)
    talk.client.tick(61.0)
    assert len(talk.client.data_to_send()) == 16  # asked once, not at every tick


def test_both_sides_keep_alive() -> None:
    talk = Talk().bind()
    talk.server.tick(30.0)
    talk.pump(30.0)
    assert talk.server_saw == [EnquireAnswered(0.0)]


def test_a_silent_peer_ends_the_session_and_names_what_was_in_flight() -> None:
    talk = Talk(Limits(window=4, response_timeout_s=10, enquire_after_s=5)).bind()
    talk.client.tick(5.0)
    talk.submit("a", now=6.0)
    closed = Closed(CloseReason.SILENT, "The peer does not answer.", ("a",), (3,))
    assert talk.client.tick(15.0) == [closed]
    assert talk.client.closed_event == closed
    assert talk.client.tick(99.0) == []


def test_a_bind_that_stays_unanswered_ends_the_session() -> None:
    session = SmppSession(Side.CLIENT, LIMITS)
    session.bind(Login("demo", "secret"), 0.0)
    (closed,) = session.tick(10.0)
    assert isinstance(closed, Closed)
    assert closed.reason is CloseReason.SILENT


def test_a_client_that_does_not_log_in_is_sent_away() -> None:
    session = SmppSession(Side.SERVER, LIMITS)
    session.connected(100.0)
    assert session.tick(114.0) == []
    (closed,) = session.tick(115.0)
    assert isinstance(closed, Closed)
    assert closed.reason is CloseReason.NO_BIND


# The end ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_client", [True, False])
def test_either_side_may_say_good_bye(by_client: bool) -> None:
    talk = Talk().bind()
    (talk.client if by_client else talk.server).unbind(0.0)
    talk.pump()
    assert talk.client_saw[0] == Unbound(by_peer=not by_client)
    assert talk.server_saw[0] == Unbound(by_peer=by_client)
    for saw in (talk.client_saw, talk.server_saw):
        assert isinstance(saw[-1], Closed)
        assert saw[-1].reason is CloseReason.UNBOUND


def test_both_sides_may_say_good_bye_at_once() -> None:
    talk = Talk().bind()
    talk.client.unbind(0.0)
    talk.server.unbind(0.0)
    talk.pump()
    for saw in (talk.client_saw, talk.server_saw):
        assert [type(event) for event in saw] == [Unbound, Closed]


def test_answers_still_count_while_we_say_good_bye() -> None:
    talk = Talk().bind()
    sequence = talk.submit("a")
    talk.client.unbind(0.0)
    with pytest.raises(LocalProtocolError):
        talk.submit("b")
    talk.server.receive(talk.client.data_to_send()[:-16], 0.0)
    talk.server.answer_submit(sequence, "77")
    events = talk.client.receive(talk.server.data_to_send(), 0.0)
    assert events == [SubmitAnswered(sequence, "a", "77", 0)]


def test_a_lost_connection_names_what_was_in_flight_oldest_first() -> None:
    talk = Talk().bind()
    for tag in ("a", "b", "c"):
        talk.submit(tag)
    closed = Closed(CloseReason.LOST, "Reset.", ("a", "b", "c"), (2, 3, 4))
    assert talk.client.lost("Reset.") == [closed]
    assert talk.client.lost() == []
    assert talk.client.free == 0
    assert talk.client.receive(b"\0" * 50, 1.0) == []


def test_a_connection_closed_instead_of_an_unbind_answer_counts_as_unbound() -> None:
    talk = Talk().bind()
    talk.client.unbind(0.0)
    events = talk.client.lost()
    assert events[0] == Unbound(by_peer=False)
    assert isinstance(events[1], Closed)
    assert events[1].reason is CloseReason.UNBOUND


# Bytes ------------------------------------------------------------------------------------------


def server_events(pieces: list[bytes]) -> list[Event]:
    talk = Talk().bind()
    events: list[Event] = []
    for piece in pieces:
        events += talk.server.receive(piece, 0.0)
    return events


FRAMES = [TEMPLATE.encode(n, PHONE, b"\x6d\x4b" * n) for n in range(1, 4)]


def test_frames_may_be_cut_at_every_byte() -> None:
    stream = b"".join(FRAMES)
    whole = server_events([stream])
    assert [type(event) for event in whole] == [SubmitRequested] * 3
    for at in range(1, len(stream)):
        assert server_events([stream[:at], stream[at:]]) == whole


def test_frames_may_come_byte_by_byte() -> None:
    stream = b"".join(FRAMES)
    pieces = [stream[at : at + 1] for at in range(len(stream))]
    assert server_events(pieces) == server_events([stream])


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_random_bytes_never_raise(pieces: list[bytes]) -> None:
    for bound in (False, True):
        for side in ("client", "server"):
            talk = Talk().bind() if bound else Talk()
            session = talk.client if side == "client" else talk.server
            for piece in pieces:
                session.receive(piece, 0.0)
            session.tick(1.0)
            session.lost()
            assert session.ended


@pytest.mark.parametrize("length", [0, 15, 70_001, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_session(length: int) -> None:
    talk = Talk().bind()
    (closed,) = talk.server.receive(length.to_bytes(4, "big") + bytes(12), 0.0)
    assert isinstance(closed, Closed)
    assert closed.reason is CloseReason.BROKEN
    talk.pump()
    (mistake,) = talk.client_saw
    assert isinstance(mistake, PeerMistake)
    assert mistake.status == 2  # RINVCMDLEN, in a generic_nack


def test_sequence_numbers_wrap_around() -> None:
    talk = Talk().bind()
    talk.client._sequence = talk.client.sequence_max - 1
    assert [talk.submit() for _ in range(3)] == [0x7FFFFFFF, 1, 2]
