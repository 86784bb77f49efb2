"""The digests of the log-in, against other implementations' and hashlib's."""

from datetime import UTC, datetime

import pytest

from tests.protocols.smgp.vectors import (
    CLIENT_DIGEST,
    SERVER_DIGEST,
    SERVER_DIGEST_OF_ONE_BYTE,
)
from yunxin.protocols.digest import hashed, is_server, timestamp_of
from yunxin.protocols.smgp import auth

NAME, SECRET, TIME = "10690001", "shared01", 1022030405
CLIENT = bytes.fromhex(CLIENT_DIGEST)


def test_the_clients_digest_is_the_one_of_another_implementation() -> None:
    assert auth.LoginProof.digest_of(NAME.encode(), SECRET, TIME).hex() == CLIENT_DIGEST


def test_the_servers_digest_is_the_specifications() -> None:
    assert auth.server_digest(0, CLIENT, SECRET).hex() == SERVER_DIGEST


@pytest.mark.parametrize("digest", [SERVER_DIGEST, SERVER_DIGEST_OF_ONE_BYTE])
def test_a_carrier_may_hash_its_status_in_either_width(digest: str) -> None:
    assert is_server(bytes.fromhex(digest), 0, CLIENT, NAME, SECRET)
    assert not is_server(bytes.fromhex(digest), 0, CLIENT, NAME, "other")
    assert not is_server(bytes.fromhex(digest), 70_000, CLIENT, NAME, SECRET)


def test_a_carrier_may_hash_the_name_in_place_of_the_digest() -> None:
    theirs = hashed(b"\0" + NAME.encode() + SECRET.encode())
    assert is_server(theirs, 0, CLIENT, NAME, SECRET)
    assert not is_server(bytes(16), 0, CLIENT, NAME, SECRET)


@pytest.mark.parametrize("month", [1, 10])
def test_the_time_is_beijings_with_all_its_ten_digits(month: int) -> None:
    moment = datetime(2026, month, 21, 19, 4, 5, tzinfo=UTC)
    number = timestamp_of(moment)
    assert number == month * 100_000_000 + 22_030405
    expected = hashed(NAME.encode() + bytes(7) + SECRET.encode() + f"{number:010}".encode())
    assert auth.LoginProof.digest_of(NAME.encode(), SECRET, number) == expected


@pytest.mark.parametrize("hashed", [b"1069", b"1069\0\0\0\0"])
def test_a_short_name_may_be_hashed_with_or_without_its_padding(hashed: bytes) -> None:
    proof = auth.LoginProof("1069", auth.LoginProof.digest_of(hashed, SECRET, TIME), TIME)
    assert proof.made_with(SECRET)
    assert not proof.made_with("other")
