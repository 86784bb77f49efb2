"""The words of this room as people read them: states, reasons, refusals, and how they look."""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yunxin.campaigns.audience import FileProblem
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.sources import Source
from yunxin.campaigns.states import Reason, Shown, State
from yunxin.content.labels import CARRIERS as THREE_CARRIERS
from yunxin.vocabulary import AudienceKind, CarrierName, MessageState, Refusal

Text = str | Promise
GROUPS_NAMED = 3

STATES: Mapping[State, Text] = {
    State.DRAFT: _("Draft"),
    State.PREPARING: _("Checking"),
    State.WAITING: _("Waiting to run"),
    State.PAUSED: _("Paused"),
    State.RUNNING: _("Processing"),
    State.SUCCEEDED: _("Processed"),
    State.FAILED: _("Not processed"),
    State.TERMINATED: _("Terminated"),
}
TONES: Mapping[State, str] = {
    State.DRAFT: "grey",
    State.PREPARING: "cyan",
    State.WAITING: "cyan",
    State.PAUSED: "orange",
    State.RUNNING: "blue",
    State.SUCCEEDED: "green",
    State.FAILED: "red",
    State.TERMINATED: "grey",
}
REASONS: Mapping[Reason, Text] = {
    Reason.NONE: "",
    Reason.AUDIENCE_FAILED: _("The recipients could not be used. Change the task and try again."),
    Reason.REOPENED: _("It is being changed and is not sent until you submit it again."),
    Reason.SCHEDULED: "",
    Reason.STARTING: _("It is about to start."),
    Reason.BY_PEOPLE: "",
    Reason.NO_BALANCE: _(
        "The balance is used up. It goes on by itself when there is a new package."
    ),
    Reason.QUIET_HOURS: _("Marketing messages rest at this hour. It goes on by itself."),
    Reason.RECEIPTS: _("Everything has been accepted; the carriers' reports are coming in."),
    Reason.SIGNATURE: _("The signature was cancelled or is no longer approved."),
    Reason.TEMPLATE: _("The template was deleted or is no longer approved."),
    Reason.ENTERPRISE: _("Your company's sending was suspended."),
    Reason.ALL_REFUSED: _("Not a single recipient could be sent to. See why in the details."),
    Reason.STOPPING: _("What has not been sent is being taken back and refunded."),
}
AUDIENCES: Mapping[AudienceKind, Text] = {
    AudienceKind.TYPED: _("Typed numbers"),
    AudienceKind.GROUPS: _("Groups"),
    AudienceKind.FILE: _("Text file"),
}
CARRIERS: Mapping[str, Text] = {
    **THREE_CARRIERS,
    CarrierName.BROADNET: _("China Broadnet"),
    CarrierName.UNKNOWN: _("Unknown carrier"),
}
OUTCOMES: Mapping[MessageState, Text] = {
    MessageState.ACCEPTED: _("On its way"),
    MessageState.DELIVERED: _("Delivered"),
    MessageState.FAILED: _("Failed"),
    MessageState.EXPIRED: _("Not delivered in time"),
    MessageState.UNKNOWN: _("Result unknown"),
    MessageState.CANCELLED: _("Message cancelled"),
}
FILE_PROBLEMS: Mapping[FileProblem, Text] = {
    FileProblem.EMPTY: _("The file is empty. Put one phone number on each line."),
    FileProblem.UTF16: _(
        "The file is saved as “Unicode” (UTF-16). Save it again as UTF-8: in Notepad choose "
        "“Save as” and the encoding UTF-8."
    ),
    FileProblem.SPREADSHEET: _(
        "This is an Excel workbook, not a text file. In Excel choose “Save as” and the type "
        "“CSV (comma delimited)”, and upload that file."
    ),
    FileProblem.DOCUMENT: _(
        "This is an office document, not a text file. Copy the lines into Notepad and save them "
        "as .txt."
    ),
    FileProblem.ARCHIVE: _("This is a compressed archive. Unpack it and upload the .txt inside."),
    FileProblem.IMAGE: _("This is a picture, not a text file. Upload a .txt file."),
    FileProblem.BINARY: _("This is not a text file. Upload a .txt file."),
    FileProblem.ONLY_BAD_LINES: _(
        "Not a single line can be sent to. Download the refused lines, mend them and try again."
    ),
    FileProblem.NOBODY: _(
        "Nobody is in these groups, or they were deleted. Put contacts into them, or choose others."
    ),
    FileProblem.VARIABLES: _(
        "The template was changed. Say again what its variables are filled with, and check the "
        "recipients."
    ),
    FileProblem.INTERNAL: _(
        "The recipients could not be checked because of a fault on our side. Please try again; "
        "if it happens once more, contact customer service."
    ),
}
SOURCES: Mapping[Source, Text] = {
    Source.TEXT: _("The same text for all"),
    Source.NAME: _("Contact's name"),
    Source.SALUTATION: _("Mr or Ms, by gender"),
    Source.COMPANY: _("Contact's company"),
    Source.POSITION: _("Contact's position"),
    Source.INDUSTRY: _("Contact's industry"),
    Source.BIRTHDAY: _("Contact's birthday"),
    Source.PHONE: _("Contact's mobile number"),
    Source.REMARK: _("Contact's remark"),
}
NO_PEOPLE = _("Not one of these contacts can be sent to. See below what is wrong with each.")
NO_NUMBERS = _("None of the numbers can be sent to. See below what is wrong with each.")

_REFUSALS: Mapping[Refusal, Text] = {
    Refusal.PHONE_INVALID: _("This is not a mainland mobile number of 11 digits."),
    Refusal.PHONE_DUPLICATE: _("The number stands on line %(detail)s already."),
    Refusal.BLOCKED_GLOBAL: _("The number is on the platform's blacklist."),
    Refusal.BLOCKED_ENTERPRISE: _("The number has unsubscribed or is on your blacklist."),
    Refusal.CARRIER_NOT_SERVED: _(
        "%(carrier)s is outside the carriers that the template is sent to."
    ),
    Refusal.PARAMS_MISSING: _(
        "The template has %(wanted)s parameters, the line has %(given)s. Separate them with the "
        "half-width comma “,”."
    ),
    Refusal.PARAMS_EXTRA: _(
        "The template has %(wanted)s parameters, the line has %(given)s. A parameter cannot hold "
        "a half-width comma."
    ),
    Refusal.PARAM_TOO_LONG: _("A parameter is too long."),
    Refusal.FORBIDDEN_WORD: _("The text holds the forbidden word “%(detail)s”."),
    Refusal.TEXT_TOO_LONG: _(
        "The whole text has %(detail)s characters; at most 1,000 are possible."
    ),
    Refusal.QUIET_HOURS: _("Marketing messages are not sent at this hour."),
    Refusal.FREQUENCY: _("The number has received too many messages from you lately."),
    Refusal.NO_BALANCE: _("The balance did not suffice."),
    Refusal.SIGNATURE_NOT_APPROVED: _("The signature is no longer approved."),
    Refusal.TEMPLATE_NOT_APPROVED: _("The template is no longer approved."),
    Refusal.ENTERPRISE_SUSPENDED: _("Your company's sending was suspended."),
    Refusal.LINE_MALFORMED: _("The line cannot be read."),
    Refusal.FULL_WIDTH_COMMA: _(
        "The line has a full-width comma “，”. Separate with the half-width comma “,”."
    ),
    Refusal.EXTENSION_TOO_LONG: _(
        "Your number with all extension codes has %(detail)s digits; at most 20 are possible."
    ),
    Refusal.EXTENSION_TAKEN: _(
        "The number with this extension code belongs to another enterprise; take other digits."
    ),
}
_MALFORMED: Mapping[str, Text] = {
    "encoding": _("The line holds bytes that are neither UTF-8 nor GB18030."),
    "control": _("The line holds control characters."),
    "separator": _("The separator is wrong. Separate with the half-width comma “,”."),
}


def group_names(campaign: Campaign) -> str:
    """The groups that a campaign is sent to, the first few by name; empty of other audiences."""
    if campaign.audience != AudienceKind.GROUPS:
        return ""
    names = [group.name for group in campaign.groups.all()]
    shown = gettext(", ").join(names[:GROUPS_NAMED])
    if len(names) <= GROUPS_NAMED:
        return shown
    return gettext("%(names)s and %(count)d more") % {
        "names": shown,
        "count": len(names) - GROUPS_NAMED,
    }


def refusal(reason: str, detail: str = "") -> str:
    """Why a line or a recipient was refused, as a sentence; an unknown reason stays a word."""
    if reason not in _REFUSALS:
        return reason
    if reason == Refusal.LINE_MALFORMED and detail in _MALFORMED:
        return str(_MALFORMED[detail])
    if reason == Refusal.PARAMS_MISSING and detail.startswith("empty "):
        return gettext("Parameter %(number)s is empty.") % {"number": detail.removeprefix("empty ")}
    wanted, _slash, given = detail.partition("/")
    values = {
        "detail": detail,
        "wanted": wanted,
        "given": given,
        "carrier": CARRIERS.get(detail, detail),
    }
    return str(_REFUSALS[Refusal(reason)]) % values


def refusal_kind(reason: str) -> str:
    """The same without the line's own details, for counts by reason."""
    return str(_KINDS.get(Refusal(reason), reason)) if reason in _REFUSALS else reason


_KINDS: Mapping[Refusal, Text] = {
    Refusal.PHONE_INVALID: _("Not a mobile number"),
    Refusal.PHONE_DUPLICATE: _("Number given twice"),
    Refusal.BLOCKED_GLOBAL: _("On the platform's blacklist"),
    Refusal.BLOCKED_ENTERPRISE: _("Unsubscribed or on your blacklist"),
    Refusal.CARRIER_NOT_SERVED: _("Carrier outside the template's range"),
    Refusal.PARAMS_MISSING: _("Too few parameters"),
    Refusal.PARAMS_EXTRA: _("Too many parameters"),
    Refusal.PARAM_TOO_LONG: _("Parameter too long"),
    Refusal.FORBIDDEN_WORD: _("Forbidden word in the text"),
    Refusal.TEXT_TOO_LONG: _("Text too long"),
    Refusal.QUIET_HOURS: _("Outside the hours for marketing"),
    Refusal.FREQUENCY: _("Too many messages to one number"),
    Refusal.NO_BALANCE: _("Balance used up"),
    Refusal.SIGNATURE_NOT_APPROVED: _("Signature not approved"),
    Refusal.TEMPLATE_NOT_APPROVED: _("Template not approved"),
    Refusal.ENTERPRISE_SUSPENDED: _("Sending suspended"),
    Refusal.LINE_MALFORMED: _("Unreadable line"),
    Refusal.FULL_WIDTH_COMMA: _("Full-width comma"),
    Refusal.EXTENSION_TOO_LONG: _("Extension code too long"),
    Refusal.EXTENSION_TAKEN: _("Extension code of another enterprise"),
}


def reason(seen: Shown, scheduled_at: datetime | None = None) -> str:
    """Why a campaign is in its state, as a sentence; empty where the state says it all."""
    if seen.reason == Reason.SCHEDULED and scheduled_at is not None:
        when = f"{timezone.localtime(scheduled_at):%Y-%m-%d %H:%M}"
        return gettext("It starts at %(time)s.") % {"time": when}
    return str(REASONS[seen.reason])
