"""User data headers: walked, never trusted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.protocols.concat import Part, checked_part, split_header
from yunxin.text import segments


@pytest.mark.parametrize(
    ("hexadecimal", "part", "rest"),
    [
        ("050003140201 6869", Part(0x14, 2, 1), "6869"),
        ("06080401020302 6869", Part(0x0102, 3, 2), "6869"),
        ("0b 0504 1581 0000 0003 070302 6869", Part(7, 3, 2), "6869"),  # ports before it
        ("0a 01 00 0003 070303 02 01 00 6869", Part(7, 3, 3), "6869"),  # an empty element before
        ("050003140203 6869", None, "6869"),  # number 3 of 2
        ("050003140000 6869", None, "6869"),  # number 0
        ("050003ffffff 6869", Part(255, 255, 255), "6869"),
        ("060804ffffffff 6869", Part(0xFFFF, 255, 255), "6869"),
        ("04 0003 0702 6869", None, "6869"),  # the element runs past the header
        ("02 7000 6869", None, "6869"),  # something else
        ("00 6869", None, "6869"),  # a header of nothing
        ("ff 6869", None, "ff6869"),  # a header longer than the message
        ("", None, ""),
        ("00", None, ""),
    ],
)
def test_the_header_is_taken_off(hexadecimal: str, part: Part | None, rest: str) -> None:
    assert split_header(bytes.fromhex(hexadecimal)) == (part, bytes.fromhex(rest))


@pytest.mark.parametrize(
    "numbers",
    [(1 << 16, 2, 1), (1 << 900, 2, 1), (1, 256, 1), (1, 1 << 900, 2), (1, 0, 0), (1, 2, 3)],
)
def test_a_part_that_cannot_be_is_none(numbers: tuple[int, int, int]) -> None:
    """SMPP's sar_* parameters say their own sizes, up to 64 KiB each."""
    assert checked_part(*numbers) is None


@given(st.binary(max_size=160))
def test_no_bytes_are_fatal_and_none_are_invented(data: bytes) -> None:
    _, rest = split_header(data)
    assert data.endswith(rest)


def test_the_header_we_write_is_the_header_we_read() -> None:
    assert split_header(segments.header(300, 3, 2) + b"x") == (Part(300 & 0xFF, 3, 2), b"x")
