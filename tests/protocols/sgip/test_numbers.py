"""The 12 bytes of a sequence number: whose, when, which."""

from datetime import UTC, datetime

import pytest

from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.sgip.numbers import Numbers, Parts, join, message_id, node_of, take_apart

NODE = 3037196688
ZERO = datetime(2026, 10, 21, 19, 4, 5, tzinfo=UTC)  # in Beijing 03:04:05 on the next day


def test_a_number_is_made_of_node_time_and_count_and_is_the_messages_id() -> None:
    number = join(NODE, 1022030405, 1)
    assert take_apart(number) == Parts(NODE, 1022030405, 1)
    assert message_id(number) == "b507f1903ceaf24500000001"
    assert message_id(join(1010001, 1022030410, 9)) == "000f69513ceaf24a00000009"


def test_a_providers_node_holds_its_area_and_company_codes() -> None:
    assert node_of("371", "96688") == node_of("0371", "96688") == NODE
    for area, corp in (("03711", "96688"), ("0371", "x"), ("", "966888")):
        with pytest.raises(LocalProtocolError):
            node_of(area, corp)
    with pytest.raises(LocalProtocolError):
        Numbers(1 << 32, ZERO)


def test_the_time_is_beijings_and_goes_with_now() -> None:
    numbers = Numbers(NODE, ZERO)
    assert take_apart(numbers.next(0.0)) == Parts(NODE, 1022030405, 1)
    assert take_apart(numbers.next(0.9)) == Parts(NODE, 1022030405, 2)
    assert take_apart(numbers.next(55.0)) == Parts(NODE, 1022030500, 3)
    new_year = Numbers(NODE, datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    assert take_apart(new_year.next(0.0)).time == 101000000  # January loses its leading zero


def test_the_count_wraps_and_no_number_comes_twice() -> None:
    numbers = Numbers(NODE, ZERO, first=0xFFFFFFFF)
    given = [numbers.next(0.0) for _ in range(3)]
    assert [take_apart(one).counter for one in given] == [0xFFFFFFFF, 0, 1]
    assert len(set(given)) == 3
