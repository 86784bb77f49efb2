"""SMGP's bytes and objects, both ways, against implementations that are not ours."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.protocols.smgp.vectors import GO_SMGP, MESSAGE_ID, SUBMIT
from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError
from yunxin.protocols.smgp import pdus
from yunxin.protocols.smgp.pdus import PDUS, Tag, Version, decode, encode, version_of
from yunxin.protocols.smgp.status import Code


@pytest.mark.parametrize(
    ("hexadecimal", "pdu"), GO_SMGP, ids=[type(pdu).__name__ for _, pdu in GO_SMGP]
)
def test_bytes_of_go_smgp_and_gosmgp_are_ours(hexadecimal: str, pdu: pdus.Pdu) -> None:
    frame = bytes.fromhex(hexadecimal)
    assert (encode(pdu), decode(frame)) == (frame, pdu)


# What no other implementation made, laid out by hand from the specification's tables.
BY_HAND: list[tuple[str, pdus.Pdu]] = [
    ("0000000c 00000004 00000007", pdus.ActiveTest(sequence=7)),
    ("0000000c 80000004 00000007", pdus.ActiveTestResp(sequence=7)),
    ("0000000c 00000006 00000007", pdus.Exit(sequence=7)),
    ("0000000c 80000006 00000007", pdus.ExitResp(sequence=7)),
    (
        "0000001a 80000003 00000003 01006101161700012345 00000001",
        pdus.DeliverResp(sequence=3, msg_id=MESSAGE_ID, status=1),
    ),
    (
        "0000001f 00000007 00000009" + b"20261022".hex() + "01" + b"svc1".hex() + "00" * 6,
        pdus.Query(sequence=9, query_time="20261022", query_type=1, query_code="svc1"),
    ),
    (
        "00000047 80000007 00000009"
        + b"20261022".hex()
        + "01"
        + b"svc1".hex()
        + "00" * 6
        + "00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008"
        + "00" * 8,
        pdus.QueryResp(
            sequence=9,
            query_time="20261022",
            query_type=1,
            query_code="svc1",
            mt_tl_msg=1,
            mt_tl_usr=2,
            mt_scs=3,
            mt_wt=4,
            mt_fl=5,
            mo_scs=6,
            mo_wt=7,
            mo_fl=8,
        ),
    ),
]


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(
    ("hexadecimal", "pdu"), BY_HAND, ids=[type(pdu).__name__ for _, pdu in BY_HAND]
)
def test_bytes_laid_out_by_hand_are_ours(hexadecimal: str, pdu: pdus.Pdu, version: Version) -> None:
    frame = bytes.fromhex(hexadecimal)
    assert (encode(pdu, version), decode(frame, version)) == (frame, pdu)


def test_every_pdu_has_a_vector() -> None:
    assert {type(pdu) for _, pdu in (*GO_SMGP, *BY_HAND)} == set(PDUS.values())


def test_a_submit_of_1_3_has_no_fixed_fee() -> None:
    new, old = encode(SUBMIT, Version.V30), encode(SUBMIT, Version.V13)
    at = 12 + 3 + 10 + 2 + 6
    assert old[12:] == new[12:at] + new[at + 6 :]
    assert decode(old, Version.V13) == SUBMIT
    with pytest.raises(LocalProtocolError):
        encode(pdus.Submit(fixed_fee="1234567"), Version.V30)


def test_all_else_is_alike_in_both_versions() -> None:
    for _, pdu in (*GO_SMGP, *BY_HAND):
        if not isinstance(pdu, pdus.Submit):
            assert encode(pdu, Version.V13) == encode(pdu, Version.V30)


@pytest.mark.parametrize(
    ("number", "version"),
    [
        (0x13, Version.V13),
        (0x10, Version.V13),
        (0, Version.V13),
        (0x30, Version.V30),
        (0x31, Version.V30),
        (0x40, None),
    ],
)
def test_which_version_a_number_means(number: int, version: Version | None) -> None:
    assert version_of(number) is version


def test_a_message_to_a_hundred_phones_goes_there_and_back() -> None:
    numbers = tuple(f"13301{n:06}" for n in range(pdus.NUMBERS_MAX))
    submit = pdus.Submit(sequence=1, dest_term_ids=numbers, msg_content=b"hi")
    assert len(encode(submit)) == 12 + 114 + 21 * 100 + 2
    assert decode(encode(submit)) == submit


# How much of a frame may be missing: its reserve, where nothing stands behind it.
SPARE = {pdus.Submit: 8, pdus.Deliver: 8, pdus.QueryResp: 8}


@pytest.mark.parametrize(
    ("hexadecimal", "pdu"), [*GO_SMGP[1:], *BY_HAND], ids=lambda value: type(value).__name__
)
def test_the_reserve_at_the_end_may_be_missing_and_nothing_else(
    hexadecimal: str, pdu: pdus.Pdu
) -> None:
    whole = bytes.fromhex(hexadecimal)
    needed = len(whole) - SPARE.get(type(pdu), 0)
    for end in range(len(whole)):
        frame = len(whole[:end]).to_bytes(4, "big") + whole[4:end]
        if end >= needed:
            assert encode(decode(frame))[4:needed] == whole[4:needed]
        else:
            with pytest.raises(RemoteProtocolError):
                decode(frame)


def test_a_refused_log_in_may_end_behind_its_status() -> None:
    assert decode(bytes.fromhex("00000010 80000001 00000001 00000015")) == pdus.LoginResp(
        sequence=1, status=Code.AUTHENTICATION
    )
    with pytest.raises(RemoteProtocolError):
        decode(bytes.fromhex("00000010 80000001 00000001 00000000"))


def test_parameters_are_kept_in_any_order_and_of_any_size() -> None:
    tlvs = {0x1401: b"vendor", int(Tag.TP_UDHI): b"\0\1", int(Tag.LINK_ID): b"LINK0001  \0\0"}
    found = decode(encode(pdus.Deliver(tlvs=tlvs))).tlvs
    assert found == tlvs
    assert pdus.tlv_integer(found, Tag.TP_UDHI) == 1
    assert pdus.tlv_integer(found, Tag.PK_TOTAL) == 0
    assert pdus.tlv_text(found, Tag.LINK_ID) == "LINK0001"
    assert pdus.tlv_text(found, Tag.MSG_SRC) == ""


@pytest.mark.parametrize("rubbish", ["00", "000200", "0002000201", "00020001ff 000a"])
def test_a_message_is_not_lost_for_rubbish_behind_it(rubbish: str) -> None:
    deliver = pdus.Deliver(sequence=3, src_term_id="13300133000", msg_content=b"TD")
    frame = encode(deliver) + bytes.fromhex(rubbish)
    assert decode(len(frame).to_bytes(4, "big") + frame[4:]) == deliver
    submit = encode(SUBMIT) + bytes.fromhex(rubbish)  # who submits can be told
    with pytest.raises(RemoteProtocolError):
        decode(len(submit).to_bytes(4, "big") + submit[4:])


def test_text_parameters_have_the_size_of_the_specification() -> None:
    assert pdus.text_tlv(Tag.MSG_SRC, "9600123") == b"9600123\0"
    assert len(pdus.text_tlv(Tag.LINK_ID, "x")) == 20
    assert pdus.text_tlv(Tag.DEST_TERM_PSEUDO, "abc") == b"abc"
    for value in ("123456789", "签"):
        with pytest.raises(LocalProtocolError):
            pdus.text_tlv(Tag.MSG_SRC, value)


@given(st.data())
def test_what_is_encoded_decodes_to_the_same(data: st.DataObject) -> None:
    cls = data.draw(st.sampled_from(list(PDUS.values())))
    texts = st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=2)
    values: dict[str, object] = {}
    for name, default in zip(cls.__struct_fields__, cls.__struct_defaults__, strict=True):
        if isinstance(default, str) and name != "fixed_fee":
            values[name] = data.draw(texts)
        elif isinstance(default, int):
            values[name] = data.draw(st.integers(0, 255))
        elif name == "dest_term_ids":
            values[name] = tuple(data.draw(st.lists(texts, max_size=100)))
        elif name == "msg_content":
            values[name] = data.draw(st.binary(max_size=160))
        elif name == "tlvs":
            values[name] = data.draw(
                st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=30), max_size=4)
            )
    pdu, version = cls(**values), data.draw(st.sampled_from(Version))
    assert decode(encode(pdu, version), version) == pdu


@given(
    command=st.sampled_from([*PDUS, 0x00000099, 0x80000099]),
    body=st.binary(max_size=300),
    version=st.sampled_from(Version),
)
@example(command=0x80000001, body=b"\0\0\0\1", version=Version.V30)
@example(command=3, body=bytes(67) + b"\xff", version=Version.V30)
def test_random_bodies_raise_nothing_but_remote_errors(
    command: int, body: bytes, version: Version
) -> None:
    try:
        decode(pdus.HEADER.pack(12 + len(body), command, 1) + body, version)
    except RemoteProtocolError as error:
        assert error.status


@given(st.binary(max_size=100))
def test_random_frames_raise_nothing_but_remote_errors(frame: bytes) -> None:
    try:
        decode(frame)
    except RemoteProtocolError as error:
        assert error.status


@pytest.mark.parametrize(
    ("hexadecimal", "status"),
    [
        ("0000000c 00000099 00000001", Code.COMMAND),
        ("0000000d 00000004 00000001", Code.STRUCTURE),
        ("00000008 00000004", Code.STRUCTURE),
        ("00000010 00000002 00000001 06010100", Code.STRUCTURE),
    ],
)
def test_what_is_wrong_is_said_in_smgps_own_words(hexadecimal: str, status: int) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode(bytes.fromhex(hexadecimal))
    assert caught.value.status == status


@pytest.mark.parametrize(
    "pdu",
    [
        pdus.Login(client_id="123456789"),
        pdus.Login(authenticator_client=b"short"),
        pdus.Submit(dest_term_ids=("1" * 22,)),
        pdus.Submit(dest_term_ids=("1",) * 101),
        pdus.Submit(msg_content=b"x" * 161),
        pdus.Submit(src_term_id="签名"),
        pdus.Submit(priority=256),
        pdus.SubmitResp(msg_id=b"short"),
        pdus.Deliver(tlvs={1: b"x" * 65_536}),
    ],
)
def test_what_does_not_fit_is_our_own_mistake(pdu: pdus.Pdu) -> None:
    with pytest.raises(LocalProtocolError):
        encode(pdu)
