"""The fast way to an SMGP submit makes the same bytes as the slow one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.smgp.vectors import GO_SMGP, TEXT
from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.smgp.pdus import Submit, Tag, Version, decode, encode
from yunxin.protocols.smgp.precut import SubmitTemplate
from yunxin.text import segments

PHONE = "13300133000"


def test_the_vector_comes_from_a_template() -> None:
    template = SubmitTemplate("10690001", msg_format=15, service_id="svc1", priority=1)
    assert template.encode(2, PHONE, TEXT).hex() == GO_SMGP[1][0]


@given(
    version=st.sampled_from(Version),
    sequence=st.integers(0, 0xFFFFFFFF),
    numbers=st.lists(st.text("0123456789", max_size=21), min_size=1, max_size=100),
    data=st.binary(max_size=134),
    part=st.none() | st.tuples(st.integers(1, 255), st.integers(1, 255)),
)
def test_a_template_and_the_codec_agree(
    version: Version, sequence: int, numbers: list[str], data: bytes, part: tuple[int, int] | None
) -> None:
    template = SubmitTemplate(
        "1069000112",
        msg_format=8,
        version=version,
        account="96001234",
        service_id="svc1",
        need_report=0,
        priority=3,
        fee_type="01",
        fee_code="000010",
        fixed_fee="000000",
        charge_term_id=PHONE,
        valid_time="261130080000032+",
        link_id="LINK0001",
        tp_pid=1,
    )
    tlvs: dict[int, bytes] = {
        Tag.TP_PID: b"\1",
        Tag.MSG_SRC: b"96001234",
        Tag.LINK_ID: b"LINK0001".ljust(20, b"\0"),
    }
    if part:
        data = segments.header(7, *part) + data
        tlvs |= {
            Tag.TP_UDHI: b"\1",
            Tag.PK_TOTAL: bytes(part[:1]),
            Tag.PK_NUMBER: bytes(part[1:]),
        }
    submit = Submit(
        sequence=sequence,
        need_report=0,
        priority=3,
        service_id="svc1",
        fee_type="01",
        fee_code="000010",
        msg_format=8,
        valid_time="261130080000032+",
        src_term_id="1069000112",
        charge_term_id=PHONE,
        dest_term_ids=tuple(numbers),
        msg_content=data,
        tlvs=tlvs,
    )
    frame = template.encode(sequence, numbers, data, bool(part))
    assert (frame, decode(frame, version)) == (encode(submit, version), submit)
    if len(numbers) == 1:
        assert template.encode(sequence, numbers[0], data, bool(part)) == frame


@pytest.mark.parametrize(
    ("header", "place"),
    [
        (bytes((5, 0, 3, 9, 3, 2)), (3, 2)),
        (bytes((6, 8, 4, 1, 9, 4, 1)), (4, 1)),
        (bytes((3, 1, 1, 0)), (1, 1)),
        (b"\x05\x00\x03", (1, 1)),
    ],
)
def test_the_place_of_a_part_is_read_from_its_header(header: bytes, place: tuple[int, int]) -> None:
    frame = SubmitTemplate("1069", msg_format=4).encode(1, PHONE, header, udhi=True)
    tlvs = decode(frame).tlvs
    assert (tlvs[Tag.PK_TOTAL][0], tlvs[Tag.PK_NUMBER][0]) == place


def test_ascii_has_more_room() -> None:
    SubmitTemplate("1069", msg_format=0).encode(1, PHONE, b"x" * 160)
    with pytest.raises(LocalProtocolError):
        SubmitTemplate("1069", msg_format=8).encode(1, PHONE, b"x" * 141)


@pytest.mark.parametrize(
    ("destination", "data"),
    [(PHONE, b"x" * 161), ("1" * 22, b""), ("1\0", b""), ("签", b""), ([], b"")],
)
def test_what_does_not_fit_is_our_own_mistake(destination: str | list[str], data: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        SubmitTemplate("1069", msg_format=0).encode(1, destination, data)
