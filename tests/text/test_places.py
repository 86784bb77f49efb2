"""Seven digits say where a number is from, in 700 kB."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.text.places import HEAD_FIRST, HEAD_LAST, NOWHERE, SIZE_BYTES, Place, PlaceMap, pack
from yunxin.vocabulary import CarrierName, Province

heads = st.integers(HEAD_FIRST, HEAD_LAST)
provinces = st.sampled_from(list(Province))
carriers = st.sampled_from(["", "mobile", "unicom", "telecom", "broadnet"])


@given(st.dictionaries(heads, st.tuples(provinces, carriers), max_size=30), heads)
def test_what_is_packed_is_found_and_nothing_else(
    table: dict[int, tuple[Province, str]], other: int
) -> None:
    cells = pack((str(head), str(p), c) for head, (p, c) in table.items())
    places = PlaceMap(cells)
    assert bool(places) == bool(table)
    for head, (province, carrier) in table.items():
        found = places.find(f"{head}0001")
        assert found == (province, CarrierName(carrier) if carrier else None)
    if other not in table:
        assert places.find(f"{other}9999") == NOWHERE


def test_the_whole_table_is_as_large_as_it_says() -> None:
    cells = pack((str(head), "hainan", "mobile") for head in (HEAD_FIRST, HEAD_LAST))
    assert len(cells) == SIZE_BYTES == 700_000
    places = PlaceMap(cells)
    assert places.find("13000000001") == Place("hainan", CarrierName.MOBILE)
    assert places.find("19999990001") == Place("hainan", CarrierName.MOBILE)


def test_words_of_another_version_count_as_unknown() -> None:
    places = PlaceMap(pack([("1380000", "atlantis", "nautilus")]))
    assert places.find("13800000001") == NOWHERE
    assert PlaceMap(bytes([255]) * SIZE_BYTES).find("13800000001").carrier is None


def test_bytes_that_are_no_table_are_refused() -> None:
    with pytest.raises(ValueError):
        PlaceMap(b"x")
    with pytest.raises(ValueError):
        pack([("1299999", "hainan", "")])
