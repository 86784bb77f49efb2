"""The forms of this room: they read and complain; the rules themselves are in `rules`."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from yunxin.accounts.models import Enterprise
from yunxin.content import labels, rules
from yunxin.content.errors import ContentError, Refused
from yunxin.content.models import LibraryTemplate, RejectReason, Signature, Template
from yunxin.content.review import REASON_LENGTH_MAX, Subject
from yunxin.content.signatures import FILES_MAX, usable
from yunxin.content.text_templates import Draft
from yunxin.text.placeholders import variables
from yunxin.vocabulary import (
    SignatureKind,
    SignaturePosition,
    TemplateKind,
    TrafficClass,
)
from yunxin.web.forms import Form


def choices(words: Mapping[Any, str | Promise]) -> list[tuple[str, str | Promise]]:
    """A mapping of labels as choices of a field."""
    return [(str(value), label) for value, label in words.items()]


def add_problems(form: forms.BaseForm, error: ContentError) -> None:
    """Put what a writing function refused beside the fields that it is about."""
    problems = error.problems if isinstance(error, Refused) else [error]
    for problem in problems:
        field = problem.field if problem.field in form.fields else None
        form.add_error(field, str(problem.sentence))


class _FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """Several files in one field; cleaned to a list."""

    widget = _FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = [each for each in data or () if each]
        if not given and not self.required:
            return []
        # An empty file gets its sentence from `uploads.store`, as all files do.
        return given


class SignatureForm(Form):
    """A new signature."""

    name = forms.CharField(
        label=gettext_lazy("Signature"),
        max_length=60,  # a little of what is too long is kept, to be told so
        strip=False,
        help_text=gettext_lazy(
            "2 to 12 Chinese characters, letters or digits, without brackets and spaces."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter the signature.")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What it names"),
        choices=choices(labels.SIGNATURE_KINDS),
        initial=SignatureKind.COMPANY,
        widget=forms.RadioSelect,
    )
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        max_length=200,
        help_text=gettext_lazy(
            "To whom you send and on which occasions, such as: delivery notices to buyers."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Say what the signature is used for.")},
    )
    documents = FilesField(
        label=gettext_lazy("Supporting documents"),
        required=False,
        help_text=gettext_lazy(
            "Needed when the signature is not part of your registered company name:"
            " trademark certificate, authorisation, registration of the app or site."
            " JPG, PNG or PDF, up to 5 files of at most 5 MB each."
        ),
        widget=_FilesInput(attrs={"accept": ".jpg,.jpeg,.png,.pdf"}),
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        for problem in rules.signature_problems(name):
            raise forms.ValidationError(problem.sentence)
        return name

    def clean_documents(self) -> list[UploadedFile]:
        files: list[UploadedFile] = self.cleaned_data["documents"]
        if len(files) > FILES_MAX:
            raise forms.ValidationError(
                _("At most %(most)d files can be added. Remove some.") % {"most": FILES_MAX}
            )
        return files


class AgainForm(SignatureForm):
    """Apply again: the name stays, documents may be added to those that are there."""

    name = None  # type: ignore[assignment]
    keep_files = forms.BooleanField(
        label=gettext_lazy("Keep the documents handed in before"), required=False, initial=True
    )
    field_order = ("kind", "purpose", "keep_files", "documents")

    def __init__(self, *args: Any, signature: Signature, **kwargs: Any) -> None:
        initial = {"kind": signature.kind, "purpose": signature.purpose}
        super().__init__(*args, initial=initial, **kwargs)
        if not signature.files.exists():
            del self.fields["keep_files"]


class _SignatureChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Signature) -> str:
        label = labels.STATES[obj.state]
        return f"{obj}" if obj.state == "approved" else f"{obj} · {label}"


class UseForm(Form):
    """How a template is used: its name, signature, position and carriers."""

    name = forms.CharField(
        label=gettext_lazy("Template name"),
        max_length=rules.NAME_LENGTH_MAX,
        help_text=gettext_lazy("For yourself; recipients do not see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Give the template a name.")},
    )
    signature = _SignatureChoice(
        label=gettext_lazy("Signature"),
        queryset=Signature.objects.none(),
        empty_label=gettext_lazy("Choose a signature"),
        error_messages={"required": gettext_lazy("Choose a signature.")},
    )
    position = forms.ChoiceField(
        label=gettext_lazy("Position of the signature"),
        choices=choices(labels.POSITIONS),
        initial=SignaturePosition.FRONT,
        widget=forms.RadioSelect,
    )
    carriers = forms.MultipleChoiceField(
        label=pgettext_lazy("template", "Carriers"),
        choices=choices(labels.CARRIERS),
        initial=[str(carrier) for carrier in rules.CARRIERS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one carrier.")},
    )

    def __init__(self, *args: Any, enterprise: Enterprise, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ModelChoiceField, self.fields["signature"])
        field.queryset = usable(enterprise)
        if kwargs.get("initial") is None and not self.is_bound:
            field.initial = field.queryset.first()


class TemplateForm(UseForm):
    """A template of one's own."""

    kind = forms.ChoiceField(
        label=gettext_lazy("SMS type"),
        choices=choices(labels.TEMPLATE_KINDS),
        initial=TemplateKind.INDUSTRY,
        widget=forms.RadioSelect,
    )
    traffic = forms.ChoiceField(
        label=gettext_lazy("Message purpose"),
        choices=[
            (str(each), labels.TRAFFIC[each])
            for each in rules.TRAFFIC_OF_KIND[TemplateKind.INDUSTRY]
        ],
        initial=TrafficClass.NOTICE,
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Verification codes go out ahead of everything else."),
    )
    content = forms.CharField(
        label=gettext_lazy("Template content"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "data-variables": ""}),
        error_messages={"required": gettext_lazy("Enter the content of the template.")},
    )
    field_order = ("name", "signature", "position", "kind", "traffic", "content", "carriers")

    @classmethod
    def initial_of(cls, template: Template) -> dict[str, Any]:
        """What the form holds when a template is to be changed."""
        carriers = rules.CARRIERS if "all" in template.carriers else template.carriers
        return {
            "name": template.name,
            "signature": template.signature_id,
            "position": template.position,
            "kind": template.kind,
            "traffic": template.traffic,
            "content": template.content,
            "carriers": [str(carrier) for carrier in carriers],
        }

    def variable_names(self) -> list[str]:
        """What was typed into the fields of the variables, in order.

        Fields of variables that were taken out again may still stand in the page.
        """
        return typed_list(self.data, "variable_names")

    def draft(self) -> Draft:
        """What is applied for; call it on a valid form."""
        data = self.cleaned_data
        return Draft(
            name=data["name"],
            signature=data["signature"],
            content=data["content"],
            kind=TemplateKind(data["kind"]),
            traffic=traffic_of(data["kind"], data["traffic"]),
            position=SignaturePosition(data["position"]),
            carriers=data["carriers"],
            variable_names=self.variable_names()[: variables(data["content"])],
        )


class LibraryForm(Form):
    """A template of the common library."""

    industry = forms.CharField(
        label=gettext_lazy("Industry"),
        max_length=40,
        widget=forms.TextInput(attrs={"list": "industries", "autocomplete": "off"}),
    )
    name = forms.CharField(label=gettext_lazy("Template name"), max_length=rules.NAME_LENGTH_MAX)
    kind = TemplateForm.base_fields["kind"]
    traffic = TemplateForm.base_fields["traffic"]
    content = TemplateForm.base_fields["content"]

    @classmethod
    def initial_of(cls, row: LibraryTemplate) -> dict[str, Any]:
        """What the form holds when a template is to be changed."""
        return {name: getattr(row, name) for name in cls.base_fields}

    def variable_names(self) -> list[str]:
        """What was typed into the fields of the variables, in order.

        Fields of variables that were taken out again may still stand in the page.
        """
        return typed_list(self.data, "variable_names")

    def fields_to_save(self) -> dict[str, Any]:
        """The arguments of `library.save_library_template`; call it on a valid form."""
        data = self.cleaned_data
        return {
            "industry": data["industry"],
            "name": data["name"],
            "content": data["content"],
            "kind": TemplateKind(data["kind"]),
            "traffic": traffic_of(data["kind"], data["traffic"]),
            "variable_names": self.variable_names()[: variables(data["content"])],
        }


def traffic_of(kind: str, traffic: str) -> TrafficClass:
    """The class of traffic: marketing is marketing, whatever was chosen for industry texts."""
    allowed = rules.TRAFFIC_OF_KIND[TemplateKind(kind)]
    return TrafficClass(traffic) if traffic in allowed else allowed[0]


def typed_list(data: Any, name: str) -> list[str]:
    """All values of a field that stands in the page several times, without NUL characters."""
    values: Iterable[str] = data.getlist(name) if hasattr(data, "getlist") else data.get(name, ())
    return [value.replace("\0", "").strip() for value in values]


class RejectForm(Form):
    """Why something is rejected: in one's own words, or in those of the library."""

    ready = forms.ChoiceField(
        label=gettext_lazy("Usual reasons"), required=False, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason shown to the applicant"),
        required=False,
        max_length=REASON_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, reasons: Iterable[RejectReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = {str(reason.pk): reason.text for reason in reasons}
        cast(forms.ChoiceField, self.fields["ready"]).choices = list(self.texts.items())
        if not self.texts:
            del self.fields["ready"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("reason"):
            data["reason"] = self.texts.get(data.get("ready", ""), "")
        if not data["reason"]:
            self.add_error("reason", _("Say why, so that the applicant can mend it."))
        return data


class ReasonForm(Form):
    """A reason of the library."""

    subject = forms.ChoiceField(
        label=pgettext_lazy("reject reason", "For"),
        choices=choices(labels.SUBJECTS),
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=gettext_lazy("Reject reason"),
        max_length=REASON_LENGTH_MAX,
        help_text=gettext_lazy(
            "A sentence that says what is wrong and what to do; the applicant reads it as it is."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def subject_word(self) -> Subject:
        return Subject(self.cleaned_data["subject"])
