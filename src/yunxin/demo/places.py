"""Where the demo's numbers are from: made up by a rule, and marked so. None of it is true.

The ten thousand heads that begin with 138 are dealt out to the provinces ten at a time.
"""

from django.db import connection

from yunxin.carriers import places
from yunxin.vocabulary import Province

_MAKE = (
    "INSERT INTO carriers_numberplace (head, province, city, carrier)"
    " SELECT head, (%s::text[])[1 + head / 10 %% cardinality(%s::text[])], '', ''"
    " FROM generate_series(1380000, 1389999) AS head ON CONFLICT DO NOTHING"
)


def make_places() -> None:
    """Make the table where there is none."""
    if places.read_table() is not None:
        return
    provinces = list(map(str, Province))
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, [provinces, provinces])
    places.pack_table(is_made_up=True)
