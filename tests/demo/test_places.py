"""The demo's places: made up, marked so, and made once."""

import pytest

from yunxin.carriers import places
from yunxin.carriers.models import NumberPlace, PlaceTable
from yunxin.demo.places import make_places
from yunxin.vocabulary import Province

pytestmark = pytest.mark.django_db


def test_they_are_marked_and_nothing_that_is_there_is_touched():
    make_places()
    table = PlaceTable.objects.get()
    assert (table.rows, table.is_made_up) == (10_000, True)
    assert set(places.count_places()) == set(Province)
    row = NumberPlace.objects.get(head="1380000")
    assert places.read_map().find("13800000001").province == row.province
    make_places()
    assert PlaceTable.objects.get().version == table.version
