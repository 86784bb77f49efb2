"""Forms of the SMPP server's accounts, for operators; fields and help stand on the model."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from yunxin.interfaces import labels, smpp_labels
from yunxin.interfaces.forms import read_networks
from yunxin.interfaces.smpp_models import SmppAccount
from yunxin.web.forms import ModelForm

NETWORKS_MAX = 50  # of one account: the server looks through all of them at each bind


def _choice(name: str, words: dict[Any, labels.Text]) -> forms.ChoiceField:
    """A radio for each word, with the label and the help of the model's field."""
    field: Any = SmppAccount._meta.get_field(name)
    return forms.ChoiceField(
        label=field.verbose_name,
        help_text=field.help_text,
        choices=labels.choices(words),
        initial=str(field.default),
        widget=forms.RadioSelect,
    )


class AccountForm(ModelForm):
    """Whatever of an account may change."""

    networks = forms.CharField(
        label=SmppAccount._meta.get_field("networks").verbose_name,
        help_text=SmppAccount._meta.get_field("networks").help_text,
        required=False,
        max_length=3000,
        widget=forms.Textarea({"rows": 4, "placeholder": "203.0.113.8"}),
    )
    text_mode = _choice("text_mode", smpp_labels.TEXT_MODES)
    traffic = _choice("traffic", labels.TRAFFIC)
    source_rule = _choice("source_rule", smpp_labels.SOURCE_RULES)
    replies = _choice("replies", smpp_labels.REPLIES)
    default_alphabet = _choice("default_alphabet", smpp_labels.ALPHABETS)

    class Meta:
        model = SmppAccount
        fields: ClassVar = [
            "name", "networks", "sessions_max", "window", "rate_per_s", "text_mode", "traffic",
            "source_rule", "extension", "replies", "default_alphabet",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["networks"] = "\n".join(self.instance.networks)

    def clean_networks(self) -> list[str]:
        return read_networks(self.cleaned_data["networks"], NETWORKS_MAX)


class NewAccountForm(AccountForm):
    """A new account, with its login name."""

    class Meta(AccountForm.Meta):
        fields: ClassVar = ["system_id", *AccountForm.Meta.fields]
        labels: ClassVar = {"system_id": "system_id"}
        widgets: ClassVar = {
            "system_id": forms.TextInput({"autocomplete": "off", "spellcheck": "false"})
        }
        error_messages: ClassVar = {
            "system_id": {"unique": _("This name is taken. Choose another one.")}
        }
