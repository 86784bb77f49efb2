"""Records: every filter finds exactly its rows, on every page, in both directions."""

import itertools
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories import make_signature, make_template
from tests.messaging.records_world import make_message, queue
from yunxin.messaging.models import Message
from yunxin.messaging.record_filters import SHANGHAI, RecordFilters
from yunxin.messaging.records import (
    PHONE_COUNT_MAX,
    count_records,
    read_everywhere,
    read_records,
)
from yunxin.vocabulary import CarrierName, MessageState, Source

pytestmark = pytest.mark.django_db

START = datetime(2026, 10, 1, 9, 0, tzinfo=SHANGHAI)
STATES = ("delivered", "failed", "unknown", "expired", "cancelled", "accepted")


@pytest.fixture
def world(acme, globex):
    """Sixty messages of Acme over twelve days, of two signatures and three templates."""
    first, second = make_signature(acme), make_signature(acme)
    templates = [
        make_template(acme, first),
        make_template(acme, first),
        make_template(acme, second),
    ]
    carriers = itertools.cycle(("mobile", "mobile", "unicom", "mobile", "telecom", "mobile"))
    for n in range(60):
        source = "api" if n % 7 == 0 else "portal"
        make_message(
            templates[n % 3],
            START + timedelta(days=n // 5, minutes=n),
            carrier="broadnet" if n == 31 else next(carriers),
            state=STATES[n % 6] if n % 4 == 0 else "delivered",
            phone=f"138000000{n % 11:02}",
            source=source,
            campaign_id=None if source == "api" else 1 + n % 2,
        )
    make_message(make_template(globex), START + timedelta(days=1), phone="13800000001")
    return templates


def questions(templates):
    """Every single filter and every pair of filters with its rarest values."""
    single = [
        {"phone": "13800000003"}, {"signature_id": templates[0].signature_id},
        {"signature_id": templates[2].signature_id}, {"template_id": templates[1].pk},
        {"campaign_id": 2}, {"source": Source.API}, {"source": Source.PORTAL},
        *({"state": MessageState(state)} for state in STATES),
        *({"carrier": CarrierName(name)} for name in ("mobile", "unicom", "broadnet", "unknown")),
        {"first_day": date(2026, 10, 4)}, {"last_day": date(2026, 10, 4)},
        {"first_day": date(2026, 10, 3), "last_day": date(2026, 10, 6)},
    ]  # fmt: skip
    pairs = ({**a, **b} for a, b in itertools.combinations(single, 2) if not a.keys() & b.keys())
    return [{}, *single, *pairs]


def expected(acme, asked: dict) -> list[int]:
    """The same by the plainest query there is."""
    lookups = {name: value for name, value in asked.items() if not name.endswith("_day")}
    filters = RecordFilters(**asked)
    rows = Message.objects.filter(
        enterprise_id=acme.pk, id__gte=filters.low, id__lt=filters.high, **lookups
    )
    return list(rows.order_by("-id").values_list("id", flat=True))


def walk(acme, filters: RecordFilters, size: int = 11) -> list[int]:
    """Page after page to the oldest row."""
    found: list[int] = []
    while page := read_records(acme.pk, filters, before=found[-1] if found else None, limit=size):
        found += [record.id for record in page]
    return found


def walk_back(acme, filters: RecordFilters, size: int = 11) -> list[int]:
    """Page after page to the newest row."""
    found: list[int] = []
    while page := read_records(acme.pk, filters, after=found[-1] if found else 0, limit=size):
        found += [record.id for record in page]
    return found[::-1]


def test_every_question_finds_exactly_its_rows_in_both_directions(acme, world):
    for asked in questions(world):
        filters, rows = RecordFilters(**asked), expected(acme, asked)
        assert walk(acme, filters) == rows, asked
        assert walk_back(acme, filters) == rows, asked
        if filters.is_counted:
            total = count_records(acme.pk, filters)
            assert (total.number, total.is_exact) == (len(rows), True), asked


def test_nothing_of_another_enterprise_is_ever_found(acme, globex, world):
    assert len(walk(globex, RecordFilters())) == 1
    for asked in questions(world)[1:]:
        if asked.keys() & {"signature_id", "template_id"}:
            assert walk(globex, RecordFilters(**asked)) == [], asked


def test_what_the_counts_do_not_know_yet_is_found_all_the_same(acme):
    template = make_template(acme)
    message = make_message(template, counted=False, carrier="unicom", state="failed")
    filters = RecordFilters(carrier=CarrierName.UNICOM, state=MessageState.FAILED)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tally_delta (enterprise_id, day, kind, source, template_id, signature_id,"
            " carrier, package_id, state, messages, segments)"
            " VALUES (%s, message_day(%s), 'text', 'portal', %s, %s, 'unicom', 0, 'failed', 1, 1)",
            [acme.pk, message.id, template.pk, template.signature_id],
        )
    assert walk(acme, filters) == [message.id]


def test_a_day_is_a_day_in_shanghai(acme):
    template = make_template(acme)
    last = make_message(template, datetime(2026, 10, 1, 23, 59, 59, tzinfo=SHANGHAI))
    first = make_message(template, datetime(2026, 10, 2, 0, 0, 0, tzinfo=SHANGHAI))
    one, two = date(2026, 10, 1), date(2026, 10, 2)
    assert walk(acme, RecordFilters(last_day=one)) == [last.id]
    assert walk(acme, RecordFilters(first_day=two)) == [first.id]
    assert count_records(acme.pk, RecordFilters(first_day=two, last_day=two)).number == 1


def test_what_is_not_final_shows_what_it_is_doing(acme):
    template = make_template(acme)
    waiting, sending, submitted = (
        make_message(template, state="accepted", submitted_at=None) for _ in range(3)
    )
    queue(waiting)
    queue(sending, claimed_by=1)
    states = {record.id: record.state for record in read_records(acme.pk, RecordFilters(), limit=9)}
    assert states == {
        waiting.id: MessageState.ACCEPTED,
        sending.id: MessageState.SENDING,
        submitted.id: MessageState.SUBMITTED,
    }
    assert len(walk(acme, RecordFilters(state=MessageState.ACCEPTED))) == 3


def test_the_rows_of_a_phone_are_counted_up_to_a_bound(acme):
    template = make_template(acme)
    message = make_message(template)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO message"
            " SELECT (jsonb_populate_record(m, jsonb_build_object('id', m.id + n))).*"
            " FROM message AS m, generate_series(1, %s) AS n WHERE m.id = %s",
            [PHONE_COUNT_MAX, message.id],
        )
    total = count_records(acme.pk, RecordFilters(phone=message.phone))
    assert (total.number, total.is_exact) == (PHONE_COUNT_MAX, False)


def test_a_phone_is_found_in_all_enterprises(acme, globex, world):
    asked = RecordFilters(phone="13800000001")
    found: list[int] = []
    while page := read_everywhere(asked, before=found[-1] if found else None, limit=2):
        found += [record.id for record in page]
    everything = Message.objects.filter(phone="13800000001").order_by("-id")
    assert found == list(everything.values_list("id", flat=True))
    assert {record.enterprise_id for record in read_everywhere(asked, limit=50)} == {
        acme.pk, globex.pk,
    }  # fmt: skip
    back = read_everywhere(asked, after=found[3], limit=2)
    assert [record.id for record in back] == [found[2], found[1]]


@pytest.mark.parametrize(
    ("asked", "queries"),
    [
        ({}, 1), ({"phone": "13800000001"}, 1), ({"campaign_id": 1}, 1),
        ({"state": MessageState.FAILED}, 1), ({"carrier": CarrierName.BROADNET}, 1),
        ({"carrier": CarrierName.MOBILE}, 3), ({"source": Source.API}, 3),
        ({"signature_id": 1}, 2), ({"source": Source.API, "state": MessageState.EXPIRED}, 1),
    ],
)  # fmt: skip
def test_a_page_takes_few_queries(acme, world, django_assert_max_num_queries, asked, queries):
    day = timezone.localdate(START)
    filters = RecordFilters(**asked, last_day=day + timedelta(days=11))
    # one more for what is in flight among the rows
    with django_assert_max_num_queries(queries + 1):
        read_records(acme.pk, filters, limit=3)
