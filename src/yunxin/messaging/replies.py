"""Replies (回复记录): what phones wrote, which message it answers, and the file of them.

Pages go along the id, which is the time: days become ranges of ids, phones and campaigns have
indexes of their own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.models import Enterprise
from yunxin.campaigns.models import Campaign
from yunxin.content.models import Template
from yunxin.messaging.listings import CAMPAIGN, PHONE
from yunxin.messaging.models import InboundMessage, Message
from yunxin.text.phones import mask
from yunxin.vocabulary import message_id_floor
from yunxin.web.listing import Choice, Column, Dates, KeysetListing

COUNT_MAX = 10_000  # rows that are counted; beyond it is "more than"
ROWS_MAX = 1_000_000  # of a file: a spreadsheet holds 1,048,576
PORTION = 2_000  # rows in memory at a time
# An id is made when the reply comes in, `received_at` when it is stored.
STORED_WITHIN = timedelta(days=1)

DAYS = Dates("received", _("Received between"), "received_at")


class Replies(KeysetListing):
    """The replies to one enterprise, newest first."""

    columns: ClassVar[Sequence[Column]] = (
        Column("phone", _("Phone"), "title"),
        Column("mark", _("State"), "status"),
        Column("text", _("Reply")),
        Column("answers", _("Answers")),
        Column("campaign", _("Task")),
        Column("number", _("Replied to"), "code"),
        Column("received", _("Received"), "time"),
    )
    filters = (
        DAYS,
        PHONE,
        CAMPAIGN,
        Choice(
            "unsubscribed",
            _("All replies"),
            [("True", _("Unsubscribed by it")), ("False", _("Other replies"))],
        ),
    )
    search = ("text",)
    search_label = _("Words of the reply")
    empty_icon = "message-reply"
    empty_title = _("Nobody has replied yet.")
    empty_text = _("What people reply to your messages appears here at once.")

    def __init__(self, request: HttpRequest, enterprise: Enterprise, *, is_masked: bool) -> None:
        super().__init__(request, InboundMessage.objects.filter(enterprise_id=enterprise.pk))
        self.enterprise = enterprise
        self.is_masked = is_masked

    def searched(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """What was typed: whole phone numbers and codes, and days as ranges of ids."""
        rows = super().searched(rows)
        phone, campaign = _or_none(PHONE.value, self.query), _or_none(CAMPAIGN.value, self.query)
        if phone:
            rows = rows.filter(phone=phone)
        if campaign:
            rows = rows.filter(campaign_id=campaign)
        begin, end = _or_none(DAYS.span, self.query) or (None, None)
        if begin:
            rows = rows.filter(id__gte=max(message_id_floor(begin - STORED_WITHIN), 0))
        if end:
            rows = rows.filter(id__lt=max(message_id_floor(end + STORED_WITHIN), 0))
        return rows

    @cached_property
    def items(self) -> list[Any]:
        return dress(self.enterprise, self._page[0], is_masked=self.is_masked)

    @cached_property
    def counted(self) -> int:
        return self.found.order_by()[: COUNT_MAX + 1].count()

    @property
    def total(self) -> int | None:
        return self.counted if self.counted <= COUNT_MAX else None

    @property
    def more_than(self) -> int | None:
        return None if self.counted <= COUNT_MAX else COUNT_MAX

    @property
    def pages(self) -> list[tuple[str, str]]:
        """The way back to the newest, once one has gone further."""
        if "before" not in self.query and "after" not in self.query:
            return []
        return [(gettext("Newest"), self.url(before="", after=""))]


def _or_none(read: Any, query: Any) -> Any:
    try:
        return read(query)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Row:
    """A reply in words, with the message that it most likely answers."""

    reply: InboundMessage
    id: int
    phone: str
    message_id: int | None  # None where it is not kept any more
    answered: str
    template: str
    campaign: str
    is_campaign_open: bool  # it has a page: nobody deleted it


def dress(
    enterprise: Enterprise, replies: Sequence[InboundMessage], *, is_masked: bool
) -> list[Row]:
    """Replies in words: three queries, whatever their number."""
    answered = {
        message.id: message
        for message in Message.objects.filter(
            enterprise_id=enterprise.pk,
            id__in=[reply.message_id for reply in replies if reply.message_id],
        )
    }
    templates = dict(
        Template.objects.filter(
            enterprise=enterprise, pk__in={one.template_id for one in answered.values()}
        ).values_list("pk", "name")
    )
    campaigns = Campaign.objects.filter(enterprise=enterprise).in_bulk(
        {reply.campaign_id for reply in replies if reply.campaign_id}
    )
    return [
        _row(
            reply,
            answered.get(reply.message_id or 0),
            templates,
            campaigns.get(reply.campaign_id or 0),
            is_masked=is_masked,
        )
        for reply in replies
    ]


def _row(
    reply: InboundMessage,
    message: Message | None,
    templates: dict[int, str],
    campaign: Campaign | None,
    *,
    is_masked: bool,
) -> Row:
    return Row(
        reply=reply,
        id=reply.id,
        phone=mask(reply.phone) if is_masked else reply.phone,
        message_id=message.id if message else None,
        answered=message.text if message else "",
        template=templates.get(message.template_id, "") if message else "",
        campaign=campaign.name if campaign else "",
        is_campaign_open=campaign is not None and campaign.deleted_at is None,
    )


# The file ----------------------------------------------------------------------------------------


def file_headings() -> list[str]:
    return [
        gettext("Received"), gettext("Phone"), gettext("Reply"), gettext("Unsubscribed by it"),
        gettext("Replied to"), gettext("Task"), gettext("Template"), gettext("Message id"),
        gettext("Message answered"),
    ]  # fmt: skip


def file_rows(listing: Replies) -> Iterator[list[str]]:
    """The cells of all replies found, newest first, read by portions along the id."""
    before, left = None, ROWS_MAX
    while left > 0:
        portion = listing.window(before=before, after=None, limit=min(PORTION, left))
        if not portion:
            return
        for row in dress(listing.enterprise, portion, is_masked=listing.is_masked):
            yield _cells(row)
        before, left = portion[-1].id, left - len(portion)


def _cells(row: Row) -> list[str]:
    return [
        _time(row.reply.received_at), row.phone, row.reply.text,
        gettext("yes") if row.reply.unsubscribed else "", row.reply.access_number, row.campaign,
        row.template, str(row.message_id or ""), row.answered,
    ]  # fmt: skip


def _time(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"
