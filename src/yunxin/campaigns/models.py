"""Bulk tasks (群发任务): what people decided, whom to send to, and how far the engine is.

draft ──confirm──▶ run ◀──resume/pause──▶ pause        people: Campaign.wish
  │                 └───────┬───────────────┘
  └─delete                  └──terminate──▶ terminate

(none) ─▶ feeding ─▶ fed ─▶ finished                   engine: CampaignProgress.state
             └──▶ failed     └─▶ terminated
"""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db import models

from yunxin.accounts.models import Enterprise, User
from yunxin.content.models import Template
from yunxin.vocabulary import (
    AudienceKind,
    AudienceState,
    CampaignFailure,
    CampaignHold,
    CampaignState,
    CampaignWish,
    MessageKind,
    Refusal,
)
from yunxin.web.models import StoredFile

TOLD_END = "ended"  # Campaign.told: nothing more will become of it


def _choices(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(str(word), str(word)) for word in words]


class Campaign(models.Model):
    """One bulk task, as people want it. Writer: campaigns."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="campaigns")
    kind = models.CharField(max_length=8, default=MessageKind.TEXT)
    name = models.CharField(max_length=60)
    template = models.ForeignKey(Template, models.PROTECT, null=True, related_name="campaigns")
    extension_code = models.CharField(max_length=8, blank=True)
    # Null: as soon as it is confirmed.
    scheduled_at = models.DateTimeField(null=True, blank=True)
    wish = models.CharField(
        max_length=12, choices=_choices(CampaignWish), default=CampaignWish.DRAFT
    )
    deleted_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)
    # What the bell was told last: "", a CampaignHold, or TOLD_END. See notices.py.
    told = models.CharField(max_length=16, blank=True, db_default="", default="")

    # The audience, as it was given and as it was found to be.
    audience = models.CharField(
        max_length=8, choices=_choices(AudienceKind), default=AudienceKind.TYPED
    )
    typed_phones = models.TextField(blank=True)
    shared_params = ArrayField(models.TextField(), default=list, blank=True)
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True, related_name="+")
    # Of groups (CampaignGroup): whether those below them count too, and where each variable comes
    # from (a sources.Source each); shared_params is then the text, or what stands in for an empty
    # field.
    with_subgroups = models.BooleanField(db_default=True, default=True)
    sources = ArrayField(models.CharField(max_length=16), db_default=[], default=list, blank=True)
    audience_state = models.CharField(
        max_length=8, choices=_choices(AudienceState), default=AudienceState.WAITING
    )
    audience_error = models.CharField(
        max_length=40, blank=True
    )  # a word; the page has the sentence
    # Grows whenever the audience is prepared anew: only the latest preparation may write.
    audience_version = models.PositiveIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    lines_read = models.BigIntegerField(default=0)
    valid_count = models.BigIntegerField(default=0)
    duplicate_count = models.BigIntegerField(default=0)
    invalid_count = models.BigIntegerField(default=0)
    blocked_count = models.BigIntegerField(default=0)
    segments_expected = models.BigIntegerField(default=0)
    prepared_at = models.DateTimeField(null=True)
    # Of groups: how many people they hold, and which version of the address book was read.
    people_found = models.BigIntegerField(db_default=0, default=0)
    book_version = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("enterprise", "-id"), name="campaign_of_enterprise"),
            models.Index(
                fields=("scheduled_at",),
                condition=models.Q(wish__in=("run", "terminate"), deleted_at__isnull=True),
                name="campaign_due",  # engine/feed
            ),
            models.Index(
                fields=("id",),
                condition=models.Q(deleted_at__isnull=True)
                & ~models.Q(wish="draft")
                & ~models.Q(told=TOLD_END),
                name="campaign_untold",  # notices
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignGroup(models.Model):
    """A group of the address book that a campaign is sent to. Writer: campaigns.

    The name is as it was when the group was chosen: the group itself may be gone.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="groups")
    group_id = models.BigIntegerField()
    name = models.CharField(max_length=40)  # ContactGroup.name

    class Meta:
        db_table = "campaign_group"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=("campaign", "group_id"), name="campaign_group_once")
        ]

    def __str__(self) -> str:
        return self.name


class CampaignRecipient(models.Model):
    """One phone of a campaign with its parameters, in the order of the file.

    `position` is the line number (of groups: the person's number), with gaps where lines were
    refused. Writer: campaigns (the audience job, by COPY); read by engine/feed along the primary
    key.
    """

    pk = models.CompositePrimaryKey("enterprise_id", "campaign_id", "position")
    enterprise_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    position = models.BigIntegerField()
    phone = models.CharField(max_length=11)
    params = ArrayField(models.TextField(), default=list)

    class Meta:
        db_table = "campaign_recipient"

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.position}"


class RefusedLine(models.Model):
    """A line of an audience that cannot be sent to, and why. Writer: campaigns (audience job).

    Of typed numbers, `line` counts the numbers; of groups, the people.
    """

    pk = models.CompositePrimaryKey("enterprise_id", "campaign_id", "line")
    enterprise_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    line = models.BigIntegerField()
    content = models.CharField(max_length=200)  # cut; as the line stood
    reason = models.CharField(max_length=32, choices=_choices(Refusal))
    # What the sentence of the reason needs: "2/1" parameters wanted and given, the word, …
    detail = models.CharField(max_length=60, blank=True)

    class Meta:
        db_table = "campaign_refused_line"

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.line} {self.reason}"


class CampaignProgress(models.Model):
    """How far the engine is with a campaign. Writer: engine (feed, settle).

    The cursor moves in the transaction that accepts the recipients up to it.
    """

    campaign = models.OneToOneField(
        Campaign, models.CASCADE, primary_key=True, related_name="progress", db_constraint=False
    )
    enterprise_id = models.BigIntegerField()
    state = models.CharField(
        max_length=12, choices=_choices(CampaignState), default=CampaignState.FEEDING
    )
    hold = models.CharField(
        max_length=16, choices=_choices(CampaignHold), default=CampaignHold.NONE, blank=True
    )
    failure = models.CharField(
        max_length=16, choices=_choices(CampaignFailure), default=CampaignFailure.NONE, blank=True
    )
    cursor_position = models.BigIntegerField(default=0)  # all recipients up to here are done
    started_at = models.DateTimeField(null=True)
    fed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Folded from the deltas by engine/settle.
    accepted = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)  # at acceptance: blocked since, capped, …
    submitted = models.BigIntegerField(default=0)
    delivered = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    unknown = models.BigIntegerField(default=0)
    cancelled = models.BigIntegerField(default=0)
    segments = models.BigIntegerField(default=0)
    refunded_segments = models.BigIntegerField(default=0)
    replies = models.BigIntegerField(default=0)

    class Meta:
        db_table = "campaign_progress"
        indexes = [
            models.Index(
                fields=("state",),
                condition=models.Q(state__in=("feeding", "fed")),
                name="campaign_progress_live",  # engine: what is fed, paused or about to finish
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.state}"


class CampaignRefusal(models.Model):
    """A recipient that the engine refused when it came to be accepted. Writer: engine/feed."""

    pk = models.CompositePrimaryKey("enterprise_id", "campaign_id", "position")
    enterprise_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    position = models.BigIntegerField()
    phone = models.CharField(max_length=11)
    reason = models.CharField(max_length=32, choices=_choices(Refusal))
    detail = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "campaign_refusal"

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.position} {self.reason}"


class CampaignMinute(models.Model):
    """What became final in one minute of a campaign, for its chart. Writer: engine/settle."""

    pk = models.CompositePrimaryKey("enterprise_id", "campaign_id", "minute")
    enterprise_id = models.BigIntegerField()
    campaign_id = models.BigIntegerField()
    minute = models.DateTimeField()
    submitted = models.BigIntegerField(default=0)
    delivered = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)  # failed, expired, unknown and cancelled

    class Meta:
        db_table = "campaign_minute"

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.minute}"
