import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.engine.wire import REFERENCES_MAX, TEMPLATES_MAX, References, Wire
from yunxin.protocols.concat import split_header
from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.events import Alphabet
from yunxin.protocols.smpp.pdus import decode
from yunxin.protocols.smpp.precut import DATA_CODINGS, SubmitTemplate
from yunxin.text import alphabets, segments

PHONE = "13800000100"


def wire(short: Alphabet | None = None) -> Wire:
    def template(source: str, alphabet: Alphabet) -> SubmitTemplate:
        return SubmitTemplate(source, data_coding=DATA_CODINGS[alphabet])

    return Wire("10690000", template, short=short)


def joined(parts: list[bytes], alphabet: Alphabet) -> str:
    data = b"".join(split_header(part)[1] if len(parts) > 1 else part for part in parts)
    read = alphabets.decode_gsm7 if alphabet is Alphabet.GSM7 else alphabets.decode_ucs2
    return read(data)


@given(st.text(st.characters(codec="utf-8"), max_size=400))
def test_the_parts_are_the_segments_that_were_paid_and_say_the_text(text: str) -> None:
    parts = list(wire().parts(text, PHONE, Alphabet.UCS2))
    assert len(parts) == segments.count(text)
    assert all(len(part) <= 140 for part in parts)
    assert joined(parts, Alphabet.UCS2) == text


@given(st.text(st.sampled_from("abc XYZ 09 €[]{}^~|\\@£é"), max_size=400))
def test_seven_bits_are_cut_in_the_same_places(text: str) -> None:
    parts = list(wire().parts(text, PHONE, Alphabet.GSM7))
    assert len(parts) == segments.count(text)
    assert all(len(part) <= 140 for part in parts)
    assert joined(parts, Alphabet.GSM7) == text


def test_a_long_text_has_headers_that_belong_together() -> None:
    parts = wire().parts("云" * 150, PHONE, Alphabet.UCS2)
    places = [split_header(part)[0] for part in parts]
    assert [(p.total, p.number) for p in places if p] == [(3, 1), (3, 2), (3, 3)]
    assert len({p.reference for p in places if p}) == 1


def test_a_senders_number_is_never_cut() -> None:
    assert wire().template("1" * 12, Alphabet.UCS2)
    with pytest.raises(LocalProtocolError):
        wire().template("1" * 13, Alphabet.UCS2)


def test_the_reference_counts_for_each_phone_by_itself() -> None:
    references = References()
    first, other = references.next(PHONE), references.next("13900000100")
    assert references.next(PHONE) == (first + 1) & 0xFF
    assert references.next("13900000100") == (other + 1) & 0xFF


def test_so_many_phones_are_remembered_and_not_more() -> None:
    references = References()
    for number in range(REFERENCES_MAX + 10):
        references.next(str(number))
    assert len(references._last) <= REFERENCES_MAX


@pytest.mark.parametrize(
    ("short", "text", "alphabet"),
    [
        (None, "plain", Alphabet.UCS2),
        (Alphabet.GSM7, "plain £", Alphabet.GSM7),
        (Alphabet.GSM7, "【云】plain", Alphabet.UCS2),
        (Alphabet.ASCII, "plain $", Alphabet.ASCII),
        (Alphabet.ASCII, "plain £", Alphabet.UCS2),
    ],
)
def test_the_alphabet_is_the_channels_setting(
    short: Alphabet | None, text: str, alphabet: Alphabet
) -> None:
    assert wire(short).alphabet_of(text) is alphabet


def test_the_sender_is_the_access_number_with_the_extension() -> None:
    frame = wire().template("77", Alphabet.UCS2).encode(1, "86" + PHONE, b"")
    assert decode(frame).source_addr == "1069000077"


def test_so_many_templates_are_kept_and_not_more() -> None:
    many = wire()
    assert many.template("1", Alphabet.UCS2) is many.template("1", Alphabet.UCS2)
    for extension in range(TEMPLATES_MAX + 10):
        many.template(str(extension), Alphabet.UCS2)
    assert len(many._templates) <= TEMPLATES_MAX
