"""What may go wrong when people decide about a campaign: one base class, plain sentences."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class CampaignError(Exception):
    """What was asked for cannot be done; nothing was changed.

    `sentence` says why and what to do.
    """

    sentence: str | Promise = _("This cannot be done with the task in its present state.")

    def __str__(self) -> str:
        return str(self.sentence)


class AlreadyStarted(CampaignError):
    """The engine has begun with the campaign."""

    sentence = _(
        "The task has started meanwhile, so it can no longer be changed or deleted. "
        "You can pause it, or stop what has not been sent."
    )


class AlreadyOver(CampaignError):
    """The campaign has come to its end."""

    sentence = _("The task is over already. Nothing was changed.")


class NotADraft(CampaignError):
    """The campaign was submitted already."""

    sentence = _("The task has been submitted already. Choose “Change” in the list to edit it.")


class NotWaiting(CampaignError):
    """The campaign is not paused, or not running, any more."""

    sentence = _("The task is in another state by now. Look at the list and decide again.")


class ContentMissing(CampaignError):
    """The first step has not been filled in."""

    sentence = _("Choose a template first.")


class TemplateUnusable(CampaignError):
    """The template or its signature is no longer approved."""

    sentence = _(
        "The template or its signature is no longer approved. Choose another template in step 1."
    )


class AudienceMissing(CampaignError):
    """There is nobody to send to."""

    sentence = _(
        "Nobody can be sent to yet. Enter numbers, choose groups or upload a file in step 2."
    )


class GroupsGone(CampaignError):
    """None of the groups exists."""

    sentence = _("None of these groups exists any more. Choose again.")


class AudienceNotReady(CampaignError):
    """The file or the groups are still being read."""

    sentence = _("The recipients are still being checked. Submit the task when that is done.")


class AudienceChanged(CampaignError):
    """What the person looked at is not what would be sent."""

    sentence = _(
        "The task was edited in another window meanwhile. Look at the figures again and submit."
    )


class TimeHasPassed(CampaignError):
    """The planned time lies in the past."""

    sentence = _("The planned time has passed. Choose a later one in step 3, or send at once.")


class EnterpriseSuspended(CampaignError):
    """The enterprise may not send."""

    sentence = _("Your company's sending is suspended. Please contact customer service.")


class BalanceTooLow(CampaignError):
    """The packages do not hold what the campaign will cost."""

    def __init__(self, missing: int) -> None:
        super().__init__(missing)
        self.missing = missing
        self.sentence = ngettext(
            "The balance does not suffice: %(count)d message is missing. "
            "Buy a package or send to fewer recipients.",
            "The balance does not suffice: %(count)d messages are missing. "
            "Buy a package or send to fewer recipients.",
            missing,
        ) % {"count": missing}
