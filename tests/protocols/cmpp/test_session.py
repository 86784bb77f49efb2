"""What CMPP adds: the log-in, both versions, reports and messages, what carriers do differently."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.cmpp.talk import LIMITS, LOGIN, MOMENT, PHONE, TEMPLATES, Talk
from tests.protocols.cmpp.vectors import (
    ACCOUNT,
    CLIENT,
    DELIVER_MESSAGE,
    DELIVER_REPORT,
    MSG_ID,
    SECRET,
    TIMESTAMP,
    V20,
    V30,
    VECTORS,
)
from yunxin.protocols.cmpp import pdus, receipts
from yunxin.protocols.cmpp.auth import ConnectProof
from yunxin.protocols.cmpp.pdus import PDUS, Version, decode, encode
from yunxin.protocols.cmpp.session import LIMITS as USUAL
from yunxin.protocols.cmpp.session import RULES, CmppSession, body_of, message_ids
from yunxin.protocols.cmpp.status import ConnectStatus, Result
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
    EnquireAnswered,
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
from yunxin.protocols.session import Limits, Side, State
from yunxin.text import segments

SP, ISMG = Side.CLIENT, Side.SERVER
FRAMES = {name: bytes.fromhex(frame) for name, _, frame, _ in VECTORS}
both = pytest.mark.parametrize("version", Version)

# CMPP V3.0 §8.4, written out by hand: who may send what, once the log-in is through.
TABLE = [
    (pdus.Submit, {SP}),
    (pdus.Query, {SP}),
    (pdus.Cancel, {SP}),
    (pdus.Deliver, {ISMG}),
    (pdus.ActiveTest, {SP, ISMG}),
    (pdus.Terminate, {SP, ISMG}),
    (pdus.Connect, set()),
]


def test_the_table_covers_every_request() -> None:
    assert {cls.command_id for cls, _ in TABLE} == set(RULES)


@pytest.mark.parametrize("sender", Side)
@pytest.mark.parametrize(("cls", "allowed"), TABLE, ids=[cls.__name__ for cls, _ in TABLE])
def test_who_may_send_what(cls: type[pdus.Pdu], allowed: set[Side], sender: Side) -> None:
    talk = Talk().bind()
    ours, theirs = (talk.client, talk.server) if sender is SP else (talk.server, talk.client)
    if cls not in (pdus.Connect, pdus.Terminate):
        if sender in allowed:
            ours.request(cls(), tag="t", now=0.0)
        else:
            with pytest.raises(LocalProtocolError):
                ours.request(cls(), tag="t", now=0.0)
    # The other side judges by the same table, whatever we think.
    events = theirs.receive(encode(cls(sequence=5), V30), 0.0)
    refused = [event for event in events if isinstance(event, PeerMistake)]
    assert bool(refused) is (sender not in allowed)


@pytest.mark.parametrize("command", RULES)
def test_nothing_but_a_log_in_and_a_keep_alive_is_taken_before(command: int) -> None:
    server = CmppSession(ISMG, LIMITS)
    events = server.receive(encode(PDUS[command](sequence=1), V30), 0.0)
    if command == pdus.Connect.command_id:
        assert isinstance(events[0], BindRequested)
    elif command == pdus.ActiveTest.command_id:
        assert not events
    else:
        assert isinstance(events[0], PeerMistake)


# Log-in -----------------------------------------------------------------------------------------


@both
def test_a_log_in_is_the_one_of_another_implementation(version: Version) -> None:
    number = {V20: "20", V30: "30"}[version]
    client = CmppSession(SP, version=version, moment=MOMENT)
    client.bind(Login(ACCOUNT, SECRET), 0.0)
    assert client.data_to_send() == FRAMES[f"gocmpp cmpp{number} CONNECT"]
    events = client.receive(FRAMES[f"gocmpp cmpp{number} CONNECT_RESP status=0"], 0.0)
    assert events == [Bound("", BindMode.TRANSCEIVER)]

    server = CmppSession(ISMG)
    (asked,) = server.receive(FRAMES[f"gocmpp cmpp{number} CONNECT"], 0.0)
    assert isinstance(asked, BindRequested)
    proof = ConnectProof(ACCOUNT, CLIENT, TIMESTAMP)
    assert asked == BindRequested(1, Login(ACCOUNT, "", proof=proof))
    assert asked.login.matches(SECRET)
    assert not asked.login.matches("")
    assert server.accept_bind("", SECRET) == [Bound(ACCOUNT, BindMode.TRANSCEIVER)]
    assert server.data_to_send() == FRAMES[f"gocmpp cmpp{number} CONNECT_RESP status=0"]
    assert server.version is version


@both
def test_a_refused_log_in_ends_the_clients_session_but_not_the_servers(version: Version) -> None:
    talk = Talk(version)
    talk.client.bind(Login("900001", "wrong"), 0.0)
    talk.pump()
    (asked,) = talk.server_saw
    assert isinstance(asked, BindRequested)
    assert not asked.login.matches("888888")
    talk.server.refuse_bind(ConnectStatus.AUTHENTICATION)
    talk.pump()
    assert talk.client_saw == [
        BindRefused(3, "AUTHENTICATION", "The password is wrong."),
        Closed(CloseReason.REFUSED, "The password is wrong.", ()),
    ]
    assert talk.server.state is State.OPEN


def test_a_client_of_the_minor_version_2_1_is_one_of_2_0() -> None:
    server = CmppSession(ISMG)
    connect = pdus.Connect(sequence=1, source_addr=ACCOUNT, version=0x21, timestamp=TIMESTAMP)
    (asked,) = server.receive(encode(connect, V20), 0.0)
    assert isinstance(asked, BindRequested)
    server.accept_bind("", SECRET)
    answer = server.data_to_send()
    assert len(answer) == 30
    assert decode(answer, V20).version == 0x21
    assert server.version is V20


@pytest.mark.parametrize(("highest", "asked"), [(V30, 0x40), (V30, 0x7F), (V20, 0x30)])
def test_a_version_that_is_too_new_is_refused_and_ours_is_named(
    highest: Version, asked: int
) -> None:
    server = CmppSession(ISMG, version=highest)
    connect = pdus.Connect(sequence=1, source_addr=ACCOUNT, version=asked)
    (mistake,) = server.receive(encode(connect, V30), 0.0)
    assert isinstance(mistake, PeerMistake)
    refusal = pdus.ConnectResp(sequence=1, status=ConnectStatus.VERSION, version=highest)
    assert decode(server.data_to_send(), V30) == refusal
    assert server.state is State.OPEN


def test_a_client_of_3_0_understands_an_answer_of_2_0_and_stays_at_3_0() -> None:
    client = CmppSession(SP, version=V30, moment=MOMENT)
    client.bind(Login(ACCOUNT, SECRET), 0.0)
    events = client.receive(FRAMES["gocmpp cmpp20 CONNECT_RESP status=0"], 0.0)
    assert events == [Bound("", BindMode.TRANSCEIVER)]
    assert client.version is V30


def impostor(strict: bool) -> list[Event]:
    client = CmppSession(SP, moment=MOMENT, strict=strict)
    client.bind(LOGIN, 0.0)
    return client.receive(encode(pdus.ConnectResp(sequence=1), V30), 0.0)


def test_a_carrier_that_does_not_know_the_secret_is_told_of_or_left() -> None:
    why = "The carrier does not show that it knows the password."
    assert impostor(strict=False) == [PeerMistake(why, 0), Bound("", BindMode.TRANSCEIVER)]
    assert impostor(strict=True) == [
        BindRefused(3, "AUTHENTICATION", why),
        Closed(CloseReason.REFUSED, why, ()),
    ]


def test_a_second_log_in_is_refused() -> None:
    talk = Talk().bind()
    with pytest.raises(LocalProtocolError):
        talk.client.bind(LOGIN, 0.0)
    talk.server.receive(encode(pdus.Connect(sequence=9), V30), 0.0)
    refusal = pdus.ConnectResp(sequence=9, status=ConnectStatus.OTHER)
    assert decode(talk.server.data_to_send(), V30) == refusal


def test_a_log_in_that_is_cut_short_is_refused() -> None:
    server = CmppSession(ISMG)
    frame = encode(pdus.Connect(sequence=1), V30)[4:30]
    (mistake,) = server.receive((30).to_bytes(4, "big") + frame, 0.0)
    assert isinstance(mistake, PeerMistake)
    assert decode(server.data_to_send(), V30).status == ConnectStatus.STRUCTURE


def test_a_client_needs_the_time_of_day() -> None:
    with pytest.raises(LocalProtocolError):
        CmppSession(SP).bind(LOGIN, 0.0)


# Submits ----------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("result", [0, 8])
def test_a_message_is_handed_over_and_answered(version: Version, result: int) -> None:
    talk = Talk(version).bind()
    sequence = talk.submit("a")
    talk.pump()
    (asked,) = talk.server_saw
    assert isinstance(asked, SubmitRequested)
    assert asked.pdu.dest_terminal_ids == (PHONE,)
    talk.server.answer_submit(sequence, "b2b9da8000010000", result)
    talk.pump()
    assert talk.client_saw == [SubmitAnswered(sequence, "a", "b2b9da8000010000", result)]
    assert (talk.client.free, talk.server.owed) == (4, 0)


@both
def test_an_answer_may_be_of_the_other_version(version: Version) -> None:
    talk = Talk(version).bind()
    sequence = talk.submit("a")
    other = V30 if version is V20 else V20
    answer = encode(pdus.SubmitResp(sequence=sequence, msg_id=MSG_ID, result=8), other)
    assert talk.client.receive(answer, 0.0) == [
        SubmitAnswered(sequence, "a", "b2b9da8000010000", 8)
    ]


@pytest.mark.parametrize("size", [12, 20, 22, 30])
def test_an_answer_of_no_known_size_leaves_the_message_in_doubt(size: int) -> None:
    talk = Talk().bind()
    sequence = talk.submit("a")
    answer = pdus.HEADER.pack(size, pdus.SubmitResp.command_id, sequence) + bytes(size - 12)
    assert talk.client.receive(answer, 0.0) == [
        Unanswered(sequence, "a", "The answer is cut short.")
    ]
    assert talk.client.free == 4


@both
def test_a_result_of_four_bytes_is_told_in_one_where_there_is_no_room(version: Version) -> None:
    talk = Talk(version).bind()
    sequence = talk.submit("a")
    talk.pump()
    talk.server.answer_submit(sequence, "", 0x0401)
    talk.pump()
    (answered,) = talk.client_saw
    assert isinstance(answered, SubmitAnswered)
    assert answered.status == {V20: 255, V30: 0x0401}[version]


def test_the_window_is_never_exceeded() -> None:
    talk = Talk().bind()
    for _ in range(4):
        talk.submit()
    with pytest.raises(WindowFull):
        talk.submit()


PATIENT = Limits(window=4, response_timeout_s=60, enquire_after_s=1_000, attempts=3)


def test_a_message_is_sent_again_and_taken_once() -> None:
    talk = Talk(limits=PATIENT).bind()
    sequence = talk.submit("a")
    talk.pump()
    assert talk.client.tick(60.0) == [Resent(sequence, "a", 2)]
    talk.pump(60.0)
    assert [type(event) for event in talk.server_saw] == [SubmitRequested]
    talk.server.answer_submit(sequence, "b2b9da8000010000")
    talk.pump(61.0)
    assert talk.client_saw == [SubmitAnswered(sequence, "a", "b2b9da8000010000", 0)]


def test_a_duplicate_of_what_was_sent_again_is_in_doubt_and_not_refused() -> None:
    talk = Talk(limits=PATIENT).bind()
    first, second = talk.submit("a"), talk.submit("b", now=30.0)
    talk.client.tick(60.0)
    for sequence in (first, second):
        answer = pdus.SubmitResp(sequence=sequence, result=Result.DUPLICATE)
        talk.client_saw += talk.client.receive(encode(answer, V30), 61.0)
    doubt, refusal = talk.client_saw
    assert isinstance(doubt, Unanswered)
    assert doubt.tag == "a"
    assert refusal == SubmitAnswered(second, "b", "", Result.DUPLICATE)


def test_the_usual_times_are_those_of_the_specification() -> None:
    assert (USUAL.window, USUAL.response_timeout_s, USUAL.enquire_after_s) == (16, 60, 180)
    assert USUAL.attempts == 3
    assert CmppSession(SP).limits is USUAL


def test_a_message_to_several_phones_is_told_whole_and_has_an_id_for_each() -> None:
    talk = Talk(V20).bind()
    frame = FRAMES["gocmpp cmpp20 SUBMIT"]
    (asked,) = talk.server.receive(frame, 0.0)
    assert isinstance(asked, SubmitRequested)
    assert asked.pdu.dest_terminal_ids == ("13800138000", "13900139000")
    assert message_ids("b2b9da8000010000", 2) == ["b2b9da8000010000", "b2b9da8000010001"]


def test_a_message_that_cannot_be_read_is_refused_by_its_number() -> None:
    talk = Talk().bind()
    frame = encode(pdus.Submit(sequence=7, dest_terminal_ids=("1",)), V30)
    broken = (len(frame) - 50).to_bytes(4, "big") + frame[4:-50]
    (mistake,) = talk.server.receive(broken, 0.0)
    assert isinstance(mistake, PeerMistake)
    refusal = pdus.SubmitResp(sequence=7, result=Result.STRUCTURE)
    assert decode(talk.server.data_to_send(), V30) == refusal
    assert talk.server.owed == 0


# Deliveries -------------------------------------------------------------------------------------


@both
def test_a_report_arrives_and_is_acknowledged_when_it_is_stored(version: Version) -> None:
    talk = Talk(version).bind()
    content = receipts.build(
        MSG_ID, version, stat="DELIVRD", submitted="2610220304", done="2610220305", phone=PHONE
    )
    pdu = pdus.Deliver(
        msg_id=MSG_ID + 1,
        dest_id="10690001",
        src_terminal_id=PHONE,
        registered_delivery=1,
        msg_content=content,
    )
    sequence = talk.server.deliver(body_of(pdu, version), tag="r", now=0.0)
    talk.pump()
    (arrived,) = talk.client_saw
    assert isinstance(arrived, ReceiptArrived)
    assert (arrived.source, arrived.destination) == (PHONE, "10690001")
    assert arrived.receipt.message_id == "b2b9da8000010000"
    assert arrived.receipt.outcome is Outcome.DELIVERED
    assert talk.server_saw == []

    talk.client.acknowledge([sequence])
    answer = talk.client.data_to_send()
    assert decode(answer, version) == pdus.DeliverResp(sequence=sequence, msg_id=MSG_ID + 1)
    assert talk.server.receive(answer, 0.0) == [DeliverAnswered(sequence, "r", 0)]


def test_a_report_of_60_bytes_is_read_in_3_0_too() -> None:
    talk = Talk().bind()
    (arrived,) = talk.client.receive(encode(DELIVER_REPORT, V30), 0.0)
    assert isinstance(arrived, ReceiptArrived)
    assert arrived.receipt.message_id == "b2b9da8000010000"


def test_the_phone_of_a_report_may_stand_within_it_alone() -> None:
    talk = Talk().bind()
    pdu = msgspec.structs.replace(DELIVER_REPORT, src_terminal_id="")
    (arrived,) = talk.client.receive(encode(pdu, V30), 0.0)
    assert isinstance(arrived, ReceiptArrived)
    assert arrived.source == "13800138000"


def test_a_message_from_a_phone() -> None:
    talk = Talk().bind()
    (arrived,) = talk.client.receive(FRAMES["gocmpp cmpp30 DELIVER MO"], 0.0)
    text = "TD退订".encode("utf-16-be")
    assert arrived == InboundArrived(
        4, "13800138000", "1069000112", text, Alphabet.UCS2, None, "b2b9da8000010002"
    )
    talk.client.acknowledge([4])
    assert talk.client.data_to_send() == FRAMES["gocmpp cmpp30 DELIVER_RESP"]


def test_a_part_of_a_long_message_from_a_phone() -> None:
    talk = Talk().bind()
    data = segments.header(7, 3, 2) + b"\x6d\x4b"
    pdu = pdus.Deliver(sequence=9, msg_fmt=15, tp_udhi=1, src_terminal_id="1", msg_content=data)
    (arrived,) = talk.client.receive(encode(pdu, V30), 0.0)
    assert arrived == InboundArrived(9, "1", "", b"\x6d\x4b", Alphabet.GBK, Part(7, 3, 2))


def test_an_id_of_zero_is_none() -> None:
    """Some gateways have no other; a receipt for "zero" must not find a message by it."""
    talk = Talk().bind()
    sequence = talk.submit("tag")
    talk.client_saw += talk.client.receive(encode(pdus.SubmitResp(sequence=sequence), V30), 0.0)
    assert talk.client_saw == [SubmitAnswered(sequence, "tag", "", 0)]
    (arrived,) = talk.client.receive(encode(pdus.Deliver(sequence=9, msg_content=b"R"), V30), 0.0)
    assert arrived == InboundArrived(9, "", "", b"R", Alphabet.ASCII)


def test_a_delivery_that_is_sent_again_while_it_is_stored_is_told_once() -> None:
    talk = Talk().bind()
    frame = encode(DELIVER_MESSAGE, V30)
    assert len(talk.client.receive(frame, 0.0)) == 1
    assert talk.client.receive(frame, 60.0) == []
    talk.client.acknowledge([4])
    assert talk.client.data_to_send() == FRAMES["gocmpp cmpp30 DELIVER_RESP"]
    # Acknowledged, and sent once more all the same: whoever stores it knows it by its id.
    assert len(talk.client.receive(frame, 120.0)) == 1


def test_another_message_with_a_number_that_is_still_owed_is_told() -> None:
    talk = Talk().bind()
    talk.client.receive(encode(DELIVER_MESSAGE, V30), 0.0)
    other = msgspec.structs.replace(DELIVER_MESSAGE, msg_id=MSG_ID + 3)
    assert len(talk.client.receive(encode(other, V30), 0.0)) == 1


def test_a_report_that_is_cut_short_is_refused() -> None:
    talk = Talk().bind()
    pdu = msgspec.structs.replace(DELIVER_REPORT, msg_content=b"short")
    (mistake,) = talk.client.receive(encode(pdu, V30), 0.0)
    assert isinstance(mistake, PeerMistake)
    refusal = pdus.DeliverResp(sequence=3, result=Result.LENGTH)
    assert decode(talk.client.data_to_send(), V30) == refusal
    assert talk.client.owed == 0


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (encode(pdus.DeliverResp(sequence=2, msg_id=1), V20), 0),
        (encode(pdus.DeliverResp(sequence=2, msg_id=1, result=9), V20), 9),
        (encode(pdus.DeliverResp(sequence=2, msg_id=1, result=9), V30), 9),
        (pdus.HEADER.pack(12, pdus.DeliverResp.command_id, 2), 0),
    ],
)
def test_an_acknowledgement_of_any_size_counts(answer: bytes, result: int) -> None:
    talk = Talk().bind()
    talk.server._sequence = 1
    sequence = talk.server.deliver(body_of(DELIVER_MESSAGE, V30), tag="m", now=0.0)
    assert sequence == 2
    assert talk.server.receive(answer, 0.0) == [DeliverAnswered(2, "m", result)]
    (again,) = talk.server.receive(answer, 0.0)
    assert isinstance(again, PeerMistake)


# Everything else --------------------------------------------------------------------------------


def test_a_keep_alive_is_answered_with_its_reserved_byte() -> None:
    talk = Talk().bind()
    assert talk.client.receive(FRAMES["gocmpp ACTIVE_TEST"], 0.0) == []
    assert talk.client.data_to_send() == FRAMES["gocmpp ACTIVE_TEST_RESP"]


@pytest.mark.parametrize("answer", ["0000000d80000008{}00", "0000000c80000008{}"])
def test_an_answer_to_a_keep_alive_may_lack_the_byte(answer: str) -> None:
    talk = Talk().bind()
    talk.client.tick(30.0)
    sequence = talk.client.data_to_send()[8:].hex()
    events = talk.client.receive(bytes.fromhex(answer.format(sequence)), 30.5)
    assert events == [EnquireAnswered(0.5)]


def test_a_keep_alive_that_is_answered_with_another_counts() -> None:
    talk = Talk().bind()
    talk.client.tick(30.0)
    question = talk.client.data_to_send()
    assert talk.client.receive(question, 30.5) == [EnquireAnswered(0.5)]
    assert decode(talk.client.data_to_send(), V30).sequence == decode(question, V30).sequence
    assert talk.client.tick(40.5) == []


@pytest.mark.parametrize("by_client", [True, False])
def test_either_side_may_say_good_bye(by_client: bool) -> None:
    talk = Talk().bind()
    (talk.client if by_client else talk.server).unbind(0.0)
    talk.pump()
    assert talk.client_saw[0] == Unbound(by_peer=not by_client)
    assert talk.server_saw[0] == Unbound(by_peer=by_client)


@both
def test_a_message_may_be_cancelled_and_a_day_asked_about(version: Version) -> None:
    talk = Talk(version).bind()
    cancel = talk.client.request(pdus.Cancel(msg_id=MSG_ID), tag="c", now=0.0)
    query = talk.client.request(pdus.Query(time="20261022"), tag="q", now=0.0)
    talk.pump()
    assert talk.server_saw == [
        Requested(cancel, pdus.Cancel(sequence=cancel, msg_id=MSG_ID)),
        Requested(query, pdus.Query(sequence=query, time="20261022")),
    ]
    answers = (
        pdus.CancelResp(sequence=cancel, success_id=1),
        pdus.QueryResp(sequence=query, time="20261022", mt_tl_msg=7),
    )
    for answer in answers:
        talk.server.respond(answer)
    talk.pump()
    assert talk.client_saw == [
        Answered(cancel, "c", answers[0]),
        Answered(query, "q", answers[1]),
    ]


def test_an_unknown_command_is_told_and_dropped() -> None:
    talk = Talk().bind()
    (mistake,) = talk.server.receive(pdus.HEADER.pack(12, 0x10, 1), 0.0)
    assert isinstance(mistake, PeerMistake)
    assert talk.server.data_to_send() == b""
    assert talk.server.state is State.BOUND


@pytest.mark.parametrize("length", [0, 11, 8_193, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_session(length: int) -> None:
    server = CmppSession(ISMG)
    (closed,) = server.receive(length.to_bytes(4, "big") + bytes(8), 0.0)
    assert isinstance(closed, Closed)
    assert closed.reason is CloseReason.BROKEN


# Bytes ------------------------------------------------------------------------------------------


def heard(side: Side, pieces: list[bytes]) -> list[Event]:
    talk = Talk().bind()
    session = talk.client if side is SP else talk.server
    return [event for piece in pieces for event in session.receive(piece, 0.0)]


UP = [
    *(TEMPLATES[V30].encode(n, PHONE, b"\x6d\x4b" * n) for n in range(3, 5)),
    FRAMES["gocmpp ACTIVE_TEST"],
    FRAMES["gocmpp cmpp30 SUBMIT"],
    FRAMES["gocmpp TERMINATE"],
]
DOWN = [
    encode(DELIVER_REPORT, V30),
    FRAMES["gocmpp ACTIVE_TEST"],
    FRAMES["gocmpp cmpp30 DELIVER MO"],
    FRAMES["gocmpp TERMINATE"],
]


@pytest.mark.parametrize(
    ("side", "frames", "kinds"),
    [
        (ISMG, UP, [SubmitRequested] * 3 + [Unbound, Closed]),
        (SP, DOWN, [ReceiptArrived, InboundArrived, Unbound, Closed]),
    ],
)
def test_frames_may_be_cut_at_every_byte(
    side: Side, frames: list[bytes], kinds: list[type[Event]]
) -> None:
    stream = b"".join(frames)
    whole = heard(side, [stream])
    assert [type(event) for event in whole] == kinds
    for at in range(1, len(stream)):
        assert heard(side, [stream[:at], stream[at:]]) == whole
    assert heard(side, [stream[at : at + 1] for at in range(len(stream))]) == whole


COMMANDS = st.sampled_from([*PDUS, 0, 9, 0x10, 0x80000009])
A_FRAME = st.builds(
    lambda command, sequence, body: pdus.HEADER.pack(12 + len(body), command, sequence) + body,
    COMMANDS,
    st.integers(0, 5),
    st.binary(max_size=80) | st.sampled_from([f[12:] for f in (*UP, *DOWN)]),
)


@given(
    st.sampled_from(Side),
    st.sampled_from(Version),
    st.booleans(),
    st.lists(st.binary(max_size=60) | A_FRAME, max_size=8),
)
def test_random_bytes_never_raise(
    side: Side, version: Version, bound: bool, pieces: list[bytes]
) -> None:
    talk = Talk(version, Limits(window=4, attempts=2))
    if bound:
        talk.bind()
    session = talk.client if side is SP else talk.server
    if bound and side is SP:
        talk.submit()
        session.tick(31.0)
    elif bound:
        session.deliver(body_of(DELIVER_MESSAGE, version), tag="m", now=0.0)
    for piece in pieces:
        session.receive(piece, 31.0)
        session.acknowledge(range(6))
    session.tick(200.0)
    session.lost()
    assert session.ended
