"""Forms of the operators: channels, number ranges, blacklist, forbidden words.

Here is what all channels have; what a protocol adds is in `account_forms`.
"""

import re
from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.models import Enterprise
from yunxin.carriers import blocklist, labels, numbers, words
from yunxin.carriers.models import Channel
from yunxin.carriers.province_field import province_field
from yunxin.vocabulary import BlockReason, WireAlphabet
from yunxin.web.forms import Form, ModelForm

HOST = re.compile(r"[A-Za-z0-9.:_-]+", re.ASCII)
DIGITS = re.compile(r"\d+", re.ASCII)


def _hour(label: Any, help_text: Any) -> forms.TimeField:
    widget = forms.TimeInput(format="%H:%M", attrs={"placeholder": "HH:MM", "inputmode": "numeric"})
    return forms.TimeField(label=label, required=False, widget=widget, help_text=help_text)


class ChannelForm(ModelForm):
    """What channels of all protocols have. The password is never shown again."""

    password = forms.CharField(
        label=_("Password"),
        max_length=64,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    carriers = forms.MultipleChoiceField(
        label=_("Carriers served"),
        choices=labels.NAMED_CARRIERS.items(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all carriers, unknown numbers too."),
    )

    provinces = province_field()
    traffics = forms.MultipleChoiceField(
        label=_("Traffic classes served"),
        choices=labels.TRAFFIC.items(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all."),
    )
    open_from = _hour(_("Sends from"), _("Time of day, such as 08:00. Both empty: always."))
    open_to = _hour(_("Sends until"), _("What comes outside these hours takes others, or waits."))
    enterprises = forms.ModelMultipleChoiceField(
        Enterprise.objects.order_by("name"),
        label=_("Dedicated to enterprises"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
        help_text=_(
            "Their messages go by it first, those of others never. None chosen: it serves all."
        ),
    )
    alphabet = forms.ChoiceField(
        label=_("Alphabet on the line"),
        choices=labels.ALPHABETS.items(),
        initial=WireAlphabet.UCS2,
    )

    class Meta:
        model = Channel
        fields: tuple[str, ...] = (
            "name", "host", "port", "system_id", "password",
            "sessions", "window", "rate_per_s", "access_number", "carriers", "provinces",
            "traffics", "open_from", "open_to", "enterprises", "weight", "alphabet", "dest_prefix",
            "enquire_every_s", "answer_timeout_s",
        )  # fmt: skip
        labels = {
            "name": _("Channel name"),
            "host": _("Host"),
            "port": _("Port"),
            "sessions": _("Number of sessions"),
            "window": _("Window per session"),
            "rate_per_s": _("Speed limit per second"),
            "access_number": _("Access number"),
            "weight": _("Weight"),
            "dest_prefix": _("Prefix of numbers"),
            "enquire_every_s": _("Line check every (seconds)"),
            "answer_timeout_s": _("Answer time-out (seconds)"),
        }
        help_texts = {
            "host": _("Name or address of the carrier's gateway."),
            "window": _("Unanswered submits that may be on their way; 1 to 1000."),
            "rate_per_s": _("In segments, as the contract says; 0 means no limit."),
            "access_number": _("1069… as the carrier assigned it; digits only."),
            "weight": _(
                "Share among channels that serve the same carrier; 0: only what no other takes."
            ),
            "dest_prefix": _("Put before every number; 86, or empty, as the carrier wants it."),
            "sessions": _("Connections of each engine; the contract says how many it allows."),
            "answer_timeout_s": _(
                "An answer that takes longer is in doubt, or is asked for again."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["password"].help_text = _("Empty keeps the password that is stored.")

    def clean_open_to(self) -> time | None:
        last: time | None = self.cleaned_data["open_to"]
        if "open_from" in self.cleaned_data and (
            (self.cleaned_data["open_from"] is None) != (last is None)
        ):
            raise forms.ValidationError(_("Enter both times, or neither."))
        return last

    @property
    def password_given(self) -> str | None:
        """The new password; None where the stored one stays."""
        return self.cleaned_data["password"] or None

    def clean_host(self) -> str:
        return _matching(self.cleaned_data["host"], HOST, _("Enter a host name or an IP address."))

    def clean_access_number(self) -> str:
        return _matching(self.cleaned_data["access_number"], DIGITS, _("Enter digits only."))

    def clean_dest_prefix(self) -> str:
        prefix = self.cleaned_data["dest_prefix"]
        return prefix and _matching(prefix.removeprefix("+"), DIGITS, _("Enter digits only."))

    def clean_port(self) -> int:
        return between(self.cleaned_data["port"], 1, 65535)

    def clean_sessions(self) -> int:
        return between(self.cleaned_data["sessions"], 1, 32)

    def clean_window(self) -> int:
        return between(self.cleaned_data["window"], 1, 1000)

    def clean_weight(self) -> int:
        return between(self.cleaned_data["weight"], 0, 100)

    def clean_enquire_every_s(self) -> int:
        return between(self.cleaned_data["enquire_every_s"], 1, 3600)

    def clean_answer_timeout_s(self) -> int:
        return between(self.cleaned_data["answer_timeout_s"], 1, 300)


def between(number: int, least: int, most: int) -> int:
    """The number, if it lies there; else a sentence for the person who typed it."""
    if not least <= number <= most:
        raise forms.ValidationError(
            _("Enter a number from %(least)s to %(most)s.") % {"least": least, "most": most}
        )
    return number


def _matching(text: str, pattern: re.Pattern[str], sentence: Any) -> str:
    if not pattern.fullmatch(text):
        raise forms.ValidationError(sentence)
    return text


class PrefixForm(Form):
    """Leading digits and whose they are."""

    digits = forms.CharField(
        label=_("Leading digits"), max_length=4, help_text=_("3 or 4 digits, such as 139 or 1703.")
    )
    carrier = forms.ChoiceField(label=_("Carrier"), choices=labels.NAMED_CARRIERS.items())

    def clean_digits(self) -> str:
        sentence = _("Enter the 3 or 4 leading digits of mainland mobiles: 13 to 19 and so on.")
        return _matching(self.cleaned_data["digits"].strip(), numbers.PREFIX, sentence)


class BlockForm(Form):
    """Numbers to block, typed or pasted, for everybody or for one enterprise."""

    phones = forms.CharField(
        label=_("Numbers"),
        widget=forms.Textarea(attrs={"rows": 8, "inputmode": "tel"}),
        help_text=_("One or many: a line each, or separated by commas."),
    )
    enterprise = forms.ModelChoiceField(
        Enterprise.objects.order_by("name"),
        label=_("Holds for"),
        required=False,
        empty_label=_("All enterprises"),
    )
    reason = forms.ChoiceField(
        label=_("Kind"),
        choices=[
            (reason, label)
            for reason, label in labels.BLOCK_REASONS.items()
            if reason != BlockReason.UNSUBSCRIBED
        ],
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def clean_phones(self) -> list[str]:
        typed = blocklist.split_typed(self.cleaned_data["phones"])
        if len(typed) > blocklist.PHONES_MAX:
            raise forms.ValidationError(
                _("At most %(most)s numbers at once; these are %(count)s.")
                % {"most": f"{blocklist.PHONES_MAX:,}", "count": f"{len(typed):,}"}
            )
        return typed

    def clean_reason(self) -> BlockReason:
        return BlockReason(self.cleaned_data["reason"])


class WordsForm(Form):
    """Words to forbid, typed or pasted."""

    words = forms.CharField(
        label=_("Words"),
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("One or many: a line each, or separated by commas; 2 to 60 characters."),
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def clean_words(self) -> list[str]:
        typed = words.split_typed(self.cleaned_data["words"])
        if len(typed) > words.WORDS_MAX:
            raise forms.ValidationError(
                _("At most %(most)s words at once; these are %(count)s.")
                % {"most": f"{words.WORDS_MAX:,}", "count": f"{len(typed):,}"}
            )
        return typed
