"""The template gives the same bytes as the codec."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.cmpp.vectors import CONTENT, SUBMIT, V20, V30
from yunxin.protocols.cmpp.pdus import Version, decode, encode
from yunxin.protocols.cmpp.precut import SubmitTemplate
from yunxin.protocols.errors import LocalProtocolError
from yunxin.text import segments

ONE = msgspec.structs.replace(SUBMIT, dest_terminal_ids=("13800138000",))


def template(version: Version, msg_fmt: int = 8) -> SubmitTemplate:
    return SubmitTemplate(
        "10690001",
        version=version,
        account="900001",
        msg_fmt=msg_fmt,
        service_id="svc1",
        msg_level=1,
    )


@pytest.mark.parametrize("version", Version)
def test_it_is_the_codecs_frame(version: Version) -> None:
    assert template(version).encode(2, "13800138000", CONTENT) == encode(ONE, version)


@given(
    st.sampled_from(list(Version)),
    st.integers(0, 0xFFFFFFFF),
    st.text("0123456789", max_size=21),
    st.binary(max_size=140),
)
def test_it_is_the_codecs_frame_whatever_is_sent(
    version: Version, sequence: int, phone: str, data: bytes
) -> None:
    pdu = msgspec.structs.replace(
        ONE, sequence=sequence, dest_terminal_ids=(phone,), msg_content=data
    )
    assert template(version).encode(sequence, phone, data) == encode(pdu, version)


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(
    ("header", "place"),
    [
        (segments.header(7, 3, 2), (3, 2)),
        (bytes.fromhex("060804010a0502"), (5, 2)),
        (bytes.fromhex("0605040b8423f0"), (1, 1)),  # ports only: not a part
        (b"\x05\x00\x03", (1, 1)),
    ],
)
def test_the_place_of_a_part_follows_its_header(
    version: Version, header: bytes, place: tuple[int, int]
) -> None:
    frame = template(version).encode(2, "13800138000", header + b"\x6d\x4b", udhi=True)
    assert decode(frame, version) == msgspec.structs.replace(
        ONE,
        pk_total=place[0],
        pk_number=place[1],
        tp_udhi=1,
        msg_content=header + b"\x6d\x4b",
    )


def test_every_option_finds_its_field() -> None:
    cut = SubmitTemplate(
        "10690001",
        version=V30,
        account="900001",
        msg_fmt=0,
        service_id="svc",
        registered_delivery=0,
        msg_level=9,
        fee_user_type=3,
        fee_terminal_id="13900139000",
        fee_type="02",
        fee_code="000010",
        tp_pid=64,
        valid_time="261123080000032+",
        link_id="LINK0001",
    )
    pdu = decode(cut.encode(1, "1", b"x"), V30)
    assert (pdu.registered_delivery, pdu.msg_level, pdu.fee_user_type) == (0, 9, 3)
    assert (pdu.fee_terminal_id, pdu.fee_type, pdu.fee_code) == ("13900139000", "02", "000010")
    assert (pdu.tp_pid, pdu.valid_time, pdu.link_id) == (64, "261123080000032+", "LINK0001")


@pytest.mark.parametrize(("msg_fmt", "size_max"), [(0, 160), (8, 140), (15, 140), (4, 140)])
def test_a_message_has_its_bounds(msg_fmt: int, size_max: int) -> None:
    cut = template(V20, msg_fmt)
    assert len(cut.encode(1, "1", bytes(size_max))) == 12 + 126 + 21 + size_max
    with pytest.raises(LocalProtocolError):
        cut.encode(1, "1", bytes(size_max + 1))


@pytest.mark.parametrize("version", Version)
def test_a_destination_has_its_bounds(version: Version) -> None:
    size = {V20: 21, V30: 32}[version]
    assert decode(template(version).encode(1, "1" * size, b""), version).dest_terminal_ids
    for wrong in ("1" * (size + 1), "1\0"):
        with pytest.raises(LocalProtocolError):
            template(version).encode(1, wrong, b"")
