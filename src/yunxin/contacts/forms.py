"""Forms of the address book: a person, a group's name, a choice of groups."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from yunxin.contacts import labels
from yunxin.contacts.groups import Branch, flat
from yunxin.contacts.models import Contact
from yunxin.text.people import LENGTHS_MAX, PersonInvalid, clean, tidy
from yunxin.web.forms import Form

GROUP_NAME_MAX = 40  # characters, as the column has it


class GroupPicker(forms.CheckboxSelectMultiple):
    """The group tree with a box before each, and a field that narrows it (contacts.js)."""

    template_name = "contacts/group_picker.html"
    branches: Sequence[Branch] = ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super(forms.widgets.ChoiceWidget, self).get_context(name, value, attrs)
        chosen = {str(one) for one in (value or ())}
        context["widget"]["branches"] = [
            (branch, str(branch.id) in chosen) for branch in self.branches
        ]
        return context


class GroupsField(forms.TypedMultipleChoiceField):
    """Some groups of an enterprise; gives their ids. The form says which there are: `offer`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(coerce=int, widget=GroupPicker, **options)

    def offer(self, tree: Iterable[Branch]) -> None:
        branches = list(flat(tree))
        self.choices = [(branch.id, branch.name) for branch in branches]
        self.widget.branches = branches


class PersonForm(Form):
    """A contact, and the groups it is in; `person` is what `text.people` made of it."""

    phone = forms.CharField(
        label=labels.FIELDS["phone"],
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    name = forms.CharField(label=labels.FIELDS["name"], max_length=LENGTHS_MAX["name"])
    gender = forms.ChoiceField(
        label=labels.FIELDS["gender"], required=False, choices=labels.GENDERS.items()
    )
    # Typed: nobody pages a calendar thirty years back.
    birthday = forms.CharField(
        label=labels.FIELDS["birthday"],
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"placeholder": "1990-12-12", "autocomplete": "off"}),
    )
    position = forms.CharField(
        label=labels.FIELDS["position"], required=False, max_length=LENGTHS_MAX["position"]
    )
    company = forms.CharField(
        label=labels.FIELDS["company"], required=False, max_length=LENGTHS_MAX["company"]
    )
    industry = forms.CharField(
        label=labels.FIELDS["industry"], required=False, max_length=LENGTHS_MAX["industry"]
    )
    remark = forms.CharField(
        label=labels.FIELDS["remark"], required=False, max_length=LENGTHS_MAX["remark"]
    )
    groups = GroupsField(label=pgettext_lazy("contact", "Groups"), required=False)
    # What the page showed when it was opened, so that two at once do not undo one another's work.
    groups_seen = forms.CharField(required=False, max_length=50_000, widget=forms.HiddenInput)
    seen_at = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, tree: Iterable[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["groups"]
        assert isinstance(field, GroupsField)
        field.offer(tree)
        if not field.choices:
            del self.fields["groups"]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        today = timezone.localdate()
        try:
            self.person = clean(
                {name: str(values.get(name) or "") for name in labels.FIELDS}, today=today
            )
        except PersonInvalid as refused:
            for problem in refused.problems:
                if not self.has_error(problem.field):
                    self.add_error(problem.field, labels.sentence(problem))
        return values

    @property
    def group_ids(self) -> list[int]:
        return list(self.cleaned_data.get("groups", ()))

    @property
    def seen(self) -> dict[str, Any]:
        """What `people.change_person` needs to know of what the page showed."""
        ids = self.cleaned_data["groups_seen"].split()
        try:
            at = datetime.fromisoformat(self.cleaned_data["seen_at"])
        except ValueError:
            return {}
        return {"groups_seen": [int(one) for one in ids if one.isdecimal()], "seen_at": at}

    def see_again(self, contact: Contact) -> None:
        """Take note of the contact as it is now: what is sent next replaces it."""
        given = QueryDict(mutable=True)
        given.update(self.data)
        given["seen_at"] = contact.updated_at.isoformat()
        self.data = given


def initial_of(contact: Contact, group_ids: Sequence[int]) -> dict[str, Any]:
    """What the form of a contact begins with."""
    values: dict[str, Any] = {name: getattr(contact, name) for name in labels.FIELDS}
    birthday: date | None = contact.birthday
    return values | {
        "birthday": birthday.isoformat() if birthday else "",
        "groups": [str(one) for one in group_ids],
        "groups_seen": " ".join(str(one) for one in group_ids),
        "seen_at": contact.updated_at.isoformat(),
    }


class GroupNameForm(Form):
    """What a group is called."""

    name = forms.CharField(
        label=gettext_lazy("Group name"),
        max_length=GROUP_NAME_MAX,
        help_text=gettext_lazy("A name stands once among the groups beside it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        name = tidy(self.cleaned_data["name"])
        if not name.isprintable():
            raise forms.ValidationError(_("There is a character that cannot be seen. Remove it."))
        return name


class GroupsForm(Form):
    """The groups that the chosen contacts are put into."""

    groups = GroupsField(
        label=pgettext_lazy("contact", "Groups"),
        error_messages={"required": gettext_lazy("Choose at least one group.")},
    )

    def __init__(self, *args: Any, tree: Iterable[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["groups"]
        assert isinstance(field, GroupsField)
        field.offer(tree)
