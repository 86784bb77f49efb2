"""The fast way to an SGIP submit makes the same bytes as the slow one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.sgip.vectors import GO_SGIP, SP, TEXT
from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.sgip.pdus import Submit, decode, encode
from yunxin.protocols.sgip.precut import SubmitTemplate

PHONE = "8613800138000"


def test_the_vector_comes_from_a_template() -> None:
    template = SubmitTemplate("10655001", data_coding=8, corp_id="96688", service_type="svc")
    (frame,) = (hexadecimal for hexadecimal, pdu in GO_SGIP if isinstance(pdu, Submit))
    assert template.encode(SP, PHONE, TEXT).hex() == frame


@given(
    sequence=st.integers(0, (1 << 96) - 1),
    numbers=st.lists(st.text("0123456789", max_size=21), min_size=1, max_size=100),
    data=st.binary(max_size=140),
    udhi=st.booleans(),
    pid=st.integers(0, 255),
)
def test_a_template_and_the_codec_agree(
    sequence: int, numbers: list[str], data: bytes, udhi: bool, pid: int
) -> None:
    template = SubmitTemplate(
        "1065500112",
        data_coding=15,
        corp_id="96688",
        service_type="svc",
        charge_number="8613800138000",
        fee_type=2,
        fee_value="10",
        given_value="5",
        agent_flag=1,
        mt_flag=1,
        priority=9,
        report_flag=0,
        tp_pid=pid,
        expire_time="261130080000032+",
    )
    submit = Submit(
        sequence=sequence,
        sp_number="1065500112",
        charge_number="8613800138000",
        user_numbers=tuple(numbers),
        corp_id="96688",
        service_type="svc",
        fee_type=2,
        fee_value="10",
        given_value="5",
        agent_flag=1,
        mt_flag=1,
        priority=9,
        expire_time="261130080000032+",
        report_flag=0,
        tp_pid=pid,
        tp_udhi=int(udhi),
        message_coding=15,
        content=data,
    )
    frame = template.encode(sequence, numbers, data, udhi)
    assert (frame, decode(frame)) == (encode(submit), submit)
    if len(numbers) == 1:
        assert template.encode(sequence, numbers[0], data, udhi) == frame


@pytest.mark.parametrize(
    ("destination", "data"),
    [(PHONE, b"x" * 141), ("1" * 22, b""), ("签", b""), ([], b""), ([PHONE] * 101, b"")],
)
def test_what_does_not_fit_is_our_own_mistake(destination: str | list[str], data: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        SubmitTemplate("1065", data_coding=8).encode(SP, destination, data)


def test_ascii_has_more_room() -> None:
    template = SubmitTemplate("1065", data_coding=0)
    assert decode(template.encode(SP, PHONE, b"x" * 160)).content == b"x" * 160
    with pytest.raises(LocalProtocolError):
        template.encode(SP, PHONE, b"x" * 161)
