"""Forms of the operators: grant a package, adjust one."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.models import Enterprise
from yunxin.billing.models import Package
from yunxin.billing.packages import SEGMENTS_MAX
from yunxin.web.forms import DayInput, Form

YEAR = timedelta(days=365)


class GrantForm(Form):
    """A package for an enterprise: how many segments, from which day to which."""

    enterprise = forms.ModelChoiceField(
        Enterprise.objects.order_by("name"),
        label=_("Enterprise"),
        empty_label=_("Choose an enterprise"),
    )
    name = forms.CharField(label=_("Package name"), max_length=60)
    segments = forms.IntegerField(
        label=_("Messages"),
        min_value=1,
        max_value=SEGMENTS_MAX,
        help_text=_("Billed messages (segments): a text of up to 70 characters takes one."),
    )
    valid_from = forms.DateField(label=_("Valid from"), widget=DayInput)
    valid_to = forms.DateField(
        label=_("Valid until"), widget=DayInput, help_text=_("This day is included.")
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("For the ledger: a contract, an order or an agreement, for example."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        today = timezone.localdate()
        kwargs["initial"] = {
            "valid_from": today,
            "valid_to": today + YEAR,
            **(kwargs.get("initial") or {}),
        }
        super().__init__(*args, **kwargs)

    def clean_valid_from(self) -> datetime:
        return _midnight(self.cleaned_data["valid_from"])

    def clean_valid_to(self) -> datetime:
        """The last day is the customer's as a whole: the package ends with its last second."""
        end = _midnight(self.cleaned_data["valid_to"] + timedelta(days=1)) - timedelta(seconds=1)
        if end <= timezone.now():
            raise forms.ValidationError(_("This day is over. Choose today or a later day."))
        return end

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("valid_from"), data.get("valid_to")
        if start and end and end <= start:
            self.add_error("valid_to", _("The last day is before the first."))
        return data


class AdjustForm(Form):
    """Add to a package, or take away what is not used."""

    change = forms.IntegerField(
        label=_("Change"),
        min_value=-SEGMENTS_MAX,
        max_value=SEGMENTS_MAX,
        widget=forms.NumberInput(attrs={"placeholder": "+1000 / -1000"}),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, package: Package, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["change"].help_text = _(
            "Messages to add; with a minus, to take away: at most %(left)s are left."
        ) % {"left": f"{package.left:,}"}

    def clean_change(self) -> int:
        change = self.cleaned_data["change"]
        if change == 0:
            raise forms.ValidationError(_("Enter how many to add or take away; 0 changes nothing."))
        return change


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
