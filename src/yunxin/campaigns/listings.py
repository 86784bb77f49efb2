"""The list of campaigns: columns, filters, search, and what each row shows besides its fields."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from yunxin.campaigns import labels
from yunxin.campaigns.figures import Counts, counts_of
from yunxin.campaigns.lifecycle import shown
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.states import Reason, Shown, State, rows_in
from yunxin.web.listing import Choice, Column, Dates, Listing

MOVING_S, WAITING_S = 3, 20  # how often a list renews itself while something runs, or will
CODE_DIGITS_MAX = 18


@dataclass(frozen=True)
class StateChoice(Choice):
    """A filter by the state that people see, which no column holds."""

    def condition(self, query: QueryDict) -> Q:
        value = query.get(self.name, "")
        return rows_in(State(value)) if value in set(State) else Q()


BAR_TONES = {State.PAUSED: "orange", State.SUCCEEDED: "green", State.FAILED: "red"} | dict.fromkeys(
    (State.DRAFT, State.PREPARING, State.TERMINATED), "grey"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign as a line of the list."""

    campaign: Campaign
    seen: Shown
    counts: Counts

    @classmethod
    def of(cls, campaign: Campaign) -> "Row":
        return cls(campaign, shown(campaign), counts_of(campaign))

    @property
    def label(self) -> labels.Text:
        return labels.STATES[self.seen.state]

    @property
    def tone(self) -> str:
        return labels.TONES[self.seen.state]

    @property
    def bar(self) -> str:
        return BAR_TONES.get(self.seen.state, "blue")

    @property
    def reason(self) -> str:
        """A sentence under the name, where the state does not say it all."""
        if self.seen.reason == Reason.SCHEDULED:
            return ""  # the column beside says when
        return labels.reason(self.seen, self.campaign.scheduled_at)

    @property
    def is_trouble(self) -> bool:
        return self.seen.state == State.FAILED or self.seen.reason in (
            Reason.AUDIENCE_FAILED,
            Reason.NO_BALANCE,
        )

    @property
    def audience(self) -> labels.Text:
        return labels.AUDIENCES.get(self.campaign.audience, "")  # type: ignore[call-overload]

    @property
    def actions(self) -> list[str]:
        return [action.value for action in self.seen.actions]

    @property
    def is_draft(self) -> bool:
        return self.seen.state in (State.DRAFT, State.PREPARING)

    @property
    def is_preparing(self) -> bool:
        return self.seen.state == State.PREPARING


class Campaigns(Listing):
    """An enterprise's campaigns, newest first."""

    columns = (
        Column("code", _("Task no."), "code", sort="id"),
        Column("name", _("Task name"), "title", sort="name"),
        Column("template", _("Template name")),
        Column("extension", _("Ext."), "code"),
        Column("progress", _("Progress")),
        Column("scheduled", _("Runs at"), "time", sort="scheduled_at"),
        Column("created", _("Created at"), "time", sort="created_at"),
        Column("state", _("State"), "status"),
        Column("actions", _("Actions"), "actions"),
    )
    search = ("name",)
    search_label = _("Task code, task name or template")
    filters = (
        StateChoice("state", _("All states"), tuple(labels.STATES.items())),
        Dates("created", _("Created at"), "created_at"),
    )
    empty_icon = "send"
    empty_title = _("There is no task yet.")
    empty_text = _("Choose an approved template, give the numbers, and send.")

    def searched(self, rows: QuerySet[Campaign]) -> QuerySet[Campaign]:
        text = self.text
        if not text:
            return rows
        found = Q(name__icontains=text) | Q(template__name__icontains=text)
        if text.isascii() and text.isdigit() and len(text) <= CODE_DIGITS_MAX:
            found |= Q(pk=int(text))
        return rows.filter(found)

    @cached_property
    def items(self) -> list[Any]:
        return [Row.of(campaign) for campaign in super().items]

    @property
    def refresh_s(self) -> int:  # type: ignore[override]
        """Quickly while something moves, slowly while something will."""
        if any(_moves(row.seen) for row in self.items):
            return MOVING_S
        return WAITING_S if any(row.seen.is_live for row in self.items) else 0


def _moves(seen: Shown) -> bool:
    return seen.state in (State.RUNNING, State.PREPARING) or seen.reason in (
        Reason.STARTING,
        Reason.STOPPING,
    )
