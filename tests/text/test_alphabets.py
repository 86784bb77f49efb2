"""GSM 7-bit and UCS-2, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.text import alphabets


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("Hello", "48656c6c6f"),
        ("@£$", "000102"),
        ("{€}", "1b281b651b29"),
        ("ÄÖÑÜ§", "5b5c5d5e5f"),
        ("Δ_ΦΓ", "10111213"),
    ],
)
def test_gsm7_bytes(text: str, data: str) -> None:
    assert alphabets.is_gsm7(text)
    assert alphabets.encode_gsm7(text).hex() == data
    assert alphabets.decode_gsm7(bytes.fromhex(data)) == text


def test_what_is_not_in_the_alphabet_is_refused() -> None:
    assert not alphabets.is_gsm7("验证码")
    with pytest.raises(ValueError, match="not in the GSM"):
        alphabets.encode_gsm7("a\x1b")


@given(st.binary(max_size=200))
def test_any_bytes_become_text(data: bytes) -> None:
    alphabets.decode_gsm7(data)
    alphabets.decode_ucs2(data)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_ucs2_comes_back(text: str) -> None:
    assert alphabets.decode_ucs2(alphabets.encode_ucs2(text)) == text


def test_half_a_pair_is_sent_as_the_replacement_character() -> None:
    assert alphabets.encode_ucs2("a\ud83d") == "a\ufffd".encode("utf-16-be")
