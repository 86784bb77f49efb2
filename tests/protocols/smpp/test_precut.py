"""The fast way makes the same bytes as the plain one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.events import Alphabet
from yunxin.protocols.smpp.pdus import SubmitSm, Tag, encode
from yunxin.protocols.smpp.precut import DATA_CODINGS, SubmitTemplate, alphabet_of
from yunxin.text import alphabets, segments

digits = st.text("0123456789", max_size=20)


@given(
    source=digits,
    destination=digits,
    data=st.binary(max_size=300),
    udhi=st.booleans(),
    service_type=st.text("ABC", max_size=5),
    coding=st.integers(0, 255),
    validity=st.sampled_from(["", "000001000000000R"]),
)
def test_a_template_and_the_codec_agree(
    source: str,
    destination: str,
    data: bytes,
    udhi: bool,
    service_type: str,
    coding: int,
    validity: str,
) -> None:
    template = SubmitTemplate(
        source,
        data_coding=coding,
        source_ton=5,
        dest_npi=8,
        priority=2,
        service_type=service_type,
        validity_period=validity,
    )
    long = len(data) > 254
    plain = SubmitSm(
        sequence=9,
        service_type=service_type,
        source_addr_ton=5,
        source_addr=source,
        dest_addr_ton=1,
        dest_addr_npi=8,
        destination_addr=destination,
        esm_class=0x40 if udhi else 0,
        priority_flag=2,
        validity_period=validity,
        registered_delivery=1,
        data_coding=coding,
        short_message=b"" if long else data,
        tlvs={Tag.MESSAGE_PAYLOAD: data} if long else {},
    )
    assert template.encode(9, destination, data, udhi) == encode(plain)


@pytest.mark.parametrize(
    ("destination", "data"), [("1" * 21, b""), ("1\0", b""), ("1", bytes(65_536))]
)
def test_what_does_not_fit_is_our_own_mistake(destination: str, data: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        SubmitTemplate("1", data_coding=0).encode(1, destination, data)


@pytest.mark.parametrize(
    ("data_coding", "alphabet"),
    [
        (0, Alphabet.GSM7),
        (1, Alphabet.ASCII),
        (3, Alphabet.LATIN1),
        (4, Alphabet.BINARY),
        (8, Alphabet.UCS2),
        (15, Alphabet.GBK),
        (0x10, Alphabet.GSM7),  # class 0: shown at once
        (0x18, Alphabet.UCS2),
        (0x14, Alphabet.BINARY),
        (0xF1, Alphabet.GSM7),
        (0xF5, Alphabet.BINARY),
        (9, Alphabet.BINARY),
        (0xC8, Alphabet.BINARY),
    ],
)
def test_the_alphabet_of_a_data_coding(data_coding: int, alphabet: Alphabet) -> None:
    assert alphabet_of(data_coding) is alphabet


def test_every_alphabet_has_a_data_coding() -> None:
    assert all(alphabet_of(DATA_CODINGS[alphabet]) is alphabet for alphabet in Alphabet)


@given(st.text(max_size=300))
def test_a_price_of_n_segments_makes_n_parts_that_fit(text: str) -> None:
    parts = segments.split(text)
    assert len(parts) == segments.count(text)
    header = segments.HEADER_OCTETS if len(parts) > 1 else 0
    assert all(len(alphabets.encode_ucs2(part)) + header <= 140 for part in parts)
