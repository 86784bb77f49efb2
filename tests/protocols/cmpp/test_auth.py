"""The digests of the log-in, against those that another implementation made."""

from datetime import UTC, datetime
from hashlib import md5

import pytest

from tests.protocols.cmpp.vectors import (
    ACCOUNT,
    CLIENT,
    SECRET,
    SERVER_20,
    SERVER_30,
    TIMESTAMP,
    V20,
    V30,
)
from yunxin.protocols.cmpp.auth import ConnectProof, server_digest
from yunxin.protocols.digest import is_server, timestamp_of


def test_the_clients_digest() -> None:
    assert ConnectProof.digest_of(b"900001", SECRET, TIMESTAMP) == CLIENT


def test_the_servers_digest_in_each_version() -> None:
    assert server_digest(0, CLIENT, SECRET, V20) == SERVER_20
    assert server_digest(0, CLIENT, SECRET, V30) == SERVER_30


def test_the_time_is_beijings() -> None:
    assert timestamp_of(datetime(2026, 10, 21, 19, 4, 5, tzinfo=UTC)) == TIMESTAMP
    # A month below ten: the number on the wire is one digit shorter, the hashed text is not.
    january = timestamp_of(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert january == 102110405
    proof = ConnectProof(ACCOUNT, ConnectProof.digest_of(b"900001", SECRET, january), january)
    assert proof.made_with(SECRET)
    assert proof.digest == md5(b"900001" + bytes(9) + b"888888" + b"0102110405").digest()


def test_a_proof_fits_its_own_secret_only() -> None:
    proof = ConnectProof(ACCOUNT, CLIENT, TIMESTAMP)
    assert proof.made_with(SECRET)
    assert not proof.made_with("888889")
    assert not ConnectProof(ACCOUNT, CLIENT, TIMESTAMP + 1).made_with(SECRET)
    assert not ConnectProof("900002", CLIENT, TIMESTAMP).made_with(SECRET)


def test_a_short_name_may_be_hashed_with_its_padding() -> None:
    for name in (b"9001", b"9001\0\0"):
        digest = ConnectProof.digest_of(name, SECRET, TIMESTAMP)
        assert ConnectProof("9001", digest, TIMESTAMP).made_with(SECRET)


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("middle", [CLIENT, b"900001"])
def test_every_way_in_which_carriers_hash_is_known(size: int, middle: bytes) -> None:
    digest = md5(bytes(size) + middle + SECRET.encode()).digest()
    assert is_server(digest, 0, CLIENT, ACCOUNT, SECRET)
    assert not is_server(digest, 0, CLIENT, ACCOUNT, "888889")
    assert not is_server(bytes(16), 0, CLIENT, ACCOUNT, SECRET)
