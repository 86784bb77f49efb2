"""Forms that look right by themselves: every room's forms stand on these two classes.

How a field is drawn (label, field, help, error beside it) is in templates/django/forms/.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

FIELD_CLASSES: dict[type[forms.Widget], str] = {
    forms.CheckboxInput: "form-check-input",
    forms.CheckboxSelectMultiple: "form-check-input",
    forms.RadioSelect: "form-check-input",
    forms.Select: "form-select",
}


def class_of(widget: forms.Widget) -> str:
    """The CSS class of a widget: the one of its nearest ancestor in the table."""
    for ancestor in type(widget).__mro__:
        if ancestor in FIELD_CLASSES:
            return FIELD_CLASSES[ancestor]
    return "" if widget.is_hidden else "form-control"


def name_in_required_error(field: forms.Field) -> None:
    """An empty field is asked for by its name, unless it has a sentence of its own for that."""
    if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
        message = _("Please fill in “%(field)s”.") % {"field": field.label or ""}
        field.error_messages["required"] = message


class Styled:
    """Gives widgets their classes; mix it in before Django's form class."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            name_in_required_error(field)
            own = field.widget.attrs.get("class", "")
            field.widget.attrs["class"] = f"{class_of(field.widget)} {own}".strip()


class Form(Styled, forms.Form):
    """A form of plain fields."""


class ModelForm(Styled, forms.ModelForm):
    """A form of a model's fields; `save` is not used: rooms' functions write."""


class DayInput(forms.DateInput):
    """A day, chosen in a calendar of the page's language (static/dates.js)."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-calendar": "day", **(attrs or {})}, format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    """A day and time to the minute, chosen in a calendar of the page's language."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-calendar": "moment", **(attrs or {})}, format="%Y-%m-%dT%H:%M")
