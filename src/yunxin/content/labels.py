"""The words of this room's states and kinds as people read them, and the colour of their pills."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yunxin.content.review import Action, Subject
from yunxin.vocabulary import (
    CarrierName,
    ReviewState,
    SignatureKind,
    SignaturePosition,
    TemplateKind,
    TrafficClass,
)

Words = dict[str, str | Promise]  # a stored word → what people read

STATES: Words = {
    ReviewState.PENDING: _("Under review"),
    ReviewState.APPROVED: _("Approved"),
    ReviewState.REJECTED: _("Rejected"),
    ReviewState.CANCELLED: pgettext_lazy("signature", "Cancelled"),
}
TONES: dict[str, str] = {
    ReviewState.PENDING: "blue",
    ReviewState.APPROVED: "green",
    ReviewState.REJECTED: "red",
    ReviewState.CANCELLED: "grey",
}
SIGNATURE_KINDS: Words = {
    SignatureKind.COMPANY: _("Company name"),
    SignatureKind.TRADEMARK: _("Trademark"),
    SignatureKind.APP: _("App"),
    SignatureKind.WEBSITE: _("Website"),
    SignatureKind.ACCOUNT: _("Official account or mini program"),
    SignatureKind.OTHER: pgettext_lazy("kind of signature", "Other"),
}
TEMPLATE_KINDS: Words = {
    TemplateKind.INDUSTRY: _("Industry SMS"),
    TemplateKind.MARKETING: _("Marketing SMS"),
}
TRAFFIC: Words = {
    TrafficClass.VERIFICATION: _("Verification code"),
    TrafficClass.NOTICE: pgettext_lazy("message purpose", "Notice"),
    TrafficClass.MARKETING: pgettext_lazy("message purpose", "Marketing"),
}
POSITIONS: Words = {
    SignaturePosition.FRONT: _("In front"),
    SignaturePosition.BACK: _("At the end"),
}
CARRIERS: Words = {
    CarrierName.MOBILE: _("China Mobile"),
    CarrierName.UNICOM: _("China Unicom"),
    CarrierName.TELECOM: _("China Telecom"),
}
ALL_CARRIERS = pgettext_lazy("carriers", "All")
ACTIONS: Words = {
    Action.APPLIED: pgettext_lazy("history", "Applied"),
    Action.APPROVED: pgettext_lazy("history", "Approved"),
    Action.REJECTED: pgettext_lazy("history", "Rejected"),
    Action.CANCELLED: pgettext_lazy("history", "Cancelled"),
    Action.DELETED: pgettext_lazy("history", "Deleted"),
}
SUBJECTS: Words = {
    Subject.SIGNATURE: _("Signature"),
    Subject.TEMPLATE: _("Template"),
}
