"""What SGIP adds: two connections in opposite directions, ids of our own, no keep-alive."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.sgip.talk import LIMITS, PHONE, SP_NODE, TEMPLATE, Talk, gateway, provider
from tests.protocols.sgip.vectors import GO_SGIP, SP
from yunxin.protocols.concat import Part
from yunxin.protocols.errors import LocalProtocolError, WindowFull
from yunxin.protocols.events import (
    Alphabet,
    Answered,
    BindMode,
    BindRefused,
    BindRequested,
    Bound,
    Closed,
    CloseReason,
    DeliverAnswered,
    Event,
    InboundArrived,
    Login,
    PeerMistake,
    ReceiptArrived,
    Requested,
    Resent,
    SubmitAnswered,
    SubmitRequested,
    Unanswered,
    Unbound,
)
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.session import Side, State
from yunxin.protocols.sgip import pdus, receipts
from yunxin.protocols.sgip.numbers import message_id, take_apart
from yunxin.protocols.sgip.pdus import PDUS, decode, encode
from yunxin.protocols.sgip.session import TEST_PORT, SgipSession, body_of
from yunxin.protocols.sgip.status import Code
from yunxin.text import segments

TX, RX, TRX = BindMode.TRANSMITTER, BindMode.RECEIVER, BindMode.TRANSCEIVER
CLIENT, SERVER = Side.CLIENT, Side.SERVER

# Who may send what over which connection, by hand from the specification's chapters on them.
TABLE = [
    (pdus.Submit, CLIENT, {TX, TRX}),
    (pdus.Submit, SERVER, set()),
    (pdus.Trace, CLIENT, {TX, TRX}),
    (pdus.Trace, SERVER, set()),
    (pdus.Deliver, CLIENT, {RX, TRX}),
    (pdus.Deliver, SERVER, set()),
    (pdus.Report, CLIENT, {RX, TRX}),
    (pdus.Report, SERVER, set()),
    (pdus.UserRpt, CLIENT, {RX, TRX}),
    (pdus.UserRpt, SERVER, set()),
]


@pytest.mark.parametrize("mode", BindMode)
@pytest.mark.parametrize(
    ("cls", "sender", "allowed"), TABLE, ids=[f"{c.__name__}-{s}" for c, s, _ in TABLE]
)
def test_who_may_send_what(
    cls: type[pdus.Pdu], sender: Side, allowed: set[BindMode], mode: BindMode
) -> None:
    talk = Talk(mode).bind()
    ours, theirs = talk.client, talk.server
    if sender is SERVER:
        ours, theirs = theirs, ours
    if mode in allowed:
        ours.request(cls(), tag="t", now=0.0)
    else:
        with pytest.raises(LocalProtocolError):
            ours.request(cls(), tag="t", now=0.0)
    # The other side judges by the same table, whatever we think.
    events = theirs.receive(encode(cls(sequence=5)), 0.0)
    refused = [e for e in events if isinstance(e, PeerMistake)]
    assert bool(refused) is (mode not in allowed)
    if refused:
        answer = decode(theirs.data_to_send())
        assert (answer.sequence, answer.command_id) == (5, cls.command_id | 0x80000000)
        assert getattr(answer, "result", Code.ILLEGAL_LOGIN) == Code.ILLEGAL_LOGIN


@pytest.mark.parametrize("cls", [cls for cls in PDUS.values() if cls.command_id < 0x80000000])
def test_nothing_but_a_bind_is_taken_before_the_bind(cls: type[pdus.Pdu]) -> None:
    (event,) = gateway(SERVER).receive(encode(cls(sequence=5)), 0.0)
    assert isinstance(event, BindRequested if cls is pdus.Bind else PeerMistake)


# Bind -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "number"),
    [
        (Login("fakename", "1234", TX), 1),
        (Login("fakename", "1234", RX), 2),
        (Login("fakename", "1234", TRX), 3),
        (Login("fakename", "1234", TX, TEST_PORT), 11),
    ],
)
def test_a_bind_is_asked_for_and_given(login: Login, number: int) -> None:
    talk = Talk(login.mode)
    talk.client.bind(login, 0.0)
    frame = talk.client.data_to_send()
    assert decode(frame).login_type == number
    (requested,) = talk.server.receive(frame, 0.0)
    assert requested == BindRequested(decode(frame).sequence, login)
    assert requested.login.matches("1234")
    assert talk.server.accept_bind() == [Bound("fakename", login.mode)]
    talk.pump()
    assert talk.client_saw == [Bound("", login.mode)]
    assert talk.client.state is talk.server.state is State.BOUND


def test_our_bind_is_the_one_of_another_implementation() -> None:
    session = provider(CLIENT)
    session.bind(Login("fakename", "1234", TX), 0.0)
    assert session.data_to_send().hex() == GO_SGIP[0][0]


def test_a_refused_bind_ends_the_clients_session_but_not_the_servers() -> None:
    talk = Talk()
    talk.client.bind(Login("fakename", "wrong", TX), 0.0)
    talk.pump()
    talk.server.refuse_bind(Code.ILLEGAL_LOGIN)
    talk.pump()
    sentence = "The name or the password of the log-in is wrong."
    assert talk.client_saw == [
        BindRefused(1, "ILLEGAL_LOGIN", sentence),
        Closed(CloseReason.REFUSED, sentence, ()),
    ]
    assert talk.server.state is State.OPEN


def test_a_login_of_an_unknown_type_is_refused_in_sgips_words() -> None:
    server = gateway(SERVER)
    (mistake,) = server.receive(encode(pdus.Bind(sequence=SP, login_type=6)), 0.0)
    assert isinstance(mistake, PeerMistake)
    assert decode(server.data_to_send()) == pdus.BindResp(sequence=SP, result=Code.LOGIN_TYPE)
    assert server.state is State.OPEN


def test_a_second_bind_is_a_duplicate() -> None:
    talk = Talk().bind()
    with pytest.raises(LocalProtocolError):
        talk.client.bind(Login("fakename", "1234", TX), 0.0)
    (mistake,) = talk.server.receive(encode(pdus.Bind(sequence=SP)), 0.0)
    assert isinstance(mistake, PeerMistake)
    assert decode(talk.server.data_to_send()).result == Code.DUPLICATE_LOGIN
    assert talk.server.state is State.BOUND


# Submits ----------------------------------------------------------------------------------------


def test_a_message_is_handed_over_and_its_number_is_its_id() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    assert take_apart(sequence).node == SP_NODE
    talk.pump()
    (request,) = talk.server_saw
    assert isinstance(request, SubmitRequested)
    assert request.pdu == decode(TEMPLATE.encode(sequence, PHONE, b"\x6d\x4b"))
    talk.server.answer_submit(sequence, message_id(sequence))
    talk.pump()
    assert talk.client_saw == [SubmitAnswered(sequence, "tag", message_id(sequence), 0)]


def test_one_message_goes_to_many_phones() -> None:
    talk = Talk().bind()
    phones = [f"86138001380{n:02}" for n in range(100)]
    talk.client.submit(TEMPLATE, phones, b"hi", tag="tag", now=0.0)
    talk.pump()
    (request,) = talk.server_saw
    assert isinstance(request, SubmitRequested)
    assert request.pdu.user_numbers == tuple(phones)


@pytest.mark.parametrize("reserve", [True, False])
def test_a_refusal_may_come_without_its_reserve(reserve: bool) -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    frame = encode(pdus.SubmitResp(sequence=sequence, result=Code.NODE_BUSY))
    if not reserve:
        frame = (21).to_bytes(4, "big") + frame[4:21]
    assert talk.client.receive(frame, 0.0) == [SubmitAnswered(sequence, "tag", "", 11)]


def test_an_answer_without_result_leaves_the_message_in_doubt() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    frame = pdus.header(0, 0x80000003, sequence)
    assert talk.client.receive(frame, 0.0) == [
        Unanswered(sequence, "tag", "The answer is cut short.")
    ]
    assert talk.client.free == LIMITS.window


def test_what_is_not_answered_is_sent_again_with_the_same_number_and_then_in_doubt() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    first = talk.client.data_to_send()
    for attempt in (2, 3):
        assert talk.client.tick(10.0 * (attempt - 1)) == [Resent(sequence, "tag", attempt)]
        assert talk.client.data_to_send() == first
    assert talk.client.tick(30.0) == [Unanswered(sequence, "tag", "No answer in time.")]
    late = encode(pdus.SubmitResp(sequence=sequence))
    assert talk.client.receive(late, 31.0) == [
        SubmitAnswered(sequence, "tag", message_id(sequence), 0, late=True)
    ]


def test_a_used_number_means_that_the_first_attempt_was_taken() -> None:
    """Only where there was a first attempt: our id stands in the reports of it."""
    talk = Talk().bind()
    twice, once = talk.submit("twice"), 0
    talk.client.tick(10.0)
    once = talk.submit("once", now=10.0)
    events: list[Event] = []
    for sequence in (twice, once):
        answer = pdus.SubmitResp(sequence=sequence, result=Code.SEQUENCE)
        events += talk.client.receive(encode(answer), 11.0)
    assert events == [
        SubmitAnswered(twice, "twice", message_id(twice), 0),
        SubmitAnswered(once, "once", "", Code.SEQUENCE),
    ]


def test_the_same_request_again_is_told_once_while_its_answer_is_owed() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    frame = talk.client.data_to_send()
    assert len(talk.server.receive(frame + frame, 0.0)) == 1
    talk.server.answer_submit(sequence, "")
    assert talk.server.data_to_send() == encode(pdus.SubmitResp(sequence=sequence))


def test_the_window_holds() -> None:
    talk = Talk().bind()
    for _ in range(LIMITS.window):
        talk.submit()
    with pytest.raises(WindowFull):
        talk.submit()


@pytest.mark.parametrize(
    "pdu",
    [
        pdus.SubmitResp(sequence=999),
        pdus.ReportResp(sequence=999),
        pdus.TraceResp(sequence=999),
        pdus.BindResp(sequence=999),
    ],
)
def test_an_answer_to_nothing_is_a_mistake_and_no_more(pdu: pdus.Pdu) -> None:
    talk = Talk().bind()
    (mistake,) = talk.client.receive(encode(pdu), 0.0)
    assert isinstance(mistake, PeerMistake)
    assert talk.client.state is State.BOUND


# Deliveries -------------------------------------------------------------------------------------


def deliver(talk: Talk, pdu: pdus.Deliver | pdus.Report | pdus.UserRpt) -> int:
    sequence = talk.client.deliver(body_of(pdu), tag="tag", now=0.0)
    talk.pump()
    return sequence


def test_a_report_is_acknowledged_only_when_the_program_says_so() -> None:
    talk = Talk(RX).bind()
    sequence = deliver(talk, receipts.build(SP, PHONE, stat="DELIVRD", error="000"))
    (arrived,) = talk.server_saw
    assert isinstance(arrived, ReceiptArrived)
    assert (arrived.source, arrived.receipt.message_id) == (PHONE, message_id(SP))
    assert arrived.receipt.outcome is Outcome.DELIVERED
    assert (talk.server.owed, talk.client_saw) == (1, [])
    talk.server.acknowledge([sequence, 999])
    talk.pump()
    assert talk.client_saw == [DeliverAnswered(sequence, "tag", 0)]
    assert talk.server.owed == 0


def test_what_cannot_be_stored_is_refused_so_that_it_comes_again() -> None:
    talk = Talk(RX).bind()
    sequence = deliver(talk, pdus.Deliver(user_number=PHONE, content=b"hi"))
    talk.server.acknowledge([sequence], status=Code.SYSTEM_FAILURE)
    talk.pump()
    assert talk.client_saw == [DeliverAnswered(sequence, "tag", Code.SYSTEM_FAILURE)]


def test_a_report_under_delivers_command_is_answered_as_a_deliver() -> None:
    talk = Talk(RX).bind()
    frame = bytearray(encode(pdus.Report(sequence=SP, state=2, error_code=23, user_number=PHONE)))
    frame[4:8] = (4).to_bytes(4, "big")
    (arrived,) = talk.server.receive(bytes(frame), 0.0)
    assert isinstance(arrived, ReceiptArrived)
    assert (arrived.receipt.outcome, arrived.receipt.error) == (Outcome.FAILED, "23")
    talk.server.acknowledge([SP])
    assert decode(talk.server.data_to_send()) == pdus.DeliverResp(sequence=SP)


def test_a_part_of_a_long_message_says_where_it_stands() -> None:
    talk = Talk(RX).bind()
    deliver(
        talk,
        pdus.Deliver(
            user_number=PHONE,
            sp_number="1065500112",
            tp_udhi=1,
            message_coding=8,
            content=segments.header(7, 3, 2) + b"hi",
        ),
    )
    (arrived,) = talk.server_saw
    assert isinstance(arrived, InboundArrived)
    assert (arrived.source, arrived.destination) == (PHONE, "1065500112")
    assert arrived.message_id == message_id(arrived.sequence)
    assert (arrived.part, arrived.data, arrived.alphabet) == (
        Part(7, 3, 2),
        b"hi",
        Alphabet.UCS2,
    )


def test_what_became_of_a_subscriber_is_told_and_answered() -> None:
    talk = Talk(RX).bind()
    report = pdus.UserRpt(sp_number="10655001", user_number=PHONE, user_condition=1)
    sequence = deliver(talk, report)
    assert talk.server_saw == [
        Requested(sequence, msgspec.structs.replace(report, sequence=sequence))
    ]
    talk.server.respond(pdus.UserRptResp(sequence=sequence))
    talk.pump()
    assert talk.client_saw == [DeliverAnswered(sequence, "tag", 0)]


def test_a_delivery_is_one_of_three() -> None:
    talk = Talk(RX).bind()
    with pytest.raises(LocalProtocolError):
        talk.client.deliver(encode(pdus.Submit())[4:8], tag="tag", now=0.0)


# Others -----------------------------------------------------------------------------------------


def test_a_trace_goes_there_and_back() -> None:
    talk = Talk().bind()
    trace = pdus.Trace(submit_sequence=SP.to_bytes(12, "big"), user_number=PHONE)
    sequence = talk.client.request(trace, tag="t", now=0.0)
    talk.pump()
    assert talk.server_saw == [
        Requested(sequence, msgspec.structs.replace(trace, sequence=sequence))
    ]
    response = pdus.TraceResp(sequence=sequence, nodes=(pdus.TraceNode(0, "101001", "", ""),))
    talk.server.respond(response)
    talk.pump()
    assert talk.client_saw == [Answered(sequence, "t", response)]


@pytest.mark.parametrize("mode", [TX, RX])
def test_who_has_nothing_to_say_says_good_bye(mode: BindMode) -> None:
    """There is no keep-alive: either side may drop an idle connection."""
    talk = Talk(mode).bind()
    assert talk.client.tick(59.0) == []
    assert talk.client.data_to_send() == b""
    talk.client.tick(60.0)
    talk.pump(60.0)
    assert talk.client_saw == [
        Unbound(by_peer=False),
        Closed(CloseReason.UNBOUND, "We said good-bye.", ()),
    ]
    assert talk.server_saw[0] == Unbound(by_peer=True)


def test_nobody_leaves_while_an_answer_is_due() -> None:
    talk = Talk().bind()
    talk.submit(now=59.0)
    talk.client.tick(60.0)
    assert talk.client.state is State.BOUND


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        pytest.param(
            pdus.header(0, 0x0A, 7), pdus.Answer(sequence=7, result=30), id="unknown command"
        ),
        pytest.param(
            pdus.header(2, 3, 7) + b"11", pdus.SubmitResp(sequence=7, result=8), id="cut short"
        ),
    ],
)
def test_a_mistake_of_the_peer_is_answered_and_the_session_goes_on(
    frame: bytes, answer: pdus.Answer
) -> None:
    talk = Talk().bind()
    (mistake,) = talk.server.receive(frame, 0.0)
    assert isinstance(mistake, PeerMistake)
    said = talk.server.data_to_send()
    assert said[4:8] == (int.from_bytes(frame[4:8], "big") | 0x80000000).to_bytes(4, "big")
    assert (said[8:20], said[20]) == (frame[8:20], answer.result)
    assert talk.server.state is State.BOUND


@pytest.mark.parametrize("length", [19, 8_193, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_session(length: int) -> None:
    session = gateway(SERVER, msgspec.structs.replace(LIMITS, frame_size_max=8_192))
    (closed,) = session.receive(length.to_bytes(4, "big") + bytes(16), 0.0)
    assert isinstance(closed, Closed)
    assert closed.reason is CloseReason.BROKEN


def conversation() -> bytes:
    """Everything that a gateway says to a provider's listener, from bind to good-bye."""
    report = receipts.build(SP, PHONE, stat="UNDELIV", error="23")
    frames: list[pdus.Pdu] = [
        pdus.Bind(sequence=1, login_type=2, login_name="gateway", login_password="1234"),
        pdus.Deliver(sequence=2, user_number=PHONE, content="退订".encode("gbk")),
        msgspec.structs.replace(report, sequence=3),
        pdus.UserRpt(sequence=4, user_number=PHONE),
        pdus.Unbind(sequence=5),
    ]
    return b"".join(encode(pdu) for pdu in frames)


def heard(session: SgipSession, pieces: list[bytes]) -> tuple[list[Event], bytes]:
    events: list[Event] = []
    for piece in pieces:
        for event in session.receive(piece, 0.0):
            events.append(event)
            if isinstance(event, BindRequested):
                events += session.accept_bind()
    return events, session.data_to_send()


def test_a_conversation_means_the_same_wherever_it_is_cut() -> None:
    """A bind in one read with what follows it is answered too late for that; so it stands alone."""
    talk, bind = conversation(), len(encode(pdus.Bind()))
    whole = heard(provider(SERVER), [talk[:bind], talk[bind:]])
    assert [type(event) for event in whole[0]] == [
        *(BindRequested, Bound, InboundArrived, ReceiptArrived, Requested),
        *(Unbound, Closed),
    ]
    for cut in range(1, len(talk)):
        pieces = (
            [talk[:cut], talk[cut:]] if cut <= bind else [talk[:bind], talk[bind:cut], talk[cut:]]
        )
        if cut < bind:
            pieces = [talk[:cut], talk[cut:bind], talk[bind:]]
        assert heard(provider(SERVER), pieces) == whole
    assert heard(provider(SERVER), [talk[at : at + 1] for at in range(len(talk))]) == whole


@given(
    st.sampled_from(list(PDUS)),
    st.binary(max_size=120),
    st.sampled_from(BindMode),
    st.booleans(),
    st.booleans(),
)
def test_any_body_under_any_command_never_raises(
    command: int, body: bytes, mode: BindMode, as_client: bool, bound: bool
) -> None:
    talk = Talk(mode)
    if bound:
        talk.bind()
    session = talk.client if as_client else talk.server
    sequence = talk.submit() if bound and mode is TX else 2
    session.receive(pdus.header(len(body), command, sequence) + body, 0.0)
    session.tick(1.0)
    Talk(mode).server.receive(session.data_to_send(), 0.0)


@given(st.binary(max_size=200))
def test_random_bytes_never_raise(data: bytes) -> None:
    gateway(SERVER).receive(data, 0.0)
    Talk(RX).bind().server.receive(data, 0.0)
