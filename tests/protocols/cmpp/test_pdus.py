"""CMPP's frames: the bytes of other implementations, both versions, random bytes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.cmpp.vectors import (
    MSG_ID,
    REPORT,
    REPORT_CONTENT,
    SUBMIT,
    V20,
    V30,
    VECTORS,
)
from yunxin.protocols.cmpp import pdus
from yunxin.protocols.cmpp.pdus import (
    PDUS,
    Version,
    decode,
    decode_report,
    encode,
    encode_report,
    version_of,
)
from yunxin.protocols.cmpp.status import Result
from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError


@pytest.mark.parametrize(
    ("version", "frame", "pdu"), [v[1:] for v in VECTORS], ids=[v[0] for v in VECTORS]
)
def test_bytes_of_another_implementation(version: Version, frame: str, pdu: pdus.Pdu) -> None:
    assert (encode(pdu, version).hex(), decode(bytes.fromhex(frame), version)) == (frame, pdu)


def test_a_report_of_another_implementation() -> None:
    assert (encode_report(REPORT, V20), decode_report(REPORT_CONTENT)) == (REPORT_CONTENT, REPORT)


# §8.4: Total_Length of a frame with one phone of each kind and no content, header included.
SIZES = [
    (pdus.Connect(), 39, 39),
    (pdus.ConnectResp(), 30, 33),
    (pdus.Terminate(), 12, 12),
    (pdus.TerminateResp(), 12, 12),
    (pdus.Submit(dest_terminal_ids=("1",)), 12 + 126 + 21, 12 + 151 + 32),
    (pdus.SubmitResp(), 21, 24),
    (pdus.Deliver(), 12 + 73, 12 + 97),
    (pdus.DeliverResp(), 21, 24),
    (pdus.Query(), 12 + 27, 12 + 27),
    (pdus.QueryResp(), 12 + 51, 12 + 51),
    (pdus.Cancel(), 20, 20),
    (pdus.CancelResp(), 13, 16),
    (pdus.ActiveTest(), 12, 12),
    (pdus.ActiveTestResp(), 13, 13),
]


@pytest.mark.parametrize(("pdu", "old", "new"), SIZES, ids=[type(s[0]).__name__ for s in SIZES])
def test_every_frame_has_the_size_of_the_specification(pdu: pdus.Pdu, old: int, new: int) -> None:
    assert (len(encode(pdu, V20)), len(encode(pdu, V30))) == (old, new)


def test_the_sizes_cover_every_command() -> None:
    assert {pdu.command_id for pdu, _, _ in SIZES} == set(PDUS)


TEXT = {
    # What a field keeps: no NUL, and no space at the end (it is taken for padding).
    size: st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=size)
    for size in (2, 6, 8, 10, 17, 20, 21, 32)
}
BYTE = st.integers(0, 255)


@given(
    st.builds(
        pdus.Submit,
        sequence=st.integers(0, 0xFFFFFFFF),
        msg_id=st.integers(0, 0xFFFFFFFFFFFFFFFF),
        pk_total=BYTE,
        pk_number=BYTE,
        service_id=TEXT[10],
        fee_terminal_id=TEXT[32],
        fee_terminal_type=BYTE,
        tp_udhi=BYTE,
        msg_fmt=BYTE,
        msg_src=TEXT[6],
        valid_time=TEXT[17],
        src_id=TEXT[21],
        dest_terminal_ids=st.lists(TEXT[32], max_size=99).map(tuple),
        dest_terminal_type=BYTE,
        msg_content=st.binary(max_size=255),
        link_id=TEXT[20],
    )
)
def test_whatever_is_submitted_in_3_0_reads_back(pdu: pdus.Submit) -> None:
    assert decode(encode(pdu, V30), V30) == pdu


@given(
    st.builds(
        pdus.Deliver,
        msg_id=st.integers(0, 0xFFFFFFFFFFFFFFFF),
        dest_id=TEXT[21],
        src_terminal_id=TEXT[21],
        registered_delivery=BYTE,
        msg_content=st.binary(max_size=255),
        link_id=TEXT[8],
    )
)
def test_whatever_is_delivered_in_2_0_reads_back(pdu: pdus.Deliver) -> None:
    assert decode(encode(pdu, V20), V20) == pdu


# What we refuse to send -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"dest_terminal_ids": ("1",) * 100},
        {"dest_terminal_ids": ("1" * 33,)},
        {"msg_content": bytes(256)},
        {"msg_src": "1234567"},
        {"msg_fmt": 256},
        {"src_id": "１"},
    ],
    ids=str,
)
def test_what_does_not_fit_is_not_sent(changes: dict[str, object]) -> None:
    with pytest.raises(LocalProtocolError):
        encode(msgspec.structs.replace(SUBMIT, **changes), V30)


def test_a_number_of_3_0_does_not_fit_2_0() -> None:
    long = msgspec.structs.replace(SUBMIT, dest_terminal_ids=("1" * 22,))
    assert encode(long, V30)
    with pytest.raises(LocalProtocolError):
        encode(long, V20)


# What we forgive --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pdu",
    [
        pdus.ConnectResp(sequence=1, status=3, version=0x20),
        pdus.SubmitResp(sequence=1, msg_id=MSG_ID, result=8),
        pdus.DeliverResp(sequence=1, msg_id=MSG_ID, result=9),
        pdus.CancelResp(sequence=1, success_id=1),
    ],
    ids=lambda pdu: type(pdu).__name__,
)
def test_an_answer_of_the_other_version_is_known_by_its_size(pdu: pdus.Pdu) -> None:
    assert decode(encode(pdu, V20), V30) == decode(encode(pdu, V30), V20) == pdu


def test_an_answer_to_a_keep_alive_may_lack_its_reserved_byte() -> None:
    frame = bytes.fromhex("0000000c8000000800000005")
    assert decode(frame, V30) == pdus.ActiveTestResp(sequence=5)


def test_text_may_be_filled_up_with_spaces() -> None:
    frame = encode(pdus.Deliver(dest_id="10690001" + " " * 13), V30)
    assert decode(frame, V30).dest_id == "10690001"


@pytest.mark.parametrize("version", Version)
def test_a_report_of_either_size_is_read_in_any_session(version: Version) -> None:
    content = encode_report(REPORT, version)
    assert len(content) == {V20: 60, V30: 71}[version]
    assert decode_report(content) == REPORT


@pytest.mark.parametrize(
    ("middle", "phone"),
    [(b"", ""), (b"13800138000", "13800138000"), (b"13800138000".ljust(40, b"\0"), "13800138000")],
)
def test_a_report_of_another_size_has_its_number_in_the_middle(middle: bytes, phone: str) -> None:
    content = REPORT_CONTENT[:35] + middle + REPORT_CONTENT[-4:]
    report = decode_report(content)
    assert (report.dest_terminal_id, report.smsc_sequence) == (phone, 7)
    assert (report.msg_id, report.stat, report.done_time) == (MSG_ID, "DELIVRD", "2610220305")


def test_a_report_may_end_with_its_times() -> None:
    assert decode_report(REPORT_CONTENT[:35]) == pdus.Report(
        msg_id=MSG_ID, stat="DELIVRD", submit_time="2610220304", done_time="2610220305"
    )
    with pytest.raises(RemoteProtocolError) as caught:
        decode_report(REPORT_CONTENT[:34])
    assert caught.value.status == Result.LENGTH


@pytest.mark.parametrize(
    ("number", "version"),
    [
        (0x20, V20),
        (0x21, V20),  # what pycmpp sends
        (0x30, V30),
        (0x31, V30),
        (0x12, V20),
        (0, V20),
        (0x40, None),
        (0x7F, None),
    ],
)
def test_a_version_that_a_client_asks_for(number: int, version: Version | None) -> None:
    assert version_of(number) is version


# What we do not understand ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        ("", Result.LENGTH),
        ("0000000c00000008", Result.LENGTH),
        ("0000000d0000000800000005", Result.LENGTH),
        ("0000000c0000006300000005", Result.COMMAND),
        ("0000000c0000000400000005", Result.STRUCTURE),
        ("0000000c8000000400000005", Result.STRUCTURE),
    ],
)
def test_a_frame_that_makes_no_sense_says_what_is_wrong(frame: str, status: Result) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode(bytes.fromhex(frame), V30)
    assert caught.value.status == status


def test_counts_and_lengths_that_run_past_the_end_are_refused() -> None:
    frame = bytearray(encode(SUBMIT, V30))
    for at in (12 + 128, 12 + 128 + 64 + 2):  # DestUsr_tl, Msg_Length
        broken = bytes(frame[:at]) + b"\xff" + bytes(frame[at + 1 :])
        with pytest.raises(RemoteProtocolError):
            decode(broken, V30)


@given(st.sampled_from(list(Version)), st.sampled_from(sorted(PDUS)), st.binary(max_size=400))
def test_random_bodies_raise_nothing_else(version: Version, command: int, body: bytes) -> None:
    frame = pdus.HEADER.pack(12 + len(body), command, 1) + body
    try:
        pdu = decode(frame, version)
    except RemoteProtocolError:
        return
    assert isinstance(pdu, PDUS[command])


@given(st.binary(max_size=400))
def test_random_frames_and_reports_raise_nothing_else(data: bytes) -> None:
    for read in (lambda: decode(data, V20), lambda: decode(data, V30), lambda: decode_report(data)):
        try:
            read()
        except RemoteProtocolError:
            continue
