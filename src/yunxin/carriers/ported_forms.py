"""Forms of ported numbers: one number, and a code that says whose numbers are now."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yunxin.carriers import labels
from yunxin.carriers.code_forms import CODE
from yunxin.carriers.models import PortingRule
from yunxin.text import phones
from yunxin.text.codes import CODE_LENGTH_MAX, plain
from yunxin.vocabulary import CarrierName
from yunxin.web.forms import Form

DELIVERED = "DELIVRD"


class PortedForm(Form):
    """A number and the carrier it is with now."""

    phone = forms.CharField(
        label=_("Phone number"), max_length=20, widget=forms.TextInput({"inputmode": "tel"})
    )
    carrier = forms.ChoiceField(
        label=_("The carrier it is with now"), choices=labels.NAMED_CARRIERS.items()
    )

    def clean_phone(self) -> str:
        try:
            return phones.normalise(self.cleaned_data["phone"])
        except phones.PhoneInvalid:
            raise forms.ValidationError(_("Enter 11 digits of a mainland mobile number.")) from None

    def clean_carrier(self) -> CarrierName:
        return CarrierName(self.cleaned_data["carrier"])


class RuleForm(Form):
    """A code of reports and the carrier that the number is with when it comes."""

    protocol = forms.ChoiceField(
        label=_("Protocol"), choices=labels.CODE_PROTOCOLS.items(), required=False
    )
    code = forms.CharField(
        label=_("Code"),
        max_length=CODE_LENGTH_MAX,
        help_text=_(
            "As the records show it, such as NP:1243. NP:* stands for every code that begins"
            " with NP:; what such codes mean is in your contract with the carrier."
        ),
    )
    carrier = forms.ChoiceField(
        label=_("The number is with"), choices=labels.NAMED_CARRIERS.items()
    )

    def clean_code(self) -> str:
        code = plain(self.cleaned_data["code"])
        if not CODE.fullmatch(code) or code == "*":
            raise forms.ValidationError(
                _("Enter a code without spaces; a * may stand at its end only.")
            )
        if DELIVERED.startswith(code.removesuffix("*")):
            raise forms.ValidationError(_("This is the word for delivered messages."))
        return code

    def clean_carrier(self) -> CarrierName:
        return CarrierName(self.cleaned_data["carrier"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        key = {"protocol": cleaned.get("protocol", ""), "code": cleaned.get("code")}
        if key["code"] and PortingRule.objects.filter(**key).exists():
            self.add_error("code", _("There is a rule for this code already; remove it first."))
        return cleaned
