"""The table of leading digits: shipped, edited, asked."""

import pytest

from yunxin.carriers.models import NumberPrefix
from yunxin.carriers.numbers import find_carrier, read_table, remove_prefix, set_prefix
from yunxin.text.phones import PREFIXES, PhoneInvalid
from yunxin.vocabulary import CarrierName

pytestmark = pytest.mark.django_db


def test_the_public_numbering_plan_is_shipped():
    assert read_table() == PREFIXES


def test_a_longer_range_wins_over_a_shorter_one(operator):
    assert find_carrier("13900000001") == CarrierName.MOBILE
    set_prefix(prefix="1390", carrier=CarrierName.TELECOM, by=operator)
    assert find_carrier("139 0000 0001") == CarrierName.TELECOM
    assert find_carrier("13910000001") == CarrierName.MOBILE


def test_setting_a_range_again_changes_it(operator):
    set_prefix(prefix="139", carrier=CarrierName.UNICOM, by=operator)
    assert NumberPrefix.objects.get(pk="139").carrier == CarrierName.UNICOM


def test_a_removed_range_is_unknown(operator):
    remove_prefix(prefix="139", by=operator)
    remove_prefix(prefix="139", by=operator)
    assert find_carrier("13900000001") == CarrierName.UNKNOWN


def test_what_is_no_mobile_number_is_refused():
    with pytest.raises(PhoneInvalid):
        find_carrier("12345")
