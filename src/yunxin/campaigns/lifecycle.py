"""What may be done with a campaign: draft, edit, confirm, pause, resume, terminate, delete, copy.

Every function is one transaction that locks the campaign's row before it looks whether the engine
has begun (a `campaign_progress` row). The engine locks the same row before it begins, so of two
that come at the same moment one wins and the other is told; a campaign is never half started.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from yunxin.accounts.models import Enterprise, User
from yunxin.billing.packages import read_balance
from yunxin.campaigns import members, preparation, states, tasks
from yunxin.campaigns.audience import FileProblem, typed_numbers
from yunxin.campaigns.errors import (
    AlreadyOver,
    AlreadyStarted,
    AudienceChanged,
    AudienceMissing,
    AudienceNotReady,
    BalanceTooLow,
    CampaignError,
    ContentMissing,
    EnterpriseSuspended,
    GroupsGone,
    NotADraft,
    NotWaiting,
    TemplateUnusable,
    TimeHasPassed,
)
from yunxin.campaigns.models import Campaign, CampaignGroup, CampaignProgress
from yunxin.campaigns.sources import fit
from yunxin.campaigns.states import Action, Shown, State
from yunxin.contacts.models import ContactGroup
from yunxin.content.models import Template
from yunxin.text import placeholders
from yunxin.vocabulary import AudienceKind, AudienceState, CampaignWish, ReviewState
from yunxin.web.hints import hint
from yunxin.web.models import StoredFile

TYPED_MAX = 1000  # more belong into a file
LATE_GRACE = timedelta(minutes=5)  # a planned time that passed while the last step was looked at
NAME_LENGTH_MAX = 60  # Campaign.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """The first step: what is sent, and under which name the task is found again."""

    name: str
    template: Template
    extension_code: str = ""
    params: Sequence[str] = ()  # for typed numbers and groups; of a file only the preview's


def of_enterprise(enterprise: Enterprise) -> QuerySet[Campaign]:
    """The campaigns of one enterprise that are not deleted, with what their state is made of."""
    rows = Campaign.objects.filter(enterprise=enterprise, deleted_at__isnull=True)
    return rows.select_related("progress", "template__signature", "file")


def usable_templates(enterprise: Enterprise) -> QuerySet[Template]:
    """The templates that can be sent now: approved, with an approved signature."""
    return Template.objects.filter(
        enterprise=enterprise,
        state=ReviewState.APPROVED,
        signature__state=ReviewState.APPROVED,
        deleted_at__isnull=True,
    ).select_related("signature")


def progress_of(campaign: Campaign) -> CampaignProgress | None:
    """What the engine made of a campaign, or None before it began."""
    try:
        return campaign.progress
    except CampaignProgress.DoesNotExist:
        return None


def shown(campaign: Campaign, now: datetime | None = None) -> Shown:
    """The state of a campaign as people see it."""
    return states.shown(campaign, progress_of(campaign), now or timezone.now())


# Drafting ----------------------------------------------------------------------------------------


@transaction.atomic
def create_draft(*, enterprise: Enterprise, content: Content, by: User) -> Campaign:
    """A new campaign that nobody has confirmed yet."""
    return Campaign.objects.create(
        enterprise=enterprise,
        name=content.name,
        template=content.template,
        extension_code=content.extension_code,
        shared_params=list(content.params),
        created_by=by,
    )


@transaction.atomic
def edit_content(*, enterprise: Enterprise, campaign_id: int, content: Content) -> Campaign:
    """Change the first step of a draft; a changed template means checking every recipient anew.

    Raises:
        NotADraft: it was submitted.
    """
    campaign = _locked_draft(enterprise, campaign_id)
    is_other = campaign.template_id != content.template.pk
    params_count = campaign.audience != AudienceKind.FILE
    params_differ = list(content.params) != campaign.shared_params
    campaign.name = content.name
    campaign.template = content.template
    campaign.extension_code = content.extension_code
    campaign.shared_params = list(content.params)
    if is_other:
        campaign.sources = []  # they were the former template's variables
    campaign.save(update_fields=("name", "template", "extension_code", "shared_params", "sources"))
    if is_other or (params_count and params_differ):
        _prepare_anew(campaign)
    return campaign


@transaction.atomic
def give_numbers(
    *, enterprise: Enterprise, campaign_id: int, typed: str, params: Sequence[str]
) -> Campaign:
    """Typed numbers with the parameters they share; they are checked at once.

    Raises:
        NotADraft: it was submitted.
        ContentMissing: there is no template to check against.
    """
    campaign = _locked_draft(enterprise, campaign_id)
    campaign.audience = AudienceKind.TYPED
    campaign.typed_phones = "\n".join(typed_numbers(typed)[:TYPED_MAX])
    campaign.shared_params = list(params)
    campaign.save(update_fields=("audience", "typed_phones", "shared_params"))
    _prepare_anew(campaign)
    return campaign


@transaction.atomic
def give_file(*, enterprise: Enterprise, campaign_id: int, file: StoredFile) -> Campaign:
    """A complete stored file of recipients; a background job reads it.

    Raises:
        NotADraft: it was submitted.
        ContentMissing: there is no template to check against.
    """
    campaign = _locked_draft(enterprise, campaign_id)
    preparation.discard_file(campaign)  # a former one
    campaign.audience, campaign.file = AudienceKind.FILE, file
    campaign.save(update_fields=("audience", "file"))
    _prepare_anew(campaign)
    return campaign


@transaction.atomic
def give_groups(
    *,
    enterprise: Enterprise,
    campaign_id: int,
    group_ids: Sequence[int],
    with_subgroups: bool,
    sources: Sequence[str],
    texts: Sequence[str],
) -> Campaign:
    """Groups of the address book; a background job reads who is in them.

    Args:
        sources: a `sources.Source` for each variable of the template, in order.
        texts: for each variable the text, or what stands in where the contact's field is empty.
    Raises:
        NotADraft: it was submitted.
        ContentMissing: there is no template to check against.
        GroupsGone: none of the groups is this enterprise's.
    """
    campaign = _locked_draft(enterprise, campaign_id)
    _demand_template(campaign)
    chosen = ContactGroup.objects.filter(enterprise=enterprise, pk__in=group_ids).order_by("path")
    groups = [
        CampaignGroup(campaign=campaign, group_id=group.pk, name=group.name) for group in chosen
    ]
    if not groups:
        raise GroupsGone
    campaign.groups.all().delete()
    CampaignGroup.objects.bulk_create(groups)
    campaign.audience, campaign.with_subgroups = AudienceKind.GROUPS, with_subgroups
    campaign.sources, campaign.shared_params = list(sources), list(texts)
    campaign.save(update_fields=("audience", "with_subgroups", "sources", "shared_params"))
    _prepare_anew(campaign)
    return campaign


@transaction.atomic
def read_again(*, enterprise: Enterprise, campaign_id: int) -> Campaign:
    """Find the people of a draft's groups anew, as the address book is now.

    Raises:
        NotADraft: it was submitted.
    """
    campaign = _locked_draft(enterprise, campaign_id)
    if campaign.audience == AudienceKind.GROUPS:
        _prepare_anew(campaign)
    return campaign


def book_has_moved(campaign: Campaign) -> bool:
    """Whether the address book was changed since the people of a campaign's groups were read."""
    if campaign.audience != AudienceKind.GROUPS or campaign.audience_state != AudienceState.READY:
        return False
    return members.book_version(campaign.enterprise_id) != campaign.book_version


@transaction.atomic
def set_time(
    *, enterprise: Enterprise, campaign_id: int, scheduled_at: datetime | None
) -> Campaign:
    """When to begin; None means as soon as it is confirmed.

    Raises:
        NotADraft: it was submitted.
        TimeHasPassed: the time does not lie ahead.
    """
    campaign = _locked_draft(enterprise, campaign_id)
    if scheduled_at is not None and scheduled_at <= timezone.now():
        raise TimeHasPassed
    campaign.scheduled_at = scheduled_at
    campaign.save(update_fields=("scheduled_at",))
    return campaign


@transaction.atomic
def copy(*, enterprise: Enterprise, campaign_id: int, by: User) -> Campaign:
    """A new draft with the same content and recipients, to be sent now or later."""
    original = _locked(enterprise, campaign_id)
    suffix = _(" copy")
    campaign = Campaign.objects.create(
        enterprise=enterprise,
        name=original.name[: NAME_LENGTH_MAX - len(suffix)] + suffix,
        template=original.template,
        extension_code=original.extension_code,
        audience=original.audience,
        typed_phones=original.typed_phones,
        shared_params=original.shared_params,
        file=original.file,
        with_subgroups=original.with_subgroups,
        sources=original.sources,
        created_by=by,
    )
    CampaignGroup.objects.bulk_create(
        CampaignGroup(campaign=campaign, group_id=group.group_id, name=group.name)
        for group in original.groups.all()
    )
    _prepare_anew(campaign)
    return campaign


def _prepare_anew(campaign: Campaign) -> None:
    """Forget what the audience was found to be, and find it again if there is one."""
    campaign.audience_version += 1
    campaign.audience_state, campaign.audience_error = AudienceState.WAITING, ""
    campaign.prepared_at = campaign.book_version = None
    for name in _COUNTS:
        setattr(campaign, name, 0)
    is_groups = campaign.audience == AudienceKind.GROUPS
    if is_groups and not _sources_fit(campaign):
        campaign.audience_state = AudienceState.FAILED
        campaign.audience_error = FileProblem.VARIABLES
    campaign.save(update_fields=_FOUND)
    if campaign.audience_state == AudienceState.FAILED:
        return
    if is_groups or (campaign.audience == AudienceKind.FILE and campaign.file_id):
        _demand_template(campaign)
        tasks.prepare_audience.defer(campaign_id=campaign.pk, version=campaign.audience_version)
    elif campaign.audience == AudienceKind.TYPED and _is_typed_complete(campaign):
        preparation.prepare_typed(campaign)


_COUNTS = (
    "bytes_read",
    "lines_read",
    "valid_count",
    "duplicate_count",
    "invalid_count",
    "blocked_count",
    "segments_expected",
    "people_found",
)
_FOUND = (
    *_COUNTS, "audience_version", "audience_state", "audience_error", "prepared_at", "book_version",
)  # fmt: skip


def _demand_template(campaign: Campaign) -> Template:
    if campaign.template is None:
        raise ContentMissing
    return campaign.template


def _is_typed_complete(campaign: Campaign) -> bool:
    """Whether there are numbers, and each variable of the template has its shared parameter."""
    if not campaign.typed_phones:
        return False
    wanted = placeholders.variables(_demand_template(campaign).content)
    return len(campaign.shared_params) == wanted and all(campaign.shared_params)


def _sources_fit(campaign: Campaign) -> bool:
    """Whether each variable of the template has what fills it from contacts."""
    wanted = placeholders.variables(_demand_template(campaign).content)
    return fit(wanted, campaign.sources, campaign.shared_params)


# Deciding ----------------------------------------------------------------------------------------


@transaction.atomic
def confirm(*, enterprise: Enterprise, campaign_id: int, version: int) -> Campaign:
    """Submit a draft: from now on the engine may begin with it.

    Args:
        version: the `audience_version` that the person was shown.
    Raises:
        CampaignError: it cannot be sent as it is; the sentence says what is missing.
    """
    campaign = _locked_draft(enterprise, campaign_id)
    if campaign.audience_version != version:
        raise AudienceChanged
    check_sendable(campaign)
    campaign.wish, campaign.confirmed_at = CampaignWish.RUN, timezone.now()
    campaign.save(update_fields=("wish", "confirmed_at"))
    hint("campaigns")
    return campaign


def check_sendable(campaign: Campaign) -> None:
    """Whether a draft can be submitted; writes nothing.

    Raises:
        CampaignError: the first thing that stands in the way.
    """
    if not campaign.enterprise.is_active:
        raise EnterpriseSuspended
    template = _demand_template(campaign)
    if not usable_templates(campaign.enterprise).filter(pk=template.pk).exists():
        raise TemplateUnusable
    if states.shown(campaign, None, timezone.now()).state == State.PREPARING:
        raise AudienceNotReady
    if campaign.audience_state != AudienceState.READY or not campaign.valid_count:
        raise AudienceMissing
    if campaign.scheduled_at and campaign.scheduled_at < timezone.now() - LATE_GRACE:
        raise TimeHasPassed
    missing = campaign.segments_expected - read_balance(campaign.enterprise).left
    if missing > 0:
        raise BalanceTooLow(missing)


def expected_elsewhere(campaign: Campaign) -> int:
    """Segments that the enterprise's other submitted campaigns will take when they begin."""
    others = Campaign.objects.filter(
        states.rows_in(State.WAITING), enterprise=campaign.enterprise, deleted_at__isnull=True
    ).exclude(pk=campaign.pk)
    return others.aggregate(sum=Sum("segments_expected"))["sum"] or 0


@transaction.atomic
def reopen(*, enterprise: Enterprise, campaign_id: int) -> Campaign:
    """Make a submitted campaign that has not begun a draft again, to be changed.

    Raises:
        AlreadyStarted, AlreadyOver: too late.
    """
    campaign = _locked(enterprise, campaign_id)
    if campaign.wish == CampaignWish.DRAFT:
        return campaign
    _demand(campaign, Action.EDIT)
    return _decide(campaign, CampaignWish.DRAFT)


@transaction.atomic
def pause(*, enterprise: Enterprise, campaign_id: int) -> Campaign:
    """Let nothing more of it be sent until it is resumed.

    Raises:
        CampaignError: it does not run.
    """
    campaign = _locked(enterprise, campaign_id)
    if campaign.wish == CampaignWish.PAUSE:
        return campaign
    _demand(campaign, Action.PAUSE)
    return _decide(campaign, CampaignWish.PAUSE)


@transaction.atomic
def resume(*, enterprise: Enterprise, campaign_id: int) -> Campaign:
    """Let a paused campaign go on where it stood.

    Raises:
        CampaignError: it is not paused.
    """
    campaign = _locked(enterprise, campaign_id)
    if campaign.wish == CampaignWish.RUN:
        return campaign
    _demand(campaign, Action.RESUME)
    return _decide(campaign, CampaignWish.RUN)


@transaction.atomic
def terminate(*, enterprise: Enterprise, campaign_id: int) -> Campaign:
    """Stop a campaign that has begun for good: what has not been sent is cancelled and refunded.

    Raises:
        CampaignError: it has not begun, or it is over.
    """
    campaign = _locked(enterprise, campaign_id)
    if campaign.wish == CampaignWish.TERMINATE:
        return campaign
    _demand(campaign, Action.TERMINATE)
    return _decide(campaign, CampaignWish.TERMINATE)


@transaction.atomic
def delete(*, enterprise: Enterprise, campaign_id: int) -> Campaign:
    """Delete a campaign that never began; its recipients go with it, in the background.

    Raises:
        AlreadyStarted, AlreadyOver: what has been sent is kept.
    """
    campaign = _locked(enterprise, campaign_id)
    _demand(campaign, Action.DELETE)
    campaign.deleted_at = timezone.now()
    campaign.wish = CampaignWish.DRAFT
    campaign.audience_version += 1  # a run that reads its file stops
    campaign.save(update_fields=("deleted_at", "wish", "audience_version"))
    tasks.discard_audience.defer(campaign_id=campaign.pk)
    hint("campaigns")
    return campaign


def _locked(enterprise: Enterprise, campaign_id: int) -> Campaign:
    """The campaign with its row locked.

    Raises:
        Campaign.DoesNotExist: not of this enterprise, or deleted.
    """
    rows = Campaign.objects.select_for_update(of=("self",)).select_related(
        "enterprise", "template__signature", "file"
    )
    return rows.get(pk=campaign_id, enterprise=enterprise, deleted_at__isnull=True)


def _locked_draft(enterprise: Enterprise, campaign_id: int) -> Campaign:
    campaign = _locked(enterprise, campaign_id)
    if campaign.wish != CampaignWish.DRAFT:
        raise NotADraft
    return campaign


def _demand(campaign: Campaign, action: Action) -> None:
    """Whether an action is allowed now that the row is locked; says precisely why it is not.

    The progress is read by a statement of its own: the engine's commit that we waited for is
    seen.
    """
    progress = CampaignProgress.objects.filter(pk=campaign.pk).first()
    now = states.shown(campaign, progress, timezone.now())
    if action in now.actions:
        return
    if now.state in (State.SUCCEEDED, State.FAILED, State.TERMINATED):
        raise AlreadyOver
    if action in (Action.EDIT, Action.DELETE) and now.started:
        raise AlreadyStarted
    if action in (Action.PAUSE, Action.RESUME):
        raise NotWaiting
    raise CampaignError


def _decide(campaign: Campaign, wish: CampaignWish) -> Campaign:
    campaign.wish = wish
    campaign.save(update_fields=("wish",))
    hint("campaigns")
    return campaign
