"""The number that says how a message of a Chinese gateway is written."""

import pytest

from yunxin.protocols.events import Alphabet
from yunxin.protocols.formats import FORMATS, alphabet_of


@pytest.mark.parametrize(
    ("number", "alphabet"),
    [
        (0, Alphabet.ASCII),
        (3, Alphabet.BINARY),
        (4, Alphabet.BINARY),
        (8, Alphabet.UCS2),
        (15, Alphabet.GBK),
        (0x10, Alphabet.ASCII),  # shown at once
        (0x18, Alphabet.UCS2),
        (25, Alphabet.UCS2),
        (0x14, Alphabet.BINARY),
        (246, Alphabet.BINARY),
        (99, Alphabet.BINARY),
    ],
)
def test_a_format_names_its_alphabet(number: int, alphabet: Alphabet) -> None:
    assert alphabet_of(number) is alphabet


def test_what_we_send_reads_back() -> None:
    assert all(alphabet_of(number) is alphabet for alphabet, number in FORMATS.items())
