"""SMPP's bytes and objects, both ways, against implementations that are not ours."""

import pytest
import smpp34
from hypothesis import example, given
from hypothesis import strategies as st
from smpplib import smpp as smpplib_pdus
from smpplib.command import Command

from tests.protocols.smpp.vectors import NODE_SMPP
from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError
from yunxin.protocols.smpp import pdus
from yunxin.protocols.smpp.pdus import PDUS, Tag, decode, encode
from yunxin.protocols.smpp.status import Code


@pytest.mark.parametrize(
    ("hexadecimal", "pdu"), NODE_SMPP, ids=[type(pdu).__name__ for _, pdu in NODE_SMPP]
)
def test_bytes_of_node_smpp_are_ours(hexadecimal: str, pdu: pdus.Pdu) -> None:
    frame = bytes.fromhex(hexadecimal)
    assert (encode(pdu), decode(frame)) == (frame, pdu)


def test_every_pdu_has_a_vector() -> None:
    """The three binds differ in nothing but their command."""
    binds = {cls for cls in PDUS.values() if issubclass(cls, pdus.Bind | pdus.BindResp)}
    # node-smpp cannot be asked for these two without a body of its own making.
    assert set(PDUS.values()) - {type(p) for _, p in NODE_SMPP} - binds == {pdus.EnquireLinkResp}


def smpplib_frame(name: str, **fields: object) -> bytes:
    pdu: Command = smpplib_pdus.make_pdu(name, client=None, sequence=21, **fields)
    pdu.sequence = 21
    data: bytes = pdu.generate()
    return data


SMPPLIB = [
    (
        smpplib_frame("bind_transmitter", system_id="demo", password="secret", system_type="x"),
        pdus.BindTransmitter(sequence=21, system_id="demo", password="secret", system_type="x"),
    ),
    (
        smpplib_frame("bind_receiver", system_id="demo", password="secret"),
        pdus.BindReceiver(sequence=21, system_id="demo", password="secret"),
    ),
    (
        smpplib_frame(
            "submit_sm",
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="10690001",
            destination_addr="13800138000",
            esm_class=0x40,
            data_coding=8,
            registered_delivery=1,
            short_message="测试".encode("utf-16-be"),
        ),
        pdus.SubmitSm(
            sequence=21,
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="10690001",
            destination_addr="13800138000",
            esm_class=0x40,
            data_coding=8,
            registered_delivery=1,
            short_message="测试".encode("utf-16-be"),
        ),
    ),
    (
        smpplib_frame("query_sm", message_id="77", source_addr="10690001"),
        pdus.QuerySm(sequence=21, message_id="77", source_addr="10690001"),
    ),
    (smpplib_frame("enquire_link"), pdus.EnquireLink(sequence=21)),
    (smpplib_frame("enquire_link_resp"), pdus.EnquireLinkResp(sequence=21)),
    (smpplib_frame("unbind"), pdus.Unbind(sequence=21)),
]


@pytest.mark.parametrize(("frame", "pdu"), SMPPLIB, ids=[type(p).__name__ for _, p in SMPPLIB])
def test_bytes_of_smpplib_are_ours(frame: bytes, pdu: pdus.Pdu) -> None:
    assert (encode(pdu), decode(frame)) == (frame, pdu)


digits = st.text("0123456789", max_size=20)
octet = st.integers(0, 255)


@given(
    source=digits,
    destination=digits,
    data=st.binary(max_size=254),
    esm_class=octet,
    coding=octet,
    sequence=st.integers(1, pdus.SEQUENCE_MAX),
    tlvs=st.dictionaries(st.integers(0x1400, 0x3FFF), st.binary(max_size=20), max_size=4),
)
def test_bytes_of_smpp34_are_ours_whatever_the_fields(
    source: str,
    destination: str,
    data: bytes,
    esm_class: int,
    coding: int,
    sequence: int,
    tlvs: dict[int, bytes],
) -> None:
    theirs = smpp34.SubmitSm(
        source,
        destination,
        data,
        esm_class=esm_class,
        data_coding=coding,
        sequence_number=sequence,
        tlvs=[smpp34.Tlv(tag, value) for tag, value in tlvs.items()],
    ).encode()
    ours = pdus.SubmitSm(
        sequence=sequence,
        source_addr=source,
        destination_addr=destination,
        short_message=data,
        esm_class=esm_class,
        data_coding=coding,
        tlvs=tlvs,
    )
    assert (encode(ours), decode(theirs)) == (theirs, ours)


@given(st.data())
def test_what_is_encoded_decodes_to_the_same(data: st.DataObject) -> None:
    cls = data.draw(st.sampled_from(list(PDUS.values())))
    texts = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=5)
    number = st.integers(0, 255)
    values = {
        name: data.draw(texts if isinstance(default, str) else number)
        for name, default in zip(cls.__struct_fields__, cls.__struct_defaults__, strict=True)
        if isinstance(default, str | int)
    }
    pdu = cls(**values)
    assert decode(encode(pdu)) == pdu


HEADERS = st.sampled_from([*PDUS, 0x00000099, 0x80000099])


@given(command=HEADERS, status=st.integers(0, 0xFFFFFFFF), body=st.binary(max_size=300))
@example(command=0x21, status=0, body=b"\0\0\0\0\xff\1")
def test_random_bodies_raise_nothing_but_remote_errors(
    command: int, status: int, body: bytes
) -> None:
    frame = pdus.HEADER.pack(16 + len(body), command, status, 1) + body
    try:
        decode(frame)
    except RemoteProtocolError as error:
        assert error.status


@given(st.binary(max_size=100))
def test_random_frames_raise_nothing_but_remote_errors(frame: bytes) -> None:
    try:
        decode(frame)
    except RemoteProtocolError as error:
        assert error.status


@pytest.mark.parametrize(
    ("hexadecimal", "pdu"), NODE_SMPP, ids=[type(pdu).__name__ for _, pdu in NODE_SMPP]
)
def test_a_frame_cut_anywhere_is_refused_or_a_response_without_body(
    hexadecimal: str, pdu: pdus.Pdu
) -> None:
    whole = bytes.fromhex(hexadecimal)
    for end in range(len(whole)):
        frame = len(whole[:end]).to_bytes(4, "big") + whole[4:end]
        try:
            found = decode(frame)
        except RemoteProtocolError:
            continue
        # What is left is a whole PDU that ends before its optional parts.
        assert end >= 16
        assert type(found) is type(pdu)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(bytes.fromhex("00000010 80000004 00000058 00000006"), id="submit_sm_resp"),
        pytest.param(bytes.fromhex("00000010 80000009 0000000e 00000006"), id="bind_resp"),
        pytest.param(bytes.fromhex("00000011 80000004 00000058 00000006 31"), id="half a body"),
    ],
)
def test_an_error_response_needs_no_body(frame: bytes) -> None:
    pdu = decode(frame)
    assert pdu.status
    assert pdu.sequence == 6


@pytest.mark.parametrize(
    ("hexadecimal", "status"),
    [
        ("00000010 00000099 00000000 00000001", Code.RINVCMDID),
        ("00000011 00000015 00000000 00000001", Code.RINVCMDLEN),
        ("0000000c 00000015 00000000", Code.RINVCMDLEN),
        ("00000014 00000009 00000000 00000001 64656d6f", Code.RINVMSGLEN),  # no NUL
        ("00000012 80000004 00000000 00000001 3161", Code.RINVMSGLEN),  # no NUL
        ("00000014 00000021 00000000 00000001 00000000", Code.RINVMSGLEN),
        ("00000017 00000021 00000000 00000001 0000000001033100", Code.RINVCMDLEN),
        ("00000018 00000021 00000000 00000001 0000000001033100", Code.RINVDESTFLAG),
    ],
)
def test_what_is_wrong_is_said_in_smpps_own_words(hexadecimal: str, status: int) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode(bytes.fromhex(hexadecimal))
    assert caught.value.status == status


@pytest.mark.parametrize(
    "pdu",
    [
        pdus.BindTransceiver(system_id="x" * 16),
        pdus.SubmitSm(destination_addr="1" * 21),
        pdus.SubmitSm(destination_addr="1\x002"),
        pdus.SubmitSm(source_addr="签名"),
        pdus.SubmitSm(short_message=b"x" * 255),
        pdus.SubmitSm(esm_class=256),
        pdus.SubmitSm(tlvs={Tag.MESSAGE_PAYLOAD: b"x" * 65_536}),
        pdus.SubmitMulti(destinations=(pdus.SmeAddress("1"),) * 255),
    ],
)
def test_what_does_not_fit_is_our_own_mistake(pdu: pdus.Pdu) -> None:
    with pytest.raises(LocalProtocolError):
        encode(pdu)


def test_a_password_longer_than_the_specification_allows_is_sent_as_typed() -> None:
    pdu = pdus.BindTransceiver(system_id="demo", password="longer-than-nine")
    assert decode(encode(pdu)) == pdu


def test_unknown_optional_parameters_are_kept() -> None:
    pdu = pdus.DeliverSm(tlvs={0x1401: b"vendor", Tag.MESSAGE_STATE: b"\x02"})
    assert decode(encode(pdu)).tlvs == {0x1401: b"vendor", 0x0427: b"\x02"}


def test_integer_and_text_parameters_are_read_whatever_their_size() -> None:
    tlvs = {Tag.MESSAGE_STATE: b"\x00\x02", Tag.RECEIPTED_MESSAGE_ID: b"abc"}
    assert pdus.tlv_integer(tlvs, Tag.MESSAGE_STATE) == 2
    assert pdus.tlv_integer(tlvs, Tag.SOURCE_PORT) is None
    assert pdus.tlv_text(tlvs, Tag.RECEIPTED_MESSAGE_ID) == "abc"
    assert pdus.tlv_text(tlvs, Tag.CALLBACK_NUM) is None


def test_an_integer_parameter_has_the_size_of_the_specification() -> None:
    assert pdus.integer_tlv(Tag.SAR_MSG_REF_NUM, 7) == b"\x00\x07"
    assert pdus.integer_tlv(Tag.SAR_TOTAL_SEGMENTS, 7) == b"\x07"
    with pytest.raises(LocalProtocolError):
        pdus.integer_tlv(Tag.SAR_TOTAL_SEGMENTS, 256)


def test_the_message_is_found_in_either_field() -> None:
    assert pdus.SubmitSm(short_message=b"a").message == b"a"
    assert pdus.DataSm(tlvs={Tag.MESSAGE_PAYLOAD: b"b"}).message == b"b"
    assert pdus.SubmitMulti(tlvs={Tag.MESSAGE_PAYLOAD: b"b"}).message == b"b"
