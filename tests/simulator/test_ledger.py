"""Counts are exact, memory is bounded."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from yunxin.simulator.ledger import Ledger, Message


def message(phone: str, text: str = "hi", **fields: object) -> Message:
    return Message(at=0.0, phone=phone, access_number="1069", text=text, **fields)  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.sampled_from(["13800000001", "13800000002", "+1"]), st.integers(0, 3)))
)
def test_phones_messages_and_duplicates_are_counted(came: list[tuple[str, int]]) -> None:
    ledger = Ledger()
    for place, (phone, digest) in enumerate(came):
        assert ledger.attempts(phone, digest) == came[:place].count((phone, digest))
        assert ledger.take_message(phone, digest) is ((phone, digest) in came[:place])
    phones = Counter(phone for phone, _ in came)
    assert dict(ledger.phone_counts()) == phones
    assert all(ledger.phone_count(phone) == phones[phone] for phone in ("13800000001", "+1"))
    assert ledger.counters["accepted"] == len(came)
    assert ledger.counters["duplicates"] == len(came) - len(set(came))
    assert ledger.phones == len(phones)


def test_refused_attempts_count_as_attempts_but_not_as_messages() -> None:
    ledger = Ledger()
    ledger.refuse("13800000001", 7, "RSYSERR")
    assert ledger.attempts("13800000001", 7) == 1
    assert ledger.phones == 0
    assert ledger.as_dict()["refused_by_status"] == {"RSYSERR": 1}
    assert ledger.take_message("13800000001", 7) is False
    assert ledger.attempts("13800000001", 7) == 2


def test_parts_count_for_attempts_only() -> None:
    ledger = Ledger()
    ledger.take_part("13800000001", 1)
    ledger.take_part("13800000001", 2)
    assert dict(ledger.phone_counts()) == {}
    ledger.take_message("13800000001", 3)
    assert dict(ledger.phone_counts()) == {"13800000001": 1}
    assert ledger.attempts("13800000001", 1) == 1


def test_phones_beyond_the_bound_are_counted_together() -> None:
    ledger = Ledger(phones_max=2)
    for n in range(5):
        ledger.take_message(f"1380000000{n}", 7)
    assert ledger.phones == 2
    assert ledger.counters["phones_not_kept"] == 3
    assert ledger.counters["accepted"] == 5


def test_only_the_latest_messages_keep_their_texts() -> None:
    ledger = Ledger(recent_max=3)
    for n in range(5):
        ledger.keep(message(f"1380000000{n % 2}", f"text {n}", message_id=str(n)))
    assert [m.text for m in ledger.thread("13800000000")] == ["text 2", "text 4"]
    assert [m.text for m in ledger.thread("13800000001")] == ["text 3"]
    assert ledger.find("1") is None
    assert (found := ledger.find("4")) is not None
    assert found.text == "text 4"
    assert ledger.thread("nobody") == []


def test_the_list_shows_each_phone_once_newest_first() -> None:
    ledger = Ledger()
    for n, phone in enumerate(["13800000001", "13900000002", "13800000001"]):
        ledger.keep(message(phone, f"text {n}"))
    assert [m.text for m in ledger.latest()] == ["text 2", "text 1"]
    assert [m.text for m in ledger.latest("139")] == ["text 1"]
    assert [m.text for m in ledger.latest(limit=1)] == ["text 2"]


def test_counting_begins_anew() -> None:
    ledger = Ledger()
    counters = ledger.counters
    ledger.take_message("13800000001", 7)
    ledger.keep(message("13800000001"))
    ledger.reset()
    assert ledger.counters is counters
    assert (ledger.as_dict()["accepted"], ledger.phones, ledger.latest()) == (0, 0, [])
