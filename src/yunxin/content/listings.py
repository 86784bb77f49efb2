"""The lists of this room: columns, filters, and what an empty one says."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yunxin.content import labels, library
from yunxin.content.forms import choices
from yunxin.web.listing import Choice, Column, Listing

STATE = Choice("state", _("All states"), choices(labels.STATES))
KIND = Choice("kind", _("All types"), choices(labels.TEMPLATE_KINDS))
INDUSTRY = Choice(
    "industry", _("All industries"), lambda: [(name, name) for name in library.industries()]
)
ANY_INDUSTRY = Choice(
    "industry",
    _("All industries"),
    lambda: [(name, name) for name in library.industries(active_only=False)],
)
ACTIVE = Choice(
    "active", _("Offered or not"), [("True", _("Offered")), ("False", _("Not offered"))]
)


class SignatureList(Listing):
    """签名管理."""

    columns = (
        Column("created", _("Created at"), "time", sort="id"),
        Column("name", _("Signature"), "title", sort="name"),
        Column("files", _("Documents")),
        Column("templates", _("Templates using it"), "number", sort="template_count"),
        Column("state", _("Signature state"), "status"),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (STATE,)
    search = ("name",)
    search_label = _("Signature")
    empty_icon = "signature"
    empty_title = _("No signature yet.")
    empty_text = _(
        "Every SMS begins or ends with a signature. Apply for the first one;"
        " once it is approved you can make templates and send."
    )


class TemplateList(Listing):
    """模板管理."""

    columns = (
        Column("number", pgettext_lazy("template", "No."), "code", sort="id"),
        Column("name", _("Template name"), "title", sort="name"),
        Column("content", _("Template content")),
        Column("kind", pgettext_lazy("SMS", "Type"), "time"),
        Column("position", pgettext_lazy("signature", "Position"), "time"),
        Column("signature", _("Signature"), "time"),
        Column("carriers", pgettext_lazy("template", "Carriers"), "time"),
        Column("created", _("Created at"), "time"),
        Column("state", _("Review state"), "status"),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (STATE, KIND)
    search = ("name", "content")
    search_label = _("Template name or content")
    empty_icon = "template"
    empty_title = _("No template yet.")
    empty_text = _(
        "Take one from the common template library, which works at once, or write your own."
    )

    def searched(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """By name and content, and by number when digits were typed."""
        text = self.text
        if not text:
            return rows
        condition = Q(name__icontains=text) | Q(content__icontains=text)
        if text.isascii() and text.isdigit() and len(text) < 19:
            condition |= Q(pk=int(text))
        return rows.filter(condition)


class LibraryList(Listing):
    """常用模板库, as enterprises choose from it."""

    columns: ClassVar = (
        Column("name", _("Template name"), "title"),
        Column("industry", _("Industry"), "time"),
        Column("content", _("Template content")),
        Column("kind", pgettext_lazy("SMS", "Type"), "time"),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (INDUSTRY, KIND)
    search = ("name", "content", "industry")
    search_label = _("Template name or content")
    order = ("id",)
    empty_icon = "books"
    empty_title = _("The library is empty.")
    empty_text = _("You can write a template of your own instead.")


class LibraryKeepingList(Listing):
    """常用模板库, as operators keep it."""

    columns: ClassVar = (
        Column("name", _("Template name"), "title"),
        Column("industry", _("Industry"), "time"),
        Column("content", _("Template content")),
        Column("kind", pgettext_lazy("SMS", "Type"), "time"),
        Column("active", _("State"), "status"),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (ANY_INDUSTRY, KIND, ACTIVE)
    search = ("name", "content", "industry")
    search_label = _("Template name or content")
    order = ("industry", "position", "id")
    empty_icon = "books"
    empty_title = _("The library is empty.")
    empty_text = _("Add the first template that enterprises may use without review.")


class ReasonList(Listing):
    """驳回理由."""

    columns: ClassVar = (
        Column("text", _("Reject reason"), "title"),
        Column("subject", pgettext_lazy("reject reason", "For"), "time"),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (Choice("subject", _("For everything"), choices(labels.SUBJECTS)),)
    search = ("text",)
    search_label = _("Reject reason")
    order = ("subject", "position", "id")
    empty_icon = "message-x"
    empty_title = _("No reason yet.")
    empty_text = _("Reviewers choose from these sentences when they reject something.")


class SignatureReviewList(Listing):
    """All signatures that were applied for, for operators."""

    columns: ClassVar = (
        Column("name", _("Signature"), "title"),
        Column("enterprise", _("Enterprise")),
        Column("kind", _("What it names"), "time"),
        Column("submitted", _("Applied at"), "time", sort="submitted_at"),
        Column("state", _("Review state"), "status"),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (STATE,)
    search = ("name", "enterprise__name")
    search_label = _("Signature or enterprise")
    order = ("-submitted_at", "-id")
    empty_icon = "shield-check"
    empty_title = _("Nothing has been applied for yet.")
    empty_text = _("New applications appear here by themselves.")


class TemplateReviewList(Listing):
    """All templates that were applied for, for operators."""

    columns: ClassVar = (
        Column("number", pgettext_lazy("template", "No."), "code", sort="id"),
        Column("name", _("Template name"), "title"),
        Column("enterprise", _("Enterprise")),
        Column("content", _("Template content")),
        Column("kind", pgettext_lazy("SMS", "Type"), "time"),
        Column("submitted", _("Applied at"), "time", sort="submitted_at"),
        Column("state", _("Review state"), "status"),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (STATE, KIND)
    search = ("name", "content", "enterprise__name")
    search_label = _("Template or enterprise")
    order = ("-submitted_at", "-id")
    empty_icon = "shield-check"
    empty_title = _("Nothing has been applied for yet.")
    empty_text = _("New applications appear here by themselves.")
