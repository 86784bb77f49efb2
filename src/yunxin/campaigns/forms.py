"""The forms of a campaign's steps."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yunxin.accounts import extensions
from yunxin.campaigns import labels
from yunxin.campaigns.audience import typed_numbers
from yunxin.campaigns.lifecycle import NAME_LENGTH_MAX, TYPED_MAX
from yunxin.carriers.channels import longest_access_number
from yunxin.content.models import Template
from yunxin.text import placeholders
from yunxin.vocabulary import SENDER_DIGITS_MAX, Refusal
from yunxin.web.forms import Form, MomentInput, say_what_to_do

PARAM_LENGTH_MAX = 500
NOW, LATER = "now", "later"
SCHEDULE_AHEAD_MAX = timedelta(days=90)

_digits = RegexValidator(r"^[0-9]*$", gettext_lazy("Only digits are possible."))


def param_names(template: Template | None) -> list[str]:
    """What each variable of a template stands for; those without a name are numbered."""
    if template is None:
        return []
    wanted = placeholders.variables(template.content)
    names = [*template.variable_names, *[""] * wanted][:wanted]
    return [name or _("Parameter %(n)s") % {"n": at} for at, name in enumerate(names, 1)]


class ParamsMixin:
    """Fields `param_1`, `param_2`, … for the variables of a template."""

    fields: dict[str, forms.Field]
    cleaned_data: dict[str, Any]

    def add_params(
        self, template: Template | None, values: Sequence[str], *, required: bool
    ) -> None:
        """One field a variable, in order, with what was given before."""
        self.param_fields = []
        for at, name in enumerate(param_names(template), 1):
            self.fields[f"param_{at}"] = forms.CharField(
                label=name,
                max_length=PARAM_LENGTH_MAX,
                required=required,
                initial=values[at - 1] if at <= len(values) else "",
                widget=forms.TextInput({"class": "form-control", "autocomplete": "off"}),
            )
            say_what_to_do(self.fields[f"param_{at}"])
            self.param_fields.append(f"param_{at}")

    @property
    def param_boxes(self) -> list[Any]:
        """The bound fields, for templates."""
        return [self[name] for name in self.param_fields]  # type: ignore[index]

    @property
    def params(self) -> list[str]:
        """What was given, in order."""
        return [self.cleaned_data.get(name, "") for name in self.param_fields]


class ContentForm(ParamsMixin, Form):
    """Step 1: the name, the template, its parameters."""

    name = forms.CharField(
        label=gettext_lazy("Task name"),
        max_length=NAME_LENGTH_MAX,
        help_text=gettext_lazy("Only you see it; it helps you find the task again."),
    )
    template = forms.ModelChoiceField(
        label=gettext_lazy("Template"),
        queryset=Template.objects.none(),
        error_messages={
            "required": gettext_lazy("Choose a template."),
            "invalid_choice": gettext_lazy(
                "This template is not approved any more. Choose another one."
            ),
        },
    )
    extension_code = forms.CharField(
        label=gettext_lazy("Extension code"),
        max_length=8,
        required=False,
        validators=[_digits],
        help_text=gettext_lazy(
            "Optional: digits behind your access number, so that replies to this task can be "
            "told apart."
        ),
    )

    def __init__(
        self,
        *args: Any,
        templates: QuerySet[Template],
        chosen: Template | None,
        params: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"].queryset = templates  # type: ignore[attr-defined]
        self.add_params(chosen, params, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        template, extension = data.get("template"), data.get("extension_code")
        if template is not None and extension:
            digits = longest_access_number() + len(
                template.enterprise.extension_code + template.signature.extension_code + extension
            )
            if digits > SENDER_DIGITS_MAX:
                sentence = _(
                    "Your number with all extension codes has %(digits)s digits; at most 20 are "
                    "possible. Take a shorter extension code."
                )
                self.add_error("extension_code", sentence % {"digits": digits})
            elif extensions.leads_elsewhere(template.enterprise, template.signature_id, extension):
                self.add_error("extension_code", labels.refusal(Refusal.EXTENSION_TAKEN))
        return data


class NumbersForm(ParamsMixin, Form):
    """Step 2: typed numbers and the parameters they share."""

    typed = forms.CharField(
        label=gettext_lazy("Mobile numbers"),
        max_length=100_000,
        strip=True,
        widget=forms.Textarea(
            {"rows": 8, "class": "form-control mono", "inputmode": "tel", "spellcheck": "false"}
        ),
        help_text=gettext_lazy(
            "One number a line, or separated by commas or spaces; at most 1,000. "
            "+86 may stand in front."
        ),
    )

    def __init__(
        self, *args: Any, template: Template | None, params: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.add_params(template, params, required=True)

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        count = len(typed_numbers(typed))
        if not count:
            raise forms.ValidationError(_("Enter at least one number."))
        if count > TYPED_MAX:
            raise forms.ValidationError(
                _("These are %(count)s numbers; at most 1,000 can be typed. Upload a file instead.")
                % {"count": f"{count:,}"}
            )
        return typed


class FileForm(Form):
    """Step 2: a file of recipients, sent as an ordinary form where scripts are off."""

    file = forms.FileField(
        label=gettext_lazy("File of recipients"),
        widget=forms.FileInput({"accept": ".txt,.csv,text/plain,text/csv"}),
        error_messages={
            "required": gettext_lazy("Choose a file first."),
            "empty": gettext_lazy("The file is empty. Put one phone number on each line."),
        },
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        limit = settings.CONFIG.audience_bytes_max
        if file.size > limit:
            raise forms.ValidationError(
                _("The file is larger than %(limit)s. Split it into several tasks.")
                % {"limit": filesizeformat(limit)}
            )
        return file


class TimeForm(Form):
    """Step 3: at once, or at a planned time."""

    when = forms.ChoiceField(
        label=gettext_lazy("When"),
        choices=[
            (NOW, gettext_lazy("As soon as it is submitted")),
            (LATER, gettext_lazy("At a planned time")),
        ],
        widget=forms.RadioSelect,
    )
    scheduled_at = forms.DateTimeField(
        label=gettext_lazy("Planned time"),
        required=False,
        widget=MomentInput,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        error_messages={"invalid": gettext_lazy("Enter a day and time such as 2026-11-21 09:30.")},
        help_text=gettext_lazy("Beijing time. At most 90 days ahead."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("when") != LATER or "scheduled_at" in self.errors:
            return data
        at, now = data.get("scheduled_at"), timezone.now()
        if at is None:
            self.add_error("scheduled_at", _("Choose the day and time."))
        elif at <= now:
            self.add_error("scheduled_at", _("This time has passed. Choose a later one."))
        elif at > now + SCHEDULE_AHEAD_MAX:
            self.add_error("scheduled_at", _("Choose a time within the next 90 days."))
        return data

    @property
    def moment(self) -> Any:
        """The planned time, or None for at once."""
        return self.cleaned_data["scheduled_at"] if self.cleaned_data["when"] == LATER else None
