"""Step 2 by groups: which ones, and what each variable of the template is filled with."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yunxin.campaigns import labels
from yunxin.campaigns.forms import ParamsMixin, param_names
from yunxin.campaigns.sources import Source, guess
from yunxin.content.models import Template
from yunxin.web.forms import Form


class GroupsForm(ParamsMixin, Form):
    """Groups of the address book; `source_1`, `param_1`, … say what fills each variable."""

    groups = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Groups to send to"),
        coerce=int,
        error_messages={
            "required": gettext_lazy("Choose at least one group."),
            "invalid_choice": gettext_lazy(
                "One of these groups does not exist any more. Choose again."
            ),
        },
    )
    with_subgroups = forms.BooleanField(
        label=gettext_lazy("With all groups below the chosen ones"), required=False
    )

    def __init__(
        self,
        *args: Any,
        group_ids: Sequence[int],
        template: Template | None,
        sources: Sequence[str],
        params: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].choices = [(pk, pk) for pk in group_ids]  # type: ignore[attr-defined]
        self.add_params(template, params, required=False)
        self.source_fields = []
        for at, name in enumerate(param_names(template), 1):
            self.fields[f"source_{at}"] = forms.ChoiceField(
                label=name,
                choices=list(labels.SOURCES.items()),
                initial=sources[at - 1] if at <= len(sources) else guess(name),
                widget=forms.Select({"class": "form-select"}),
            )
            self.source_fields.append(f"source_{at}")

    @property
    def chosen(self) -> set[int]:
        """The groups that are ticked, whatever else is wrong with the form."""
        given = self["groups"].value() or []
        return {int(value) for value in given if str(value).isdecimal() and len(str(value)) < 19}

    @property
    def variables(self) -> Iterator[tuple[BoundField, BoundField]]:
        """What each variable comes from, and the text beside it; for templates."""
        for source, param in zip(self.source_fields, self.param_fields, strict=True):
            yield self[source], self[param]

    @property
    def sources(self) -> list[str]:
        """What was chosen for each variable, in order."""
        return [self.cleaned_data.get(name, Source.TEXT) for name in self.source_fields]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for source, param in zip(self.source_fields, self.param_fields, strict=True):
            if data.get(source) == Source.TEXT and not data.get(param) and param not in self.errors:
                self.add_error(param, _("Enter the text, or choose a field of the contact."))
        return data
