"""What people are shown as the state of a campaign, and what may be done in it: pure functions.

People write a wish, the engine writes its progress; neither alone is what a person means by
"state". `shown` makes one word and a reason of both, and `ALLOWED` says which actions that word
permits. `rows_in` is the same rule as a database condition; a test compares the two.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from yunxin.campaigns.models import Campaign, CampaignProgress
from yunxin.vocabulary import (
    AudienceKind,
    AudienceState,
    CampaignHold,
    CampaignState,
    CampaignWish,
)


class State(StrEnum):
    """The states of product.md, and two before confirmation."""

    DRAFT = "draft"  # 草稿
    PREPARING = "preparing"  # 号码处理中
    WAITING = "waiting"  # 待执行
    PAUSED = "paused"  # 已暂停
    RUNNING = "running"  # 处理中
    SUCCEEDED = "succeeded"  # 处理成功
    FAILED = "failed"  # 处理失败
    TERMINATED = "terminated"  # 已终止


class Reason(StrEnum):
    """Why a campaign is in its state, where the word alone does not tell."""

    NONE = ""
    AUDIENCE_FAILED = "audience_failed"  # draft
    REOPENED = "reopened"  # draft: was submitted, is being changed
    SCHEDULED = "scheduled"  # waiting
    STARTING = "starting"  # waiting
    BY_PEOPLE = "by_people"  # paused
    NO_BALANCE = "no_balance"  # paused
    QUIET_HOURS = "quiet_hours"  # paused
    RECEIPTS = "receipts"  # running: all is handed over, the carriers' words are still coming in
    SIGNATURE = "signature"  # failed
    TEMPLATE = "template"  # failed
    ENTERPRISE = "enterprise"  # failed
    ALL_REFUSED = "all_refused"  # failed
    STOPPING = "stopping"  # terminated: the engine is taking back what was not sent


class Action(StrEnum):
    """What people may do with a campaign."""

    EDIT = "edit"
    DELETE = "delete"
    PAUSE = "pause"
    RESUME = "resume"
    TERMINATE = "terminate"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Shown:
    """The state of one campaign as people see it."""

    state: State
    reason: Reason = Reason.NONE
    started: bool = False  # the engine has begun

    @property
    def actions(self) -> frozenset[Action]:
        """What may be done now, by somebody who may send."""
        return ALLOWED[self.state, self.started] | self._by_reason

    @property
    def _by_reason(self) -> frozenset[Action]:
        if self.state != State.PAUSED:
            return frozenset()
        return frozenset({Action.RESUME if self.reason == Reason.BY_PEOPLE else Action.PAUSE})

    @property
    def is_live(self) -> bool:
        """Whether it can change without anybody deciding something."""
        return self.state in _LIVE or self.reason == Reason.STOPPING


_LIVE = frozenset({State.PREPARING, State.WAITING, State.RUNNING, State.PAUSED})
_BEFORE = frozenset({Action.EDIT, Action.DELETE, Action.COPY})
ALLOWED: dict[tuple[State, bool], frozenset[Action]] = {
    (state, started): frozenset({Action.COPY}) for state in State for started in (False, True)
} | {
    (State.DRAFT, False): _BEFORE,
    (State.PREPARING, False): _BEFORE,
    (State.WAITING, False): _BEFORE | {Action.PAUSE},
    (State.PAUSED, False): _BEFORE,
    (State.PAUSED, True): frozenset({Action.TERMINATE, Action.COPY}),
    (State.RUNNING, True): frozenset({Action.PAUSE, Action.TERMINATE, Action.COPY}),
}

_ENDED = {
    CampaignState.FINISHED: State.SUCCEEDED,
    CampaignState.FAILED: State.FAILED,
    CampaignState.TERMINATED: State.TERMINATED,
}


def shown(campaign: Campaign, progress: CampaignProgress | None, now: datetime) -> Shown:
    """What people see of a campaign: the engine's last word, else the wish, else its progress."""
    started = progress is not None
    if progress is not None and progress.state in _ENDED:
        reason = Reason(progress.failure) if progress.state == CampaignState.FAILED else Reason.NONE
        return Shown(_ENDED[CampaignState(progress.state)], reason, started)
    if campaign.wish == CampaignWish.TERMINATE:
        return Shown(State.TERMINATED, Reason.STOPPING, started)
    if campaign.wish == CampaignWish.PAUSE:
        return Shown(State.PAUSED, Reason.BY_PEOPLE, started)
    if progress is None:
        return _before_start(campaign, now)
    if progress.hold != CampaignHold.NONE:
        return Shown(State.PAUSED, Reason(progress.hold), started)
    fed = progress.state == CampaignState.FED
    return Shown(State.RUNNING, Reason.RECEIPTS if fed else Reason.NONE, started)


def _before_start(campaign: Campaign, now: datetime) -> Shown:
    if campaign.wish == CampaignWish.RUN:
        later = campaign.scheduled_at is not None and campaign.scheduled_at > now
        return Shown(State.WAITING, Reason.SCHEDULED if later else Reason.STARTING)
    if _is_being_read(campaign):
        return Shown(State.PREPARING)
    if campaign.audience_state == AudienceState.FAILED:
        return Shown(State.DRAFT, Reason.AUDIENCE_FAILED)
    return Shown(State.DRAFT, Reason.REOPENED if campaign.confirmed_at else Reason.NONE)


def _is_being_read(campaign: Campaign) -> bool:
    has_file = campaign.audience == AudienceKind.FILE and campaign.file_id is not None
    is_by_job = has_file or campaign.audience == AudienceKind.GROUPS
    return is_by_job and campaign.audience_state in (AudienceState.WAITING, AudienceState.READING)


# The same rule for the database: lists and counts by state.
_OPEN = Q(progress__isnull=True) | Q(progress__state__in=(CampaignState.FEEDING, CampaignState.FED))
_HELD = Q(progress__hold__in=[hold for hold in CampaignHold if hold])
_READING = Q(audience_state__in=(AudienceState.WAITING, AudienceState.READING)) & (
    Q(audience=AudienceKind.FILE, file__isnull=False) | Q(audience=AudienceKind.GROUPS)
)
_ROWS = {
    State.DRAFT: Q(wish=CampaignWish.DRAFT, progress__isnull=True) & ~_READING,
    State.PREPARING: Q(wish=CampaignWish.DRAFT, progress__isnull=True) & _READING,
    State.WAITING: Q(wish=CampaignWish.RUN, progress__isnull=True),
    State.PAUSED: _OPEN
    & (
        Q(wish=CampaignWish.PAUSE)
        | (Q(wish__in=(CampaignWish.RUN, CampaignWish.DRAFT), progress__isnull=False) & _HELD)
    ),
    State.RUNNING: _OPEN
    & Q(wish__in=(CampaignWish.RUN, CampaignWish.DRAFT), progress__isnull=False)
    & ~_HELD,
    State.SUCCEEDED: Q(progress__state=CampaignState.FINISHED),
    State.FAILED: Q(progress__state=CampaignState.FAILED),
    State.TERMINATED: Q(progress__state=CampaignState.TERMINATED)
    | (_OPEN & Q(wish=CampaignWish.TERMINATE)),
}


def rows_in(state: State) -> Q:
    """The condition on campaigns (their progress joined) that are shown in this state."""
    return _ROWS[state]
