"""The field with which a channel is bound to provinces."""

from django import forms
from django.utils.translation import gettext_lazy as _

from yunxin.carriers.number_labels import PROVINCES


def province_field() -> forms.MultipleChoiceField:
    """Provinces to tick, in the order of the official codes."""
    return forms.MultipleChoiceField(
        label=_("Provinces served"),
        choices=PROVINCES.items(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Numbers from these go by it before channels for all, others never. None chosen: all,"
            " also numbers of which no table says where they are from."
        ),
    )
