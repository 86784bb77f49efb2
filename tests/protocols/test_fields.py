"""Declared fields become the bytes of the specification, for protocols of other shapes too."""

from typing import Annotated

import msgspec
import pytest

from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError
from yunxin.protocols.fields import (
    U8,
    U16,
    U32,
    Counted,
    Octets,
    PaddedText,
    Repeated,
    Reserve,
    TlvMap,
    UInt,
    Varies,
    compile_body,
    padded_item,
)


class Connect(msgspec.Struct, frozen=True, kw_only=True):
    """CMPP V3.0 CONNECT: fixed fields only."""

    sequence: int = 0
    status: int = 0
    source: Annotated[str, PaddedText(6)] = ""
    authenticator: Annotated[bytes, Octets(16)] = bytes(16)
    version: U8 = 0x20
    timestamp: U32 = 0


class Mixed(msgspec.Struct, frozen=True, kw_only=True):
    """What CMPP and SMGP end with: a counted text, a fixed field behind it, then parameters."""

    sequence: int = 0
    status: int = 0
    message_id: Annotated[int, UInt(8)] = 0
    number: Annotated[str, PaddedText(21)] = ""
    content: Annotated[bytes, Counted(1, 140)] = b""
    reserve: U16 = 0
    tlvs: TlvMap = {}


# A CONNECT made by gocmpp (Apache-2.0): user 900001, secret 888888, timestamp 1022030405.
CONNECT_HEADER_SIZE = 12
CONNECT = bytes.fromhex(
    "0000002700000001000000013930303030311a850435eeef4238acacab0c86e59523203ceaf245"
)


def test_a_connect_of_cmpp_is_the_one_of_another_implementation() -> None:
    connect = Connect(
        sequence=1,
        source="900001",
        authenticator=bytes.fromhex("1a850435eeef4238acacab0c86e59523"),
        timestamp=1022030405,
    )
    body = compile_body(Connect)
    assert body.encode(connect) == CONNECT[CONNECT_HEADER_SIZE:]
    assert body.decode(CONNECT, CONNECT_HEADER_SIZE, 1, 0) == connect


def test_fields_of_every_kind_go_there_and_back() -> None:
    mixed = Mixed(
        message_id=0xB2B9DA8000010000,
        number="13800138000",
        content=b"hello",
        reserve=7,
        tlvs={1: b"\0", 9: b"\2"},
    )
    body = compile_body(Mixed)
    frame = body.encode(mixed)
    assert frame.hex() == (
        "b2b9da8000010000" + b"13800138000".ljust(21, b"\0").hex() + "0568656c6c6f0007"
        "0001000100" + "0009000102"
    )
    assert body.decode(frame, 0, 0, 0) == mixed


def test_padding_with_spaces_or_rubbish_behind_the_nul_is_taken_off() -> None:
    frame = b"9001\0x" + bytes(21)
    assert compile_body(Connect).decode(frame, 0, 0, 0).source == "9001"
    frame = b"9001  " + bytes(21)
    assert compile_body(Connect).decode(frame, 0, 0, 0).source == "9001"


@pytest.mark.parametrize("end", range(5 + 8 + 21 + 1))
def test_a_body_cut_short_is_the_peers_mistake(end: int) -> None:
    body = compile_body(Mixed)
    frame = body.encode(Mixed(content=b"hello"))[:end]
    with pytest.raises(RemoteProtocolError, match="Mixed is cut short"):
        body.decode(frame, 0, 0, 0)


@pytest.mark.parametrize(
    "tlvs", ["00", "000100", "0001000201", "00010001ff0002"], ids=lambda tlvs: str(tlvs)
)
def test_parameters_cut_short_are_the_peers_mistake(tlvs: str) -> None:
    body = compile_body(Mixed)
    with pytest.raises(RemoteProtocolError):
        body.decode(body.encode(Mixed()) + bytes.fromhex(tlvs), 0, 0, 0)


def test_of_a_repeated_parameter_the_first_counts() -> None:
    body = compile_body(Mixed)
    frame = body.encode(Mixed()) + bytes.fromhex("00010001aa 00010001bb")
    assert body.decode(frame, 0, 0, 0).tlvs == {1: b"\xaa"}


@pytest.mark.parametrize(
    "value",
    [
        Connect(source="1234567"),
        Connect(authenticator=b"short"),
        Connect(version=256),
        Connect(timestamp=-1),
        Connect(source="签"),
    ],
)
def test_values_that_do_not_fit_are_our_own_mistake(value: Connect) -> None:
    with pytest.raises(LocalProtocolError):
        compile_body(Connect).encode(value)


def test_a_counted_field_has_a_limit() -> None:
    with pytest.raises(LocalProtocolError, match="content must have at most 140 bytes"):
        compile_body(Mixed).encode(Mixed(content=bytes(141)))


class Many(msgspec.Struct, frozen=True, kw_only=True):
    """What a message to many has: numbers behind their count; and a status of its own."""

    sequence: int = 0
    numbers: Annotated[tuple[str, ...], Repeated(1, 2, padded_item(4))] = ()
    status: U8 = 0


def test_numbers_of_a_fixed_size_stand_behind_their_count() -> None:
    body, many = compile_body(Many), Many(sequence=7, numbers=("12", "1234"), status=9)
    assert body.encode(many) == b"\x0212\0\x001234\x09"
    assert body.decode(body.encode(many), 0, 7, 0) == many
    with pytest.raises(LocalProtocolError):
        body.encode(Many(numbers=("12345",)))
    with pytest.raises(LocalProtocolError):
        body.encode(Many(numbers=("1", "2", "3")))
    with pytest.raises(RemoteProtocolError):
        body.decode(b"\x0212\0\x00123", 0, 7, 0)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What SGIP answers with: no status in the header, a reserve that some leave out."""

    sequence: int = 0
    result: U8 = 0
    reserve: Annotated[str, Reserve(8)] = ""


@pytest.mark.parametrize("end", range(10))
def test_a_reserve_may_be_missing_or_cut_short(end: int) -> None:
    body = compile_body(Answer)
    whole = body.encode(Answer(result=3, reserve="linkid"))
    assert whole == b"\x03linkid\0\0"
    if end:
        found = body.decode(whole[:end], 0, 7, 0)
        assert found == Answer(sequence=7, result=3, reserve="linkid"[: end - 1])
    else:
        with pytest.raises(RemoteProtocolError):
            body.decode(b"", 0, 7, 0)


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """What two versions of a protocol write differently."""

    sequence: int = 0
    number: Annotated[str, Varies((PaddedText(2), PaddedText(4)))] = ""
    kind: Annotated[int, Varies((None, UInt(1)))] = 7
    result: Annotated[int, Varies((UInt(1), UInt(4)))] = 0


def test_a_version_has_its_own_sizes_and_fields() -> None:
    old, new = compile_body(Versions), compile_body(Versions, 1)
    value = Versions(sequence=1, number="12", kind=9, result=3)
    assert old.encode(value) == b"12\x03"
    assert new.encode(value) == b"12\0\0\x09\0\0\0\x03"
    assert old.decode(b"12\x03", 0, 1, 0) == msgspec.structs.replace(value, kind=7)
    assert new.decode(new.encode(value), 0, 1, 0) == value
