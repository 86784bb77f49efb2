"""What is a mainland mobile, and whose it is."""

import pytest

from yunxin.text import phones
from yunxin.vocabulary import CarrierName


@pytest.mark.parametrize(
    "raw",
    [
        "13000000000",
        "+8613000000000",
        "8613000000000",
        "0086 130-0000-0000",
        " 130 0000 0000 ",
        "\u3000130\u00a000000000",
    ],
)
def test_a_number_in_any_dress_becomes_eleven_digits(raw: str) -> None:
    assert phones.normalise(raw) == "13000000000"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "12000000000",
        "1300000000",
        "130000000000",
        "+1 3000000000",
        "１３０００００００００",  # full-width digits
        "1300000000a",
        "+86",
        "86861300000000",
        "13000000000,13000000001",
    ],
)
def test_anything_else_is_refused(raw: str) -> None:
    with pytest.raises(phones.PhoneInvalid):
        phones.normalise(raw)


@pytest.mark.parametrize(
    ("phone", "carrier"),
    [
        ("13400000000", CarrierName.MOBILE),
        ("14800000000", CarrierName.MOBILE),
        ("16500000000", CarrierName.MOBILE),
        ("17050000000", CarrierName.MOBILE),
        ("17080000000", CarrierName.UNICOM),
        ("14600000000", CarrierName.UNICOM),
        ("17000000000", CarrierName.TELECOM),
        ("14900000000", CarrierName.TELECOM),
        ("19200000000", CarrierName.BROADNET),
        ("15400000000", CarrierName.UNKNOWN),
    ],
)
def test_the_longest_prefix_names_the_carrier(phone: str, carrier: CarrierName) -> None:
    assert phones.carrier_of(phone) == carrier


def test_a_masked_number_keeps_its_ends() -> None:
    assert phones.mask("13012345678") == "130****5678"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("13012345678, 张三", "130****5678, 张三"),
        ("130 1234 5678 or 130-1234-5678", "130****5678 or 130****5678"),
        ("+8613012345678", "+86130****5678"),
        ("13012345678,13112345678", "130****5678,131****5678"),
        ("1301234", "1301234"),
        ("order 130123456789", "order 130123456789"),
        ("", ""),
    ],
)
def test_every_number_in_a_text_is_masked(text: str, masked: str) -> None:
    assert phones.mask_all(text) == masked
