"""The form for what a carrier's code means."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yunxin.carriers import labels
from yunxin.carriers.models import CarrierCode
from yunxin.text.codes import CODE_LENGTH_MAX, plain
from yunxin.vocabulary import CodeGroup
from yunxin.web.forms import Form

CODE = re.compile(r"[^\s*]+\*?")


class CodeForm(Form):
    """A row of the table; `row_id` names the one that is changed."""

    protocol = forms.ChoiceField(
        label=_("Protocol"), choices=labels.CODE_PROTOCOLS.items(), required=False
    )
    code = forms.CharField(
        label=_("Code"),
        max_length=CODE_LENGTH_MAX,
        help_text=_(
            "As the records show it. MK:* stands for every code that begins with MK:, and"
            " :27 for the error behind any word, as in UNDELIV:27."
        ),
    )
    group = forms.ChoiceField(label=_("Kind"), choices=labels.CODE_GROUPS.items())
    meaning_zh = forms.CharField(label=_("Meaning in Chinese"), max_length=200)
    meaning_en = forms.CharField(label=_("Meaning in English"), max_length=200)
    is_permanent = forms.BooleanField(
        label=_("Permanent"),
        required=False,
        help_text=_(
            "Sending to the same phone again soon would not help. Told to people and to"
            " enterprises' systems. Where it differs from what was shipped, or the code is new, a"
            " submit refused with it is tried again or not as you say here; else by the protocol."
        ),
    )

    def __init__(self, *args: Any, row_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._row_id = row_id

    def clean_code(self) -> str:
        code = plain(self.cleaned_data["code"])
        if not CODE.fullmatch(code):
            raise forms.ValidationError(
                _("Enter a code without spaces; a * may stand at its end only.")
            )
        return code

    def clean_group(self) -> CodeGroup:
        return CodeGroup(self.cleaned_data["group"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        key = {"protocol": cleaned.get("protocol", ""), "code": cleaned.get("code")}
        others = CarrierCode.objects.filter(**key).exclude(pk=self._row_id or 0)
        if key["code"] and others.exists():
            self.add_error("code", _("The table has this code already; change that row instead."))
        return cleaned
