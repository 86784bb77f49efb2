"""The list of contacts: all, those of a group, or those of the groups under it too."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.models import Enterprise
from yunxin.contacts import labels
from yunxin.contacts.models import Contact, ContactGroup
from yunxin.contacts.people import book_of, find_people, fitting
from yunxin.text.phones import mask
from yunxin.web.listing import Choice, Column, Listing

BELOW = "below"


class WithSubgroups(Choice):
    """Whether contacts of the groups under the chosen one are listed; no condition of a row's."""

    def condition(self, query: QueryDict) -> Q:
        return Q()


SUBGROUPS = WithSubgroups(
    BELOW, _("This group alone"), [("1", _("With the groups under it"))]
)  # fmt: skip


class People(Listing):
    """Contacts as somebody sees them who only looks on: phones are masked."""

    may_change = False
    columns: ClassVar[Sequence[Column]] = (
        Column("phone", labels.FIELDS["phone"], "code"),
        Column("name", labels.FIELDS["name"], "title", sort="initials"),
        Column("gender", labels.FIELDS["gender"]),
        Column("birthday", labels.FIELDS["birthday"], "time"),
        Column("industry", labels.FIELDS["industry"]),
        Column("position", labels.FIELDS["position"]),
        Column("company", labels.FIELDS["company"]),
    )
    search = ("name", "phone")
    search_label = _("Number, name or its pinyin initials")
    empty_icon = "address-book"

    def __init__(
        self,
        request: HttpRequest,
        enterprise: Enterprise,
        *,
        group: ContactGroup | None,
        has_subgroups: bool,
    ) -> None:
        self.enterprise = enterprise
        self.group = group
        self.with_subgroups = has_subgroups and request.GET.get(BELOW) == "1"
        rows = find_people(
            enterprise,
            group_id=group.pk if group else None,
            with_subgroups=self.with_subgroups,
        )
        super().__init__(request, rows, filters=[SUBGROUPS] if has_subgroups else [])
        if group is None:
            self.empty_title = _("The address book is empty.")  # type: ignore[misc]
            self.empty_text = _("Add a contact, or import a file into a group.")  # type: ignore[misc]
        else:
            self.empty_title = _("Nobody is in this group.")  # type: ignore[misc]
            self.empty_text = _(  # type: ignore[misc]
                "Choose contacts under “All contacts” and add them to the group,"
                " or import a file into it."
            )

    def searched(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        condition = fitting(self.text, is_masked=not self.may_change)
        return rows.filter(condition) if condition else rows

    @cached_property
    def page(self) -> Any:
        """Nobody counts what the book keeps count of."""
        paginator = Paginator(self.found, self.size)
        if not self.text:
            paginator.count = self._known_count
        return paginator.get_page(self.query.get("page"))

    @property
    def _known_count(self) -> int:
        if self.group is None:
            return book_of(self.enterprise).contacts
        return self.group.reach if self.with_subgroups else self.group.members

    @cached_property
    def items(self) -> list[Contact]:
        rows: list[Contact] = list(self.page.object_list)
        for row in rows:
            row.shown_phone = row.phone if self.may_change else mask(row.phone)  # type: ignore[attr-defined]
            row.gender_label = labels.GENDERS[row.gender] if row.gender else ""  # type: ignore[attr-defined]
        return rows


class ChangeablePeople(People):
    """Contacts as somebody sees them who may change them: to be ticked, edited, deleted."""

    may_change = True
    columns = (
        Column("pick", "", "pick"),
        *People.columns,
        Column("actions", _("Actions"), "actions"),
    )
