"""Forms that look right by themselves: every room's forms stand on these two classes.

How a field is drawn (label, field, help, error beside it) is in templates/django/forms/.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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


# Django's own sentences are translated word by word; ours say what to do.
_SENTENCES: dict[str, Any] = {
    "max_length": gettext_lazy(
        "At most %(limit_value)d characters fit here; these are %(show_value)d. Shorten the text."
    ),
    "null_characters_not_allowed": gettext_lazy(
        "There is a character that cannot be seen. Remove it."
    ),
    "invalid_choice": gettext_lazy("This is not one of the choices any more. Choose another one."),
    "min_value": gettext_lazy("Enter a number of at least %(limit_value)s."),
    "max_value": gettext_lazy("Enter a number of at most %(limit_value)s."),
}


def say_what_to_do(field: forms.Field) -> None:
    """Put our sentences in the place of Django's; what a field says by itself stays."""
    standard: dict[str, Any] = {}
    for ancestor in reversed(type(field).__mro__):
        standard |= getattr(ancestor, "default_error_messages", {})
    required = _("Please fill in “%(field)s”.") % {"field": field.label or ""}
    for code, sentence in {"required": required, **_SENTENCES}.items():
        if field.error_messages.get(code) == standard.get(code):
            field.error_messages[code] = sentence


class Styled:
    """Gives widgets their classes; mix it in before Django's form class."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            say_what_to_do(field)
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
