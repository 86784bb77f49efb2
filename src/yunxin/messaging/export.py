"""Sending records as a CSV file: read from a cursor in the database, however many they are.

Rows come in portions, so that memory stays flat; `web.csv_files` writes them. Who may not see whole
numbers gets them masked.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yunxin.campaigns.models import Campaign
from yunxin.carriers.codes import Explanations
from yunxin.carriers.labels import CARRIERS
from yunxin.content.models import Template
from yunxin.messaging import labels
from yunxin.messaging.record_filters import RecordFilters
from yunxin.messaging.records import Record, export_query, record_of, with_live_states
from yunxin.text.phones import mask
from yunxin.vocabulary import CarrierName, Source

ROWS_MAX = 1_000_000  # a spreadsheet holds 1,048,576
PORTION = 2_000  # rows in memory at a time


def file_rows(
    enterprise_id: int, filters: RecordFilters, *, is_masked: bool
) -> Iterator[list[Any]]:
    """The rows of the file, newest message first."""
    say = Explanations().say
    for records in _portions(enterprise_id, filters):
        names = _Names(enterprise_id, records)
        for record in records:
            yield _cells(record, names, say, is_masked)


def _portions(enterprise_id: int, filters: RecordFilters) -> Iterator[list[Record]]:
    """One transaction: the file shows one moment, and the cursor lives as long as it is read."""
    sql, values = export_query(enterprise_id, filters, ROWS_MAX)
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(sql, values)
        while rows := cursor.fetchmany(PORTION):
            yield with_live_states([record_of(row) for row in rows])


class _Names:
    """What templates and campaigns of a portion are called."""

    def __init__(self, enterprise_id: int, records: list[Record]) -> None:
        templates = Template.objects.filter(
            enterprise_id=enterprise_id, pk__in={record.template_id for record in records}
        )
        campaigns = Campaign.objects.filter(
            enterprise_id=enterprise_id, pk__in={record.campaign_id for record in records}
        )
        self.templates = dict(templates.values_list("pk", "name"))
        self.signatures = dict(templates.values_list("pk", "signature__name"))
        self.campaigns = dict(campaigns.values_list("pk", "name"))


def file_headings() -> list[str]:
    """The headings of `file_rows`."""
    return [
        _("Message id"), _("Accepted"), _("Phone"), _("Carrier"), _("Signature"), _("Template"),
        _("Task"), _("Source"), _("Text"), _("Billed messages"), _("State"), _("Code"),
        _("Meaning of the code"), _("Submitted"), _("Result at"), _("Refunded"),
    ]  # fmt: skip


def _cells(
    record: Record, names: _Names, say: Callable[[str | None, int | None], str], is_masked: bool
) -> list[Any]:
    return [
        record.id,
        _time(record.accepted_at),
        mask(record.phone) if is_masked else record.phone,
        CARRIERS[CarrierName(record.carrier)],
        names.signatures.get(record.template_id, ""),
        names.templates.get(record.template_id, ""),
        names.campaigns.get(record.campaign_id or 0, ""),
        labels.SOURCES[Source(record.source)],
        record.text,
        record.segments,
        labels.STATES[record.state],
        record.code,
        say(record.code, record.channel_id),
        _time(record.submitted_at),
        _time(record.finished_at),
        _("yes") if record.refunded else "",
    ]


def _time(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else ""
