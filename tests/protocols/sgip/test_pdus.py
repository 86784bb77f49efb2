"""SGIP's bytes and objects, both ways, against an implementation that is not ours."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.protocols.sgip.vectors import GO_SGIP, SP
from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError
from yunxin.protocols.sgip import pdus
from yunxin.protocols.sgip.pdus import PDUS, decode, encode
from yunxin.protocols.sgip.status import Code

IDS = [type(pdu).__name__ for _, pdu in GO_SGIP]


@pytest.mark.parametrize(("hexadecimal", "pdu"), GO_SGIP, ids=IDS)
def test_bytes_of_go_sgip_are_ours(hexadecimal: str, pdu: pdus.Pdu) -> None:
    frame = bytes.fromhex(hexadecimal)
    assert (encode(pdu), decode(frame)) == (frame, pdu)


# What no other implementation made, laid out by hand from the specification's tables.
HEAD = "b507f1903ceaf24500000001"
BY_HAND = [
    ("00000014 80000002" + HEAD, pdus.UnbindResp(sequence=SP)),
    (
        "00000047 00000011"
        + HEAD
        + b"10655001".ljust(21, b"\0").hex()
        # 21 + 21 + 1 + 8 bytes behind 20 of header
        + b"8613800138000".ljust(21, b"\0").hex()
        + "01"
        + "00" * 8,
        pdus.UserRpt(
            sequence=SP, sp_number="10655001", user_number="8613800138000", user_condition=1
        ),
    ),
    (
        "0000003d 00001000" + HEAD + HEAD + b"8613800138000".ljust(21, b"\0").hex() + "00" * 8,
        pdus.Trace(
            sequence=SP, submit_sequence=SP.to_bytes(12, "big"), user_number="8613800138000"
        ),
    ),
    (
        "00000044 80001000"
        + HEAD
        + "01"
        + "00"
        + b"101001".hex()
        + b"1022030405".hex()
        + "00" * 6
        + b"1022030406".hex()
        + "00" * 6
        + "00" * 8,
        pdus.TraceResp(
            sequence=SP, nodes=(pdus.TraceNode(0, "101001", "1022030405", "1022030406"),)
        ),
    ),
    ("0000001d 80000001" + HEAD + "01" + "00" * 8, pdus.BindResp(sequence=SP, result=1)),
    ("0000001d 80000004" + HEAD + "00" + "00" * 8, pdus.DeliverResp(sequence=SP)),
    ("0000001d 80000005" + HEAD + "21" + "00" * 8, pdus.ReportResp(sequence=SP, result=33)),
    (
        "0000001d 80000011" + HEAD + "00" + b"reserved".hex(),
        pdus.UserRptResp(sequence=SP, reserve="reserved"),
    ),
]


@pytest.mark.parametrize(
    ("hexadecimal", "pdu"), BY_HAND, ids=[type(pdu).__name__ for _, pdu in BY_HAND]
)
def test_bytes_laid_out_by_hand_are_ours(hexadecimal: str, pdu: pdus.Pdu) -> None:
    frame = bytes.fromhex(hexadecimal)
    assert (encode(pdu), decode(frame)) == (frame, pdu)


def test_every_pdu_has_a_vector() -> None:
    assert {type(pdu) for _, pdu in (*GO_SGIP, *BY_HAND)} == set(PDUS.values())


def test_a_message_to_a_hundred_phones_goes_there_and_back() -> None:
    numbers = tuple(f"86138001{n:05}" for n in range(pdus.NUMBERS_MAX))
    submit = pdus.Submit(sequence=SP, user_numbers=numbers, content=b"hi")
    assert len(encode(submit)) == 143 + 21 * 100 + 2
    assert decode(encode(submit)) == submit


@pytest.mark.parametrize(
    ("hexadecimal", "pdu"), [*GO_SGIP, *BY_HAND], ids=lambda value: type(value).__name__
)
def test_the_reserve_at_the_end_may_be_missing_and_nothing_else(
    hexadecimal: str, pdu: pdus.Pdu
) -> None:
    whole = bytes.fromhex(hexadecimal)
    spare = 8 if "reserve" in type(pdu).__struct_fields__ else 0
    for end in range(len(whole)):
        frame = len(whole[:end]).to_bytes(4, "big") + whole[4:end]
        if isinstance(pdu, pdus.Deliver) and end in (56, 64):
            assert isinstance(decode(frame), pdus.MislabelledReport)
        elif end >= len(whole) - spare:
            found = decode(frame)
            assert encode(found)[: len(whole) - spare] == whole[: len(whole) - spare]
        else:
            with pytest.raises(RemoteProtocolError):
                decode(frame)


def test_texts_may_be_padded_with_spaces() -> None:
    frame = bytearray(encode(pdus.Deliver(sequence=SP, user_number="8613800138000")))
    frame[20 + 13 : 20 + 21] = b" " * 8
    assert decode(bytes(frame)).user_number == "8613800138000"


def test_a_report_under_delivers_command_is_known_by_its_length() -> None:
    report = next(pdu for _, pdu in GO_SGIP if isinstance(pdu, pdus.Report))
    frame = bytearray(encode(report))
    frame[4:8] = (4).to_bytes(4, "big")
    found = decode(bytes(frame))
    assert isinstance(found, pdus.MislabelledReport)
    assert (found.submit_sequence, found.user_number) == (
        report.submit_sequence,
        report.user_number,
    )
    assert encode(found) == frame


def test_a_node_needs_all_its_32_bits() -> None:
    sequence = 0xFFFFFFFF << 64 | 1231235959 << 32 | 0xFFFFFFFF
    assert decode(encode(pdus.Unbind(sequence=sequence))).sequence == sequence


@given(st.data())
def test_what_is_encoded_decodes_to_the_same(data: st.DataObject) -> None:
    cls = data.draw(st.sampled_from(list(PDUS.values())))
    texts = st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=5)
    values: dict[str, object] = {}
    for name, default in zip(cls.__struct_fields__, cls.__struct_defaults__, strict=True):
        if name == "sequence":
            values[name] = data.draw(st.integers(0, (1 << 96) - 1))
        elif isinstance(default, str):
            values[name] = data.draw(texts)
        elif isinstance(default, int):
            values[name] = data.draw(st.integers(0, 255))
        elif name == "user_numbers":
            values[name] = tuple(data.draw(st.lists(texts, max_size=100)))
        elif name == "content":
            values[name] = data.draw(st.binary(max_size=160))
    pdu = cls(**values)
    assert decode(encode(pdu)) == pdu


@given(
    command=st.sampled_from([*PDUS, 0x00000099, 0x80000099]),
    sequence=st.binary(min_size=12, max_size=12),
    body=st.binary(max_size=300),
)
@example(command=0x80001000, sequence=bytes(12), body=b"\xff\0\0\0\0\0")
@example(command=4, sequence=bytes(12), body=bytes(45) + b"\xff\xff\xff\xff")
def test_random_bodies_raise_nothing_but_remote_errors(
    command: int, sequence: bytes, body: bytes
) -> None:
    size = (20 + len(body)).to_bytes(4, "big")
    try:
        decode(size + command.to_bytes(4, "big") + sequence + body)
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
        ("00000014 00000099" + HEAD, Code.NOT_OFFERED),
        ("00000015 00000002" + HEAD, Code.LENGTH),
        ("00000010 00000002 00000000 00000000", Code.LENGTH),
        ("00000018 00000001" + HEAD + "01646566", Code.LENGTH),
    ],
)
def test_what_is_wrong_is_said_in_sgips_own_words(hexadecimal: str, status: int) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode(bytes.fromhex(hexadecimal))
    assert caught.value.status == status


@pytest.mark.parametrize(
    "pdu",
    [
        pdus.Bind(login_name="x" * 17),
        pdus.Submit(user_numbers=("1" * 22,)),
        pdus.Submit(user_numbers=("1",) * 101),
        pdus.Submit(content=b"x" * 161),
        pdus.Submit(corp_id="966881"),
        pdus.Submit(sp_number="签名"),
        pdus.Submit(priority=256),
        pdus.Report(submit_sequence=b"short"),
        pdus.SubmitResp(reserve="123456789"),
    ],
)
def test_what_does_not_fit_is_our_own_mistake(pdu: pdus.Pdu) -> None:
    with pytest.raises(LocalProtocolError):
        encode(pdu)
