"""What SMPP adds: who may send what and when, receipts and messages, answers to mistakes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.smpp.talk import LIMITS, PHONE, TEMPLATE, Talk
from yunxin.protocols.concat import Part
from yunxin.protocols.errors import LocalProtocolError
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
    InboundArrived,
    Login,
    Notified,
    PeerMistake,
    ReceiptArrived,
    Requested,
    SubmitAnswered,
    SubmitRequested,
    Unanswered,
)
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.session import Side, State
from yunxin.protocols.smpp import pdus
from yunxin.protocols.smpp.pdus import PDUS, Tag, decode, encode
from yunxin.protocols.smpp.receipts import build
from yunxin.protocols.smpp.session import RULES, SmppSession, body_of
from yunxin.protocols.smpp.status import Code
from yunxin.text import segments

RECEIPT = build("77", stat="DELIVRD", submitted="2611230800", done="2611230801")
CLIENT, SERVER = Side.CLIENT, Side.SERVER
TX, RX, TRX = BindMode.TRANSMITTER, BindMode.RECEIVER, BindMode.TRANSCEIVER

# SMPP v3.4 §2.3, table 2-1, written out by hand: command, sender, the binds that allow it.
TABLE = [
    (pdus.SubmitSm, CLIENT, {TX, TRX}),
    (pdus.SubmitSm, SERVER, set()),
    (pdus.SubmitMulti, CLIENT, {TX, TRX}),
    (pdus.DataSm, CLIENT, {TX, TRX}),
    (pdus.DataSm, SERVER, {RX, TRX}),
    (pdus.DeliverSm, SERVER, {RX, TRX}),
    (pdus.DeliverSm, CLIENT, set()),
    (pdus.QuerySm, CLIENT, {TX, TRX}),
    (pdus.CancelSm, CLIENT, {TX, TRX}),
    (pdus.ReplaceSm, CLIENT, {TX, TRX}),
    (pdus.AlertNotification, SERVER, {RX, TRX}),
    (pdus.AlertNotification, CLIENT, set()),
    (pdus.EnquireLink, CLIENT, {TX, RX, TRX}),
    (pdus.EnquireLink, SERVER, {TX, RX, TRX}),
    (pdus.Outbind, SERVER, set()),  # before the bind only
]


@pytest.mark.parametrize("mode", BindMode)
@pytest.mark.parametrize(
    ("cls", "sender", "allowed"), TABLE, ids=[f"{c.__name__}-{s}" for c, s, _ in TABLE]
)
def test_who_may_send_what(
    cls: type[pdus.Pdu], sender: Side, allowed: set[BindMode], mode: BindMode
) -> None:
    talk = Talk().bind(mode)
    ours = talk.client if sender is CLIENT else talk.server
    theirs = talk.server if sender is CLIENT else talk.client
    if mode in allowed:
        ours.request(cls(), tag="t", now=0.0)
    else:
        with pytest.raises(LocalProtocolError):
            ours.request(cls(), tag="t", now=0.0)
    # The other side judges by the same table, whatever we think.
    events = theirs.receive(encode(cls(sequence=5, **HARMLESS.get(cls, {}))), 0.0)
    refused = [e for e in events if isinstance(e, PeerMistake) and e.status == Code.RINVBNDSTS]
    assert bool(refused) is (mode not in allowed)
    answer = theirs.data_to_send()
    if refused and cls not in (pdus.AlertNotification, pdus.Outbind):
        assert decode(answer).status == Code.RINVBNDSTS


HARMLESS: dict[type[pdus.Pdu], dict[str, object]] = {
    pdus.DataSm: {"tlvs": {Tag.MESSAGE_PAYLOAD: b"x"}}
}


@pytest.mark.parametrize("command", [c for c in RULES if PDUS[c] not in (pdus.EnquireLink,)])
def test_nothing_but_a_bind_is_taken_before_the_bind(command: int) -> None:
    server = SmppSession(SERVER, LIMITS)
    events = server.receive(encode(PDUS[command](sequence=1)), 0.0)
    if issubclass(PDUS[command], pdus.Bind):
        assert isinstance(events[0], BindRequested)
    else:
        assert isinstance(events[0], PeerMistake)


# Bind -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", BindMode)
def test_a_bind_is_asked_for_and_given(mode: BindMode) -> None:
    talk = Talk()
    login = Login("demo", "secret", mode, "yunxin")
    talk.client.bind(login, 0.0)
    talk.pump()
    assert talk.server_saw == [BindRequested(1, login)]
    assert talk.server.accept_bind("SIM") == [Bound("demo", mode)]
    talk.pump()
    assert talk.client_saw == [Bound("SIM", mode)]
    assert talk.client.state is talk.server.state is State.BOUND


def test_a_refused_bind_ends_the_clients_session_but_not_the_servers() -> None:
    talk = Talk()
    talk.client.bind(Login("demo", "wrong"), 0.0)
    talk.pump()
    talk.server.refuse_bind(Code.RINVPASWD)
    talk.pump()
    assert talk.client_saw == [
        BindRefused(0x0E, "RINVPASWD", "The password is wrong."),
        Closed(CloseReason.REFUSED, "The password is wrong.", ()),
    ]
    assert talk.server.state is State.OPEN


def test_a_second_bind_is_refused() -> None:
    talk = Talk().bind()
    with pytest.raises(LocalProtocolError):
        talk.client.bind(Login("demo", "secret"), 0.0)
    (mistake,) = talk.server.receive(encode(pdus.BindTransmitter(sequence=9)), 0.0)
    assert isinstance(mistake, PeerMistake)
    assert mistake.status == Code.RINVBNDSTS


def test_an_outbind_is_told() -> None:
    client = SmppSession(CLIENT, LIMITS)
    outbind = pdus.Outbind(system_id="SIM", password="x")
    assert client.receive(encode(outbind), 0.0) == [Notified(outbind)]


# Submits ----------------------------------------------------------------------------------------


def test_a_message_is_handed_over_and_answered() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag", data=b"\x6d\x4b")
    talk.pump()
    (request,) = talk.server_saw
    assert isinstance(request, SubmitRequested)
    assert request.pdu == decode(TEMPLATE.encode(sequence, PHONE, b"\x6d\x4b"))
    assert talk.server.owed == 1
    talk.server.answer_submit(sequence, "1a2b")
    talk.pump()
    assert talk.client_saw == [SubmitAnswered(sequence, "tag", "1a2b", 0)]
    assert talk.server.owed == 0


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("00000010 80000004 00000058 00000002", id="without body"),
        pytest.param("00000011 80000004 00000058 00000002 00", id="with an empty id"),
        pytest.param("00000010 80000000 00000058 00000002", id="as generic_nack"),
    ],
)
def test_a_refusal_has_many_shapes(answer: str) -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    events = talk.client.receive(bytes.fromhex(answer), 0.0)
    assert events == [SubmitAnswered(sequence, "tag", "", Code.RTHROTTLED)]


def test_an_answer_cut_short_leaves_the_message_in_doubt() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    events = talk.client.receive(bytes.fromhex("00000012 80000004 00000000 00000002 3737"), 0.0)
    assert events == [Unanswered(sequence, "tag", "The answer is cut short.")]
    assert talk.client.free == LIMITS.window


@pytest.mark.parametrize(
    "frame",
    [
        pdus.SubmitSmResp(sequence=999, message_id="1"),
        pdus.DeliverSmResp(sequence=999),
        pdus.QuerySmResp(sequence=999),
        pdus.GenericNack(sequence=999, status=3),
        pdus.BindTransceiverResp(sequence=999),
    ],
)
def test_an_answer_to_nothing_is_a_mistake_and_no_more(frame: pdus.Pdu) -> None:
    talk = Talk().bind()
    (mistake,) = talk.client.receive(encode(frame), 0.0)
    assert isinstance(mistake, PeerMistake)
    assert talk.client.state is State.BOUND


def test_a_request_that_was_not_understood_was_not_taken_whatever_the_status() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    events = talk.client.receive(encode(pdus.GenericNack(sequence=sequence)), 0.0)
    assert events == [SubmitAnswered(sequence, "tag", "", Code.RUNKNOWNERR)]
    sequence = talk.server.deliver(body_of(pdus.DeliverSm()), tag="tag", now=0.0)
    events = talk.server.receive(encode(pdus.GenericNack(sequence=sequence)), 0.0)
    assert events == [DeliverAnswered(sequence, "tag", Code.RUNKNOWNERR)]


def test_an_answer_of_the_wrong_kind_does_not_settle_a_request() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    talk.client.receive(encode(pdus.QuerySmResp(sequence=sequence)), 0.0)
    talk.client.receive(encode(pdus.DeliverSmResp(sequence=sequence)), 0.0)
    assert talk.client.in_flight == 1
    query = talk.client.request(pdus.QuerySm(message_id="1"), tag="q", now=0.0)
    talk.client.receive(encode(pdus.SubmitSmResp(sequence=query)), 0.0)
    assert dict(talk.client.flights()) == {sequence: "tag", query: "q"}


def test_an_answer_of_the_wrong_kind_lets_nobody_wait_longer() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag", now=25.0)
    talk.client.tick(30.0)  # silent for so long: asked whether it lives, until 40
    (enquiry,) = [number for number, tag in talk.client.flights() if tag is None]
    talk.client.receive(encode(pdus.SubmitSmResp(sequence=enquiry)), 31.0)
    (doubt,) = talk.client.tick(35.0)
    assert isinstance(doubt, Unanswered)
    assert doubt.sequence == sequence


def test_the_same_mistake_again_has_the_same_words() -> None:
    """Or a gateway that answers everything twice would fill the log: it is told once in a row."""
    talk = Talk().bind()
    for answer in (pdus.SubmitSmResp, pdus.DeliverSmResp, pdus.QuerySmResp):
        frames = b"".join(encode(answer(sequence=number)) for number in (900, 901))
        one, two = talk.client.receive(frames, 0.0)
        assert isinstance(one, PeerMistake)
        assert one == two


# Deliveries -------------------------------------------------------------------------------------


def deliver(talk: Talk, pdu: pdus.Pdu, tag: object = "tag") -> int:
    sequence = talk.server.deliver(body_of(pdu), tag=tag, now=0.0)
    talk.pump()
    return sequence


def test_a_receipt_is_acknowledged_only_when_the_program_says_so() -> None:
    talk = Talk().bind()
    sequence = deliver(
        talk,
        pdus.DeliverSm(
            source_addr=PHONE, destination_addr="1069", esm_class=4, short_message=RECEIPT
        ),
    )
    (arrived,) = talk.client_saw
    assert isinstance(arrived, ReceiptArrived)
    assert (arrived.source, arrived.destination) == (PHONE, "1069")
    assert (arrived.receipt.message_id, arrived.receipt.outcome) == ("77", Outcome.DELIVERED)
    assert talk.client.owed == 1
    assert talk.server_saw == []
    talk.client.acknowledge([sequence, 999])
    talk.pump()
    assert talk.server_saw == [DeliverAnswered(sequence, "tag", 0)]
    assert talk.client.owed == 0


def test_what_cannot_be_stored_is_refused_so_that_it_comes_again() -> None:
    talk = Talk().bind()
    sequence = deliver(talk, pdus.DeliverSm(short_message=b"hi"))
    talk.client.acknowledge([sequence], status=Code.RX_T_APPN)
    talk.pump()
    assert talk.server_saw == [DeliverAnswered(sequence, "tag", Code.RX_T_APPN)]


def test_a_receipt_that_cannot_be_read_is_refused() -> None:
    talk = Talk().bind()
    sequence = deliver(talk, pdus.DeliverSm(esm_class=4, short_message=b"hello"))
    (mistake,) = talk.client_saw
    assert isinstance(mistake, PeerMistake)
    assert talk.server_saw == [DeliverAnswered(sequence, "tag", Code.RX_P_APPN)]


PARTS = [
    pytest.param(
        {"esm_class": 0x40, "short_message": segments.header(7, 3, 2) + b"hi"}, id="header"
    ),
    pytest.param(
        {
            "short_message": b"hi",
            "tlvs": {
                Tag.SAR_MSG_REF_NUM: b"\0\7",
                Tag.SAR_TOTAL_SEGMENTS: b"\3",
                Tag.SAR_SEGMENT_SEQNUM: b"\2",
            },
        },
        id="sar",
    ),
]


@pytest.mark.parametrize("fields", PARTS)
def test_a_part_of_a_long_message_says_where_it_stands(fields: dict[str, object]) -> None:
    talk = Talk().bind()
    base = pdus.DeliverSm(source_addr=PHONE, destination_addr="1069", data_coding=8)
    deliver(talk, msgspec.structs.replace(base, **fields))
    (arrived,) = talk.client_saw
    assert isinstance(arrived, InboundArrived)
    assert arrived.part == Part(7, 3, 2)
    assert arrived.data == b"hi"
    assert arrived.alphabet is Alphabet.UCS2


def test_a_message_may_come_as_payload_or_as_data_sm() -> None:
    talk = Talk().bind()
    payload: dict[int, bytes] = {Tag.MESSAGE_PAYLOAD: b"x" * 300}
    deliver(talk, pdus.DeliverSm(source_addr=PHONE, tlvs=payload))
    sequence = talk.server.request(
        pdus.DataSm(source_addr=PHONE, tlvs=payload), tag="data", now=0.0
    )
    talk.pump()
    for arrived in talk.client_saw:
        assert isinstance(arrived, InboundArrived)
        assert arrived.data == b"x" * 300
    talk.client.acknowledge([sequence])
    talk.pump()
    assert talk.server_saw == [Answered(sequence, "data", pdus.DataSmResp(sequence=sequence))]


# Others -----------------------------------------------------------------------------------------


def test_other_requests_go_there_and_back() -> None:
    talk = Talk().bind()
    sequence = talk.client.request(pdus.QuerySm(message_id="77"), tag="q", now=0.0)
    talk.pump()
    assert talk.server_saw == [
        Requested(sequence, pdus.QuerySm(sequence=sequence, message_id="77"))
    ]
    response = pdus.QuerySmResp(sequence=sequence, message_id="77", message_state=2)
    talk.server.respond(response)
    talk.server.respond(response)  # owed once, sent once
    talk.pump()
    assert talk.client_saw == [Answered(sequence, "q", response)]


def test_a_header_before_a_receipt_is_taken_off() -> None:
    talk = Talk().bind()
    data = segments.header(1, 1, 1) + b"id:7 stat:DELIVRD"
    deliver(talk, pdus.DeliverSm(esm_class=0x44, short_message=data))
    (arrived,) = talk.client_saw
    assert isinstance(arrived, ReceiptArrived)
    assert arrived.receipt.message_id == "7"


def test_an_alert_needs_no_answer() -> None:
    talk = Talk().bind()
    talk.server.request(pdus.AlertNotification(source_addr=PHONE), tag=None, now=0.0)
    talk.pump()
    (alert,) = talk.client_saw
    assert isinstance(alert, Notified)
    assert talk.server_saw == []


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        pytest.param("00000010 00000099 00000000 00000007", Code.RINVCMDID, id="unknown command"),
        pytest.param("00000012 00000004 00000000 00000007 3131", Code.RINVMSGLEN, id="cut short"),
    ],
)
def test_a_mistake_of_the_peer_is_answered_and_the_session_goes_on(frame: str, status: int) -> None:
    talk = Talk().bind()
    (mistake,) = talk.server.receive(bytes.fromhex(frame), 0.0)
    assert isinstance(mistake, PeerMistake)
    answer = decode(talk.server.data_to_send())
    assert (answer.sequence, answer.status) == (7, status)
    assert talk.server.state is State.BOUND


@given(st.sampled_from(list(PDUS)), st.integers(0, 255), st.binary(max_size=80), st.booleans())
def test_any_body_under_any_command_never_raises(
    command: int, status: int, body: bytes, as_client: bool
) -> None:
    talk = Talk().bind()
    session = talk.client if as_client else talk.server
    talk.submit("a")
    frame = pdus.HEADER.pack(16 + len(body), command, status, 2) + body
    session.receive(frame, 0.0)
    session.tick(1.0)
    answers = session.data_to_send()
    Talk().bind().server.receive(answers, 0.0)
