"""What SMGP adds: log-in by digests in two versions, reports and messages in one request."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.smgp.talk import LIMITS, MOMENT, NAME, PHONE, SECRET, Talk, client, server
from tests.protocols.smgp.vectors import (
    GO_SMGP,
    MESSAGE_ID,
    REPORT,
    SERVER_DIGEST,
    SERVER_DIGEST_OF_ONE_BYTE,
)
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
from yunxin.protocols.session import Side, State
from yunxin.protocols.smgp import pdus
from yunxin.protocols.smgp.pdus import PDUS, SEQUENCE_MAX, Tag, Version, decode, encode
from yunxin.protocols.smgp.session import SmgpSession, body_of
from yunxin.protocols.smgp.status import Code
from yunxin.text import segments

ID = MESSAGE_ID.hex()
TX, RX, TRX = BindMode.TRANSMITTER, BindMode.RECEIVER, BindMode.TRANSCEIVER
CLIENT, SERVER = Side.CLIENT, Side.SERVER

# Who may send what, by hand from the specification's chapter on log-in modes.
TABLE = [
    (pdus.Submit, CLIENT, {TX, TRX}),
    (pdus.Submit, SERVER, set()),
    (pdus.Deliver, SERVER, {RX, TRX}),
    (pdus.Deliver, CLIENT, set()),
    (pdus.Query, CLIENT, {TX, RX, TRX}),
    (pdus.Query, SERVER, set()),
    (pdus.ActiveTest, CLIENT, {TX, RX, TRX}),
    (pdus.ActiveTest, SERVER, {TX, RX, TRX}),
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
    events = theirs.receive(encode(cls(sequence=5)), 0.0)
    refused = [event for event in events if isinstance(event, PeerMistake)]
    assert bool(refused) is (mode not in allowed)
    if refused and cls is not pdus.Query:
        answer = decode(theirs.data_to_send())
        assert (answer.sequence, answer.status) == (5, Code.COMMAND)


@pytest.mark.parametrize(
    "cls", [pdus.Submit, pdus.Deliver, pdus.Query, pdus.Exit, pdus.ActiveTest, pdus.Login]
)
def test_nothing_but_a_log_in_is_taken_before_it(cls: type[pdus.Pdu]) -> None:
    session = server()
    events = session.receive(encode(cls(sequence=5)), 0.0)
    if cls is pdus.ActiveTest:
        assert events == []
        assert decode(session.data_to_send()) == pdus.ActiveTestResp(sequence=5)
    else:
        assert isinstance(events[0], BindRequested if cls is pdus.Login else PeerMistake)


# Log-in -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(("mode", "number"), [(TX, 0), (RX, 1), (TRX, 2)])
def test_a_log_in_is_asked_for_and_given(mode: BindMode, number: int, version: Version) -> None:
    talk = Talk(version, strict=True)
    talk.client.bind(Login(NAME, SECRET, mode), 0.0)
    talk.pump()
    (requested,) = talk.server_saw
    assert isinstance(requested, BindRequested)
    login = requested.login
    assert (login.name, login.password, login.mode) == (NAME, "", mode)
    assert login.matches(SECRET)
    assert not login.matches("other")
    assert talk.server.accept_bind("", SECRET) == [Bound(NAME, mode)]
    frame = talk.server.data_to_send()
    assert decode(frame).server_version == version
    assert talk.client.receive(frame, 0.0) == [Bound("", mode)]
    assert talk.client.state is talk.server.state is State.BOUND
    assert talk.server.version is version


def test_our_log_in_and_answer_are_those_of_another_implementation() -> None:
    talk = Talk()
    talk.client.bind(Login(NAME, SECRET), 0.0)
    frame = talk.client.data_to_send()
    assert frame.hex() == GO_SMGP[4][0]
    talk.server.receive(frame, 0.0)
    talk.server.accept_bind("", SECRET)
    answer = talk.server.data_to_send().hex()
    assert answer == GO_SMGP[5][0].replace(SERVER_DIGEST_OF_ONE_BYTE, SERVER_DIGEST)


@pytest.mark.parametrize("digest", [SERVER_DIGEST, SERVER_DIGEST_OF_ONE_BYTE])
@pytest.mark.parametrize("strict", [True, False])
def test_a_carrier_proves_itself_in_either_way(digest: str, strict: bool) -> None:
    session = client(strict=strict)
    session.bind(Login(NAME, SECRET), 0.0)
    answer = pdus.LoginResp(sequence=1, authenticator_server=bytes.fromhex(digest))
    assert session.receive(encode(answer), 0.0) == [Bound("", TRX)]


def test_a_carrier_that_proves_nothing_is_told_or_left() -> None:
    answer = encode(pdus.LoginResp(sequence=1))
    why = "The carrier does not show that it knows the password."
    session = client()
    session.bind(Login(NAME, SECRET), 0.0)
    assert session.receive(answer, 0.0) == [PeerMistake(why, 0), Bound("", TRX)]
    session = client(strict=True)
    session.bind(Login(NAME, SECRET), 0.0)
    assert session.receive(answer, 0.0) == [
        BindRefused(21, "AUTHENTICATION", why),
        Closed(CloseReason.REFUSED, why, ()),
    ]


@pytest.mark.parametrize("short", [True, False])
def test_a_refused_log_in_ends_the_clients_session_but_not_the_servers(short: bool) -> None:
    talk = Talk()
    talk.client.bind(Login(NAME, "wrong"), 0.0)
    talk.pump()
    talk.server.refuse_bind(Code.AUTHENTICATION)
    frame = talk.server.data_to_send()
    if short:
        frame = (16).to_bytes(4, "big") + frame[4:16]
    sentence = "The name or the password of the log-in is wrong."
    assert talk.client.receive(frame, 0.0) == [
        BindRefused(21, "AUTHENTICATION", sentence),
        Closed(CloseReason.REFUSED, sentence, ()),
    ]
    assert talk.server.state is State.OPEN


@pytest.mark.parametrize(
    ("highest", "login", "status"),
    [
        (Version.V30, pdus.Login(sequence=1, client_version=0x40), Code.VERSION),
        (Version.V13, pdus.Login(sequence=1, client_version=0x30), Code.VERSION),
        (Version.V30, pdus.Login(sequence=1, login_mode=3), Code.STRUCTURE),
    ],
)
def test_a_log_in_that_cannot_be_is_refused(
    highest: Version, login: pdus.Login, status: Code
) -> None:
    session = server(highest)
    (mistake,) = session.receive(encode(login), 0.0)
    assert isinstance(mistake, PeerMistake)
    answer = decode(session.data_to_send())
    assert (answer.status, answer.server_version) == (status, highest)
    assert session.state is State.OPEN


def test_a_client_needs_the_moment_of_its_log_in() -> None:
    with pytest.raises(LocalProtocolError):
        SmgpSession(CLIENT, LIMITS).bind(Login(NAME, SECRET), 0.0)


# Submits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", Version)
def test_a_message_is_handed_over_and_answered(version: Version) -> None:
    talk = Talk(version).bind()
    sequence = talk.submit("tag")
    talk.pump()
    (request,) = talk.server_saw
    assert isinstance(request, SubmitRequested)
    assert request.pdu == decode(talk.template.encode(sequence, PHONE, b"\x6d\x4b"), version)
    assert (request.pdu.dest_term_ids, request.pdu.msg_content) == ((PHONE,), b"\x6d\x4b")
    talk.server.answer_submit(sequence, ID)
    talk.pump()
    assert talk.client_saw == [SubmitAnswered(sequence, "tag", ID, 0)]
    assert talk.server.owed == 0


def test_one_message_goes_to_many_phones() -> None:
    talk = Talk().bind()
    phones = [f"133001330{n:02}" for n in range(100)]
    talk.client.submit(talk.template, phones, b"hi", tag="tag", now=0.0)
    talk.pump()
    (request,) = talk.server_saw
    assert isinstance(request, SubmitRequested)
    assert request.pdu.dest_term_ids == tuple(phones)


def test_a_refusal_has_no_id() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    talk.pump()
    talk.server.answer_submit(sequence, "", Code.BUSY)
    talk.pump()
    assert talk.client_saw == [SubmitAnswered(sequence, "tag", "", Code.BUSY)]
    assert talk.client.explain(Code.BUSY).name == "BUSY"


@pytest.mark.parametrize("size", [12, 25])
def test_an_answer_cut_short_leaves_the_message_in_doubt(size: int) -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    frame = pdus.HEADER.pack(size, 0x80000002, sequence) + bytes(size - 12)
    assert talk.client.receive(frame, 0.0) == [
        Unanswered(sequence, "tag", "The answer is cut short.")
    ]


def test_what_is_not_answered_is_sent_again_with_the_same_number_and_then_in_doubt() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    first = talk.client.data_to_send()
    for attempt in (2, 3):
        events = talk.client.tick(10.0 * (attempt - 1))
        assert events == [Resent(sequence, "tag", attempt)]
        assert talk.client.data_to_send() == first
    assert talk.client.tick(30.0) == [Unanswered(sequence, "tag", "No answer in time.")]
    late = encode(pdus.SubmitResp(sequence=sequence, msg_id=MESSAGE_ID))
    assert talk.client.receive(late, 31.0) == [SubmitAnswered(sequence, "tag", ID, 0, late=True)]


def test_a_used_number_of_a_second_attempt_leaves_the_message_in_doubt() -> None:
    """The carrier has it, but its id was lost with the first answer."""
    talk = Talk().bind()
    sequence = talk.submit("tag")
    talk.client.tick(10.0)
    refusal = pdus.SubmitResp(sequence=sequence, status=Code.DUPLICATE_SEQUENCE)
    (unanswered,) = talk.client.receive(encode(refusal), 11.0)
    assert isinstance(unanswered, Unanswered)


def test_the_same_request_again_is_told_once_while_its_answer_is_owed() -> None:
    talk = Talk().bind()
    sequence = talk.submit("tag")
    frame = talk.client.data_to_send()
    assert len(talk.server.receive(frame + frame, 0.0)) == 1
    talk.server.answer_submit(sequence, ID)
    answer = pdus.SubmitResp(sequence=sequence, msg_id=MESSAGE_ID)
    assert talk.server.data_to_send() == encode(answer)


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
        pdus.DeliverResp(sequence=999),
        pdus.QueryResp(sequence=999),
        pdus.LoginResp(sequence=999),
        pdus.ActiveTestResp(sequence=999),
    ],
)
def test_an_answer_to_nothing_is_a_mistake_and_no_more(pdu: pdus.Pdu) -> None:
    talk = Talk().bind()
    (mistake,) = talk.client.receive(encode(pdu), 0.0)
    assert isinstance(mistake, PeerMistake)
    assert talk.client.state is State.BOUND


# Deliveries -------------------------------------------------------------------------------------


def deliver(talk: Talk, pdu: pdus.Deliver) -> int:
    sequence = talk.server.deliver(body_of(pdu), tag="tag", now=0.0)
    talk.pump()
    return sequence


REPORTED = pdus.Deliver(
    msg_id=bytes(9) + b"\7", is_report=1, src_term_id=PHONE, dest_term_id="1069", msg_content=REPORT
)


def test_a_report_is_acknowledged_only_when_the_program_says_so() -> None:
    talk = Talk().bind()
    sequence = deliver(talk, REPORTED)
    (arrived,) = talk.client_saw
    assert isinstance(arrived, ReceiptArrived)
    assert (arrived.source, arrived.destination) == (PHONE, "1069")
    # The id is the one in the report; the deliver has one of its own, which its answer repeats.
    assert (arrived.receipt.message_id, arrived.receipt.outcome) == (ID, Outcome.DELIVERED)
    assert (talk.client.owed, talk.server_saw) == (1, [])
    talk.client.acknowledge([sequence, 999])
    frame = talk.client.data_to_send()
    assert decode(frame) == pdus.DeliverResp(sequence=sequence, msg_id=REPORTED.msg_id)
    assert talk.server.receive(frame, 0.0) == [DeliverAnswered(sequence, "tag", 0)]


def test_what_cannot_be_stored_is_refused_so_that_it_comes_again() -> None:
    talk = Talk().bind()
    sequence = deliver(talk, pdus.Deliver(src_term_id=PHONE, msg_content=b"hi"))
    talk.client.acknowledge([sequence], status=Code.BUSY)
    talk.pump()
    assert talk.server_saw == [DeliverAnswered(sequence, "tag", Code.BUSY)]


def test_an_answer_without_id_and_status_will_do_for_a_delivery() -> None:
    talk = Talk().bind()
    sequence = deliver(talk, REPORTED)
    frame = pdus.HEADER.pack(12, 0x80000003, sequence)
    assert talk.server.receive(frame, 0.0) == [DeliverAnswered(sequence, "tag", 0)]


def test_a_report_that_cannot_be_read_is_refused() -> None:
    talk = Talk().bind()
    sequence = deliver(talk, pdus.Deliver(is_report=1, msg_content=b"hello"))
    (mistake,) = talk.client_saw
    assert isinstance(mistake, PeerMistake)
    assert talk.server_saw == [DeliverAnswered(sequence, "tag", Code.STRUCTURE)]
    assert talk.client.owed == 0


def test_a_part_of_a_long_message_says_where_it_stands() -> None:
    talk = Talk().bind()
    deliver(
        talk,
        pdus.Deliver(
            src_term_id=PHONE,
            dest_term_id="106900011",
            msg_format=8,
            msg_content=segments.header(7, 3, 2) + b"hi",
            tlvs={Tag.TP_UDHI: b"\1", Tag.PK_TOTAL: b"\3", Tag.PK_NUMBER: b"\2"},
        ),
    )
    (arrived,) = talk.client_saw
    assert isinstance(arrived, InboundArrived)
    assert (arrived.source, arrived.destination) == (PHONE, "106900011")
    assert (arrived.part, arrived.data, arrived.alphabet) == (
        Part(7, 3, 2),
        b"hi",
        Alphabet.UCS2,
    )


def test_an_id_of_zero_is_none() -> None:
    """Some gateways have no other; a receipt for "zero" must not find a message by it."""
    talk = Talk().bind()
    sequence = talk.submit("tag")
    (answered,) = talk.client.receive(encode(pdus.SubmitResp(sequence=sequence)), 0.0)
    assert answered == SubmitAnswered(sequence, "tag", "", 0)
    for msg_id, known in ((bytes(10), ""), (MESSAGE_ID, MESSAGE_ID.hex())):
        deliver(talk, pdus.Deliver(msg_id=msg_id, msg_content=b"R"))
        assert isinstance(talk.client_saw[-1], InboundArrived)
        assert talk.client_saw[-1].message_id == known


def test_a_number_that_is_still_owed_hides_nothing_but_the_same_again() -> None:
    """A gateway that gives every request one number gets its answers all the same."""
    talk = Talk().bind()
    first = pdus.Deliver(sequence=7, msg_id=MESSAGE_ID, msg_content=b"R")
    other = pdus.Deliver(sequence=7, msg_id=bytes(9) + b"\1", msg_content=b"N")
    told = [talk.client.receive(encode(pdu), 0.0) for pdu in (first, first, other)]
    assert [len(events) for events in told] == [1, 0, 1]
    assert talk.client.receive(encode(pdus.ActiveTest(sequence=7)), 0.0) == []
    assert talk.client.data_to_send() == encode(pdus.ActiveTestResp(sequence=7))


def test_numbers_wrap_around_with_what_is_sent_again() -> None:
    talk = Talk()
    talk.client = SmgpSession(
        CLIENT, LIMITS, version=Version.V30, moment=MOMENT, sequence=SEQUENCE_MAX - 2
    )
    talk.client.connected(0.0)
    talk.bind()
    assert [talk.submit(n) for n in "abc"] == [SEQUENCE_MAX, 1, 2]
    talk.client.data_to_send()
    talk.client_saw += talk.client.tick(10.0)
    for sequence in (2, SEQUENCE_MAX, 1):
        answer = pdus.SubmitResp(sequence=sequence, msg_id=MESSAGE_ID)
        talk.client_saw += talk.client.receive(encode(answer), 10.0)
    answered = [event.tag for event in talk.client_saw if isinstance(event, SubmitAnswered)]
    assert answered == ["c", "a", "b"]


def test_a_message_without_the_parameter_has_no_header() -> None:
    talk = Talk().bind()
    data = segments.header(7, 3, 2) + b"hi"
    deliver(talk, pdus.Deliver(src_term_id=PHONE, msg_format=246, msg_content=data))
    (arrived,) = talk.client_saw
    assert isinstance(arrived, InboundArrived)
    assert (arrived.part, arrived.data, arrived.alphabet) == (None, data, Alphabet.BINARY)


# Others -----------------------------------------------------------------------------------------


def test_a_query_goes_there_and_back() -> None:
    talk = Talk().bind()
    query = pdus.Query(query_time="20261022")
    sequence = talk.client.request(query, tag="q", now=0.0)
    talk.pump()
    assert talk.server_saw == [
        Requested(sequence, msgspec.structs.replace(query, sequence=sequence))
    ]
    response = pdus.QueryResp(sequence=sequence, query_time="20261022", mt_scs=7)
    talk.server.respond(response)
    talk.pump()
    assert talk.client_saw == [Answered(sequence, "q", response)]


@pytest.mark.parametrize("side", Side)
def test_a_silent_peer_is_asked_whether_it_lives(side: Side) -> None:
    talk = Talk().bind()
    ours = talk.client if side is CLIENT else talk.server
    saw = talk.client_saw if side is CLIENT else talk.server_saw
    ours.tick(29.0)
    assert ours.data_to_send() == b""
    ours.tick(30.0)
    talk.pump(30.5)
    assert saw == [EnquireAnswered(0.5)]


def test_a_peer_that_stays_silent_is_asked_three_times_and_left() -> None:
    talk = Talk().bind()
    for now in (30.0, 40.0, 50.0):
        talk.client.tick(now)
        assert decode(talk.client.data_to_send()) == pdus.ActiveTest(sequence=2)
    closed = talk.client.tick(60.0)[-1]
    assert isinstance(closed, Closed)
    assert closed.reason is CloseReason.SILENT


@pytest.mark.parametrize("side", Side)
def test_either_side_says_good_bye(side: Side) -> None:
    talk = Talk().bind()
    (talk.client if side is CLIENT else talk.server).unbind(0.0)
    talk.pump()
    ours, theirs = talk.client_saw, talk.server_saw
    if side is SERVER:
        ours, theirs = theirs, ours
    assert ours == [Unbound(False), Closed(CloseReason.UNBOUND, "We said good-bye.", ())]
    assert theirs == [Unbound(True), Closed(CloseReason.UNBOUND, "The peer said good-bye.", ())]


def test_an_unknown_request_is_told_and_dropped() -> None:
    talk = Talk().bind()
    (mistake,) = talk.server.receive(pdus.HEADER.pack(12, 0x0E, 7), 0.0)
    assert isinstance(mistake, PeerMistake)
    assert (talk.server.data_to_send(), talk.server.state) == (b"", State.BOUND)


def test_a_request_cut_short_is_refused_and_the_session_goes_on() -> None:
    talk = Talk().bind()
    (mistake,) = talk.server.receive(pdus.HEADER.pack(14, 2, 7) + b"11", 0.0)
    assert isinstance(mistake, PeerMistake)
    assert decode(talk.server.data_to_send()) == pdus.SubmitResp(sequence=7, status=Code.STRUCTURE)
    assert talk.server.state is State.BOUND


@pytest.mark.parametrize("length", [11, 8_193, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_session(length: int) -> None:
    session = server(limits=msgspec.structs.replace(LIMITS, frame_size_max=8_192))
    (closed,) = session.receive(length.to_bytes(4, "big") + bytes(16), 0.0)
    assert isinstance(closed, Closed)
    assert closed.reason is CloseReason.BROKEN


def heard(pieces: list[bytes]) -> tuple[list[Event], bytes]:
    """What a bound client makes of a gateway's bytes, and what it answers."""
    session = Talk().bind().client
    events: list[Event] = []
    for piece in pieces:
        events += session.receive(piece, 0.0)
    session.acknowledge([e.sequence for e in events if isinstance(e, ReceiptArrived)])
    return events, session.data_to_send()


def test_a_conversation_means_the_same_wherever_it_is_cut() -> None:
    frames: list[pdus.Pdu] = [
        msgspec.structs.replace(REPORTED, sequence=7),
        pdus.Deliver(sequence=8, msg_content=b"hi", tlvs={Tag.LINK_ID: b"x" * 20}),
        pdus.ActiveTest(sequence=9),
        pdus.Deliver(sequence=10, is_report=1),
        pdus.Exit(sequence=11),
    ]
    talk = b"".join(encode(pdu) for pdu in frames)
    whole = heard([talk])
    assert [type(event) for event in whole[0]] == [
        *(ReceiptArrived, InboundArrived, PeerMistake, Unbound, Closed),
    ]
    for cut in range(1, len(talk)):
        assert heard([talk[:cut], talk[cut:]]) == whole
    assert heard([talk[at : at + 1] for at in range(len(talk))]) == whole


@given(
    st.sampled_from(list(PDUS)),
    st.binary(max_size=200),
    st.sampled_from(Version),
    st.booleans(),
    st.booleans(),
)
def test_any_body_under_any_request_never_raises(
    command: int, body: bytes, version: Version, as_client: bool, bound: bool
) -> None:
    talk = Talk(version)
    if bound:
        talk.bind()
        talk.submit()
    session = talk.client if as_client else talk.server
    session.receive(pdus.HEADER.pack(12 + len(body), command, 2) + body, 0.0)
    session.tick(1.0)
    Talk(version).bind().server.receive(session.data_to_send(), 0.0)


@given(st.binary(max_size=200))
def test_random_bytes_never_raise(data: bytes) -> None:
    server().receive(data, 0.0)
    talk = Talk().bind()
    talk.client.receive(data, 0.0)
    talk.server.receive(data, 0.0)
