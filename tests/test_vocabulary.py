"""Message ids are ordered by time and tell when they were made."""

from datetime import UTC, datetime, timedelta

from yunxin.vocabulary import message_id_floor, message_id_time

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 5000, tzinfo=UTC)


def test_an_id_tells_its_millisecond() -> None:
    assert message_id_time(message_id_floor(MOMENT)) == MOMENT
    assert message_id_time(message_id_floor(MOMENT) | (1 << 22) - 1) == MOMENT


def test_a_later_millisecond_has_a_greater_floor() -> None:
    assert (
        message_id_floor(MOMENT + timedelta(milliseconds=1)) - message_id_floor(MOMENT) == 1 << 22
    )


def test_ids_stay_positive_signed_64_bit_for_a_human_life() -> None:
    assert message_id_floor(datetime(2080, 1, 1, tzinfo=UTC)) < 1 << 63
