"""What a phone shows of a message, and the number that it has, whatever the protocol."""

import pytest

from yunxin.protocols.events import Alphabet
from yunxin.simulator.gateways import base


@pytest.mark.parametrize(
    ("data", "alphabet", "text"),
    [
        (b"Hi\x1b\x65", Alphabet.GSM7, "Hi€"),
        ("你好😀".encode("utf-16-be"), Alphabet.UCS2, "你好😀"),
        ("你好".encode("gb18030"), Alphabet.GBK, "你好"),
        (b"caf\xe9", Alphabet.LATIN1, "café"),
        (b"caf\xe9", Alphabet.ASCII, "caf\ufffd"),
        (b"\x00\xff", Alphabet.BINARY, "00 ff"),
    ],
)
def test_texts_are_shown_in_their_alphabet(data: bytes, alphabet: Alphabet, text: str) -> None:
    assert base.text_of(data, alphabet) == text


@pytest.mark.parametrize(
    ("address", "phone"),
    [
        ("13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("+8613800138000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("4412345", "4412345"),
        ("", ""),
    ],
)
def test_the_phone_is_found_behind_its_prefix(address: str, phone: str) -> None:
    assert base.plain(address) == phone
