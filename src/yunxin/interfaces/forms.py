"""Forms of the interfaces: what may be typed. Whether it may be done the functions decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from yunxin.interfaces import labels
from yunxin.interfaces.credentials import Overlap
from yunxin.interfaces.errors import NetworkInvalid
from yunxin.interfaces.networks import REASON_MAX, read_network
from yunxin.vocabulary import PushFormat, PushKind
from yunxin.web.forms import Form, MomentInput

KEY_NETWORKS_MAX = 20

# What reviewers of addresses say most often; chosen with 1 to 3.
REASONS = (
    gettext_lazy("The network is larger than your servers need. Enter their very addresses."),
    gettext_lazy("This address is not public, so no request can come from it."),
    gettext_lazy("Please note whose server this is and what it does, and apply again."),
)


def read_networks(text: str, most: int) -> list[str]:
    """Addresses and networks that were typed, each once, as they are stored.

    Raises:
        forms.ValidationError: one of them is none, or there are more than `most`.
    """
    words = text.replace(",", " ").split()
    if len(words) > most:
        raise forms.ValidationError(
            _("At most %(most)d addresses fit here. Join some into a network.") % {"most": most}
        )
    try:
        return list(dict.fromkeys(read_network(word) for word in words))
    except NetworkInvalid as error:
        raise forms.ValidationError(str(error)) from None


class AccessKeyForm(Form):
    """A new AccessKey of the dialect."""

    name = forms.CharField(
        label=pgettext_lazy("key", "Name"),
        max_length=40,
        help_text=gettext_lazy("For yourself: the system that will use it, such as “ERP”."),
    )


class KeyForm(AccessKeyForm):
    """A new key of v1."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=labels.choices(labels.SCOPES),
        widget=forms.CheckboxSelectMultiple,
        initial=["messages:send", "messages:read"],
        help_text=gettext_lazy("Give a key no more than its system needs."),
    )
    networks = forms.CharField(
        label=gettext_lazy("Only from these addresses"),
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 3, "placeholder": "203.0.113.8"}),
        help_text=gettext_lazy(
            "One IP address or network a line. Left empty the key works from anywhere."
        ),
    )

    def clean_networks(self) -> list[str]:
        return read_networks(self.cleaned_data["networks"], KEY_NETWORKS_MAX)


class RotateForm(Form):
    """When the old key stops."""

    overlap = forms.TypedChoiceField(
        label=gettext_lazy("The old key stops"),
        choices=labels.choices(labels.OVERLAPS),
        coerce=lambda value: Overlap(int(value)),
        initial=str(int(Overlap.DAY)),
        widget=forms.RadioSelect,
    )


class NetworkForm(Form):
    """An address or network of the enterprise's servers."""

    network = forms.CharField(
        label=gettext_lazy("IP address or network"),
        max_length=60,
        widget=forms.TextInput(
            {"placeholder": "203.0.113.8", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=gettext_lazy(
            "The public address from which your server calls, such as 203.0.113.8, or a network"
            " such as 203.0.113.0/28. At most a /16 of IPv4, a /48 of IPv6."
        ),
    )
    note = forms.CharField(
        label=pgettext_lazy("network", "Note"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Whose server it is and what it does helps the review."),
    )

    def clean_network(self) -> str:
        try:
            return read_network(self.cleaned_data["network"])
        except NetworkInvalid as error:
            raise forms.ValidationError(str(error)) from None


class NetworkReasonForm(Form):
    """Why an address is rejected: in one's own words, or in usual ones."""

    reason = forms.CharField(
        label=gettext_lazy("Reason shown to the applicant"),
        required=False,
        max_length=REASON_MAX,
        widget=forms.Textarea({"rows": 3}),
    )
    ready = forms.CharField(required=False)

    @property
    def texts(self) -> dict[str, Any]:
        return {str(n): text for n, text in enumerate(REASONS)}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("reason"):
            data["reason"] = str(self.texts.get(data.get("ready", ""), ""))
        if not data["reason"] and "reason" not in self.errors:
            self.add_error("reason", _("Say why, so that the applicant can mend it."))
        return data


class LimitsForm(Form):
    """What one enterprise's interfaces may do."""

    ronghe_allowed = forms.BooleanField(
        label=gettext_lazy("The Ronghe dialect may be used"), required=False
    )
    requests_per_s = forms.IntegerField(
        label=gettext_lazy("Requests per second of one key"),
        required=False,
        min_value=1,
        max_value=100_000,
    )
    recipients_per_s = forms.IntegerField(
        label=gettext_lazy("Recipients per second of the enterprise"),
        required=False,
        min_value=1,
        max_value=1_000_000,
    )


class WhyForm(Form):
    """A reason that the enterprise reads."""

    reason = forms.CharField(
        label=gettext_lazy("Reason shown to the enterprise"),
        max_length=150,
        widget=forms.Textarea({"rows": 2}),
    )


class TargetForm(Form):
    """A URL that wants to hear of receipts or replies."""

    url = forms.CharField(
        label=gettext_lazy("URL"),
        max_length=500,
        widget=forms.URLInput(
            {
                "placeholder": "https://example.com/yunxin",
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
        help_text=gettext_lazy(
            "It is asked by POST, and acknowledges within 10 seconds. Redirects are not followed."
        ),
    )
    format = forms.TypedChoiceField(
        label=gettext_lazy("Format"),
        choices=labels.choices(labels.FORMATS),
        coerce=PushFormat,
        initial=PushFormat.V1,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            'In the dialect {"status":0} acknowledges, and nothing is signed. In v1 any status of'
            " 2xx does, and each push is signed with a secret of yours."
        ),
    )
    portal_too = forms.BooleanField(
        label=gettext_lazy("Receipts of messages that were sent in the portal as well"),
        required=False,
    )
    enabled = forms.BooleanField(
        label=pgettext_lazy("push", "Push to this URL"), required=False, initial=True
    )

    def __init__(self, *args: Any, kind: PushKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind != PushKind.RECEIPTS:
            del self.fields["portal_too"]  # a reply has no source


class RangeForm(Form):
    """A time that is pushed again."""

    kind = forms.TypedChoiceField(
        label=gettext_lazy("What is pushed again"),
        coerce=PushKind,
        widget=forms.RadioSelect,
    )
    from_at = forms.DateTimeField(label=gettext_lazy("Happened from"), widget=MomentInput())
    to_at = forms.DateTimeField(
        label=gettext_lazy("until before"),
        widget=MomentInput(),
        help_text=gettext_lazy("At most 7 days; the time is that of the receipt or the reply."),
    )

    def __init__(self, *args: Any, kinds: list[PushKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["kind"]
        field.choices = labels.choices({kind: labels.TARGETS[kind] for kind in kinds})


class SignatureForm(Form):
    """The fields of a request in the dialect, as the client sends them."""

    cpcode = forms.CharField(label="cpcode", max_length=16, strip=False)
    msg = forms.CharField(
        label="msg", max_length=4000, required=False, strip=False,
        help_text=gettext_lazy("The values of the template's variables, joined by commas."),
    )  # fmt: skip
    mobiles = forms.CharField(
        label="mobiles", max_length=4000, strip=False, widget=forms.Textarea({"rows": 2})
    )
    excode = forms.CharField(label="excode", max_length=20, required=False, strip=False)
    templetid = forms.CharField(label="templetid", max_length=20, strip=False)
    sign = forms.CharField(
        label="sign", max_length=64, required=False,
        help_text=gettext_lazy("What your system calculated; left empty nothing is compared."),
    )  # fmt: skip
