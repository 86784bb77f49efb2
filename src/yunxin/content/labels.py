"""The words of this room's states and kinds as people read them, and the colour of their pills."""

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

STATES = {
    ReviewState.PENDING: _("Under review"),
    ReviewState.APPROVED: _("Approved"),
    ReviewState.REJECTED: _("Rejected"),
    ReviewState.CANCELLED: _("Cancelled"),
}
TONES = {
    ReviewState.PENDING: "blue",
    ReviewState.APPROVED: "green",
    ReviewState.REJECTED: "red",
    ReviewState.CANCELLED: "grey",
}
SIGNATURE_KINDS = {
    SignatureKind.COMPANY: _("Company name"),
    SignatureKind.TRADEMARK: _("Trademark"),
    SignatureKind.APP: _("App"),
    SignatureKind.WEBSITE: _("Website"),
    SignatureKind.ACCOUNT: _("Official account or mini program"),
    SignatureKind.OTHER: pgettext_lazy("kind of signature", "Other"),
}
TEMPLATE_KINDS = {
    TemplateKind.INDUSTRY: _("Industry SMS"),
    TemplateKind.MARKETING: _("Marketing SMS"),
}
TRAFFIC = {
    TrafficClass.VERIFICATION: _("Verification code"),
    TrafficClass.NOTICE: _("Notice"),
    TrafficClass.MARKETING: _("Marketing"),
}
POSITIONS = {
    SignaturePosition.FRONT: _("In front"),
    SignaturePosition.BACK: _("At the end"),
}
CARRIERS = {
    CarrierName.MOBILE: _("China Mobile"),
    CarrierName.UNICOM: _("China Unicom"),
    CarrierName.TELECOM: _("China Telecom"),
}
ALL_CARRIERS = _("All carriers")
ACTIONS = {
    Action.APPLIED: _("Applied"),
    Action.APPROVED: _("Approved"),
    Action.REJECTED: _("Rejected"),
    Action.CANCELLED: _("Cancelled"),
    Action.DELETED: _("Deleted"),
}
SUBJECTS = {
    Subject.SIGNATURE: _("Signature"),
    Subject.TEMPLATE: _("Template"),
}
