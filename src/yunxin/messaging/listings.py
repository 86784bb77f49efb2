"""The list of sending records, as portal and console share it: filters, columns, rows in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yunxin.campaigns.models import Campaign
from yunxin.carriers.codes import Explanations
from yunxin.carriers.labels import CARRIERS
from yunxin.content.models import Signature, Template
from yunxin.messaging import labels
from yunxin.messaging.models import Message
from yunxin.messaging.record_filters import RecordFilters
from yunxin.messaging.records import Record, Total, count_records, read_records
from yunxin.text.phones import PhoneInvalid, mask, normalise
from yunxin.vocabulary import CarrierName, MessageState, Source
from yunxin.web.listing import Choice, Column, Dates, Exact, Filter, KeysetListing

ID_DIGITS_MAX = 19  # a 64-bit number


@dataclass(frozen=True)
class Phone(Exact):
    """A filter for one mobile number, typed with or without +86 and spaces."""

    def value(self, query: QueryDict) -> str | None:
        """The 11 digits.

        Raises:
            ValueError: this is no mobile number; the message is for people.
        """
        typed = query.get(self.name, "").strip()
        if not typed:
            return None
        try:
            return normalise(typed)
        except PhoneInvalid:
            raise ValueError(gettext("Enter a mainland mobile number of 11 digits.")) from None

    def condition(self, query: QueryDict) -> Q:
        self.value(query)
        return Q()


@dataclass(frozen=True)
class Number(Exact):
    """A filter for a code that is a number, such as a task's."""

    def value(self, query: QueryDict) -> int | None:
        """The number.

        Raises:
            ValueError: this is no such code; the message is for people.
        """
        typed = query.get(self.name, "").strip()
        if not typed:
            return None
        if not (typed.isascii() and typed.isdigit() and len(typed) < ID_DIGITS_MAX):
            raise ValueError(gettext("Enter the code's digits only."))
        return int(typed)

    def condition(self, query: QueryDict) -> Q:
        self.value(query)
        return Q()


DAYS = Dates("accepted", _("Sent between"))
PHONE = Phone("phone", _("Phone number"))
CAMPAIGN = Number("campaign", _("Task code"))
MESSAGE = Number("message", _("Message id"))
SOURCE = Choice("source", _("All sources"), lambda: labels.SOURCES.items())
STATE = Choice("state", _("All states"), lambda: labels.ASKED_STATES.items())
CARRIER = Choice("carrier", _("Every carrier"), lambda: CARRIERS.items())


def filters_of(enterprise_id: int) -> list[Filter]:
    """All filters; signatures and templates are the enterprise's own (0: none)."""
    signatures = Signature.objects.filter(enterprise_id=enterprise_id).order_by("-id")
    templates = Template.objects.filter(enterprise_id=enterprise_id).order_by("-id")
    return [
        DAYS,
        PHONE,
        Choice("signature", _("All signatures"), list(signatures.values_list("pk", "name"))),
        Choice("template", _("All templates"), list(templates.values_list("pk", "name"))),
        STATE,
        CARRIER,
        SOURCE,
        CAMPAIGN,
        MESSAGE,
    ]


class RecordListing(KeysetListing):
    """Sending records of one enterprise, newest first, read by messaging/records.py."""

    columns: ClassVar[Sequence[Column]] = (
        Column("phone", _("Phone"), "title"),
        Column("state", _("State"), "status"),
        Column("text", _("Text")),
        Column("template", _("Template")),
        Column("carrier", _("Carrier")),
        Column("source", _("Source")),
        Column("segments", _("Billed messages"), "number"),
        Column("accepted", _("Accepted"), "time"),
        Column("actions", _("Actions"), "actions"),
    )
    empty_icon = "list-search"
    empty_title = _("Nothing has been sent yet.")
    empty_text = _("Every message appears here the moment it is accepted.")

    def __init__(self, request: HttpRequest, enterprise_id: int, *, is_masked: bool) -> None:
        super().__init__(request, Message.objects.none(), filters=filters_of(enterprise_id))
        self.enterprise_id = enterprise_id
        self.is_masked = is_masked

    @cached_property
    def asked(self) -> RecordFilters:
        """What is asked; a filter that cannot be understood asks nothing and says so."""
        return read_filters(self.query, self.filters)

    def window(self, *, before: int | None, after: int | None, limit: int) -> list[Record]:
        return read_records(self.enterprise_id, self.asked, before=before, after=after, limit=limit)

    @cached_property
    def items(self) -> list[Any]:
        return dress(self._page[0], is_masked=self.is_masked)

    @cached_property
    def counted(self) -> Total:
        return count_records(self.enterprise_id, self.asked)

    @property
    def total(self) -> int | None:
        return self.counted.number if self.counted.is_exact else None

    @property
    def more_than(self) -> int | None:
        """Rows that there are more of than anybody counted."""
        return None if self.counted.is_exact else self.counted.number

    @property
    def pages(self) -> list[tuple[str, str]]:
        """The way back to the newest rows, once one has gone further."""
        if "before" not in self.query and "after" not in self.query:
            return []
        return [(gettext("Newest"), self.url(before="", after=""))]


def read_filters(query: QueryDict, filters: Sequence[Filter]) -> RecordFilters:
    """A request's filters as a question to the records; unknown and mistyped ones ask nothing."""
    first, after_last = _or_nothing(DAYS.span, query) or (None, None)
    return RecordFilters(
        first_day=timezone.localdate(first) if first else None,
        last_day=timezone.localdate(after_last) - timedelta(days=1) if after_last else None,
        phone=_or_nothing(PHONE.value, query),
        signature_id=_chosen(query, filters, "signature", int),
        template_id=_chosen(query, filters, "template", int),
        campaign_id=_or_nothing(CAMPAIGN.value, query),
        source=_chosen(query, filters, "source", Source),
        state=_chosen(query, filters, "state", MessageState),
        carrier=_chosen(query, filters, "carrier", CarrierName),
        message_id=_or_nothing(MESSAGE.value, query),
    )


def _or_nothing(read: Any, query: QueryDict) -> Any:
    try:
        return read(query)
    except ValueError:
        return None


def _chosen(query: QueryDict, filters: Sequence[Filter], name: str, kind: Any) -> Any:
    """The chosen value of a drop-down, if it offers it."""
    value = query.get(name, "")
    offered = next(f for f in filters if isinstance(f, Choice) and f.name == name).options()
    return kind(value) if value in dict(offered) else None


@dataclass(frozen=True, slots=True)
class Row:
    """A record in words; attributes of the record itself by `record`."""

    record: Record
    phone: str
    state_label: labels.Text
    tone: str
    template: str
    signature: str
    campaign: str
    carrier: labels.Text
    source: labels.Text
    explained: str
    id: int
    enterprise: str = ""


def dress(
    records: Sequence[Record], *, is_masked: bool, enterprises: Mapping[int, str] | None = None
) -> list[Row]:
    """Records in words, with the names of what they belong to; four queries.

    Args:
        enterprises: names by id, where rows of several are shown.
    """
    template_ids = {record.template_id for record in records}
    campaign_ids = {record.campaign_id for record in records if record.campaign_id}
    templates = Template.objects.select_related("signature").in_bulk(template_ids)
    campaigns = Campaign.objects.in_bulk(campaign_ids) if campaign_ids else {}
    say = Explanations().say
    rows = [
        _row(
            record,
            "" if record.state == MessageState.DELIVERED else say(record.code, record.channel_id),
            templates.get(record.template_id),
            campaigns.get(record.campaign_id or 0),
            is_masked=is_masked,
        )
        for record in records
    ]
    if enterprises:
        rows = [replace(row, enterprise=enterprises[row.record.enterprise_id]) for row in rows]
    return rows


def _row(
    record: Record,
    explained: str,
    template: Template | None,
    campaign: Campaign | None,
    *,
    is_masked: bool,
) -> Row:
    return Row(
        record=record,
        phone=mask(record.phone) if is_masked else record.phone,
        state_label=labels.STATES[record.state],
        tone=labels.TONES[record.state],
        template=template.name if template else "",
        signature=template.signature.name if template else "",
        campaign=campaign.name if campaign else "",
        carrier=CARRIERS[CarrierName(record.carrier)],
        source=labels.SOURCES[Source(record.source)],
        explained=explained,
        id=record.id,
    )
