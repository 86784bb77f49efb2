"""Contacts that somebody ticked in the list, or all that a search found: `?id=1&id=2`, `?all=1`."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from yunxin.accounts.models import Enterprise
from yunxin.contacts.models import Contact
from yunxin.contacts.people import ID_MAX, find_people
from yunxin.web.listing import SEARCH_MAX


def number(text: str | None) -> int | None:
    """A number of an address; None for anything else, and for what no id can be."""
    if not text or not (text.isascii() and text.isdigit()) or len(text) > 19:
        return None
    return min(int(text), ID_MAX)


@dataclass(frozen=True)
class Selection:
    """What was chosen, as an address says it.

    Of "all found", contacts newer than `until` are none: whoever is added after the question was
    asked is not part of the answer.
    """

    enterprise: Enterprise
    query: QueryDict

    @property
    def is_everything(self) -> bool:
        return self.query.get("all") == "1"

    @property
    def group_id(self) -> int | None:
        return number(self.query.get("group"))

    @property
    def with_subgroups(self) -> bool:
        return self.query.get("below") == "1"

    @property
    def search(self) -> str:
        """What the list was searched for, cut as the list cuts it."""
        return self.query.get("q", "").replace("\0", "").strip()[:SEARCH_MAX]

    @property
    def until(self) -> int:
        """The newest contact that is meant."""
        given = number(self.query.get("until"))
        return ID_MAX if given is None else given

    @property
    def contacts(self) -> QuerySet[Contact]:
        if not self.is_everything:
            ids = [number(text) for text in self.query.getlist("id")]
            return self.enterprise.contacts.filter(pk__in=[one for one in ids if one is not None])
        found = find_people(
            self.enterprise,
            group_id=self.group_id,
            with_subgroups=self.with_subgroups,
            search=self.search,
        )
        return found.filter(pk__lte=self.until)

    def ids(self) -> list[int]:
        return list(self.contacts.order_by().values_list("pk", flat=True))

    def bounded(self) -> str:
        """The query string with `until`, where everything was chosen and it is missing; else ""."""
        if not self.is_everything or number(self.query.get("until")) is not None:
            return ""
        newest = self.enterprise.contacts.order_by("-pk").values_list("pk", flat=True).first()
        query = self.query.copy()
        query["until"] = str(newest or 0)
        return query.urlencode()

    @property
    def back(self) -> str:
        """The list where it was chosen."""
        names = ("group", "below", "q", "page", "size", "sort")
        kept = [(name, self.query[name]) for name in names if self.query.get(name)]
        address = reverse("contacts:contacts")
        return f"{address}?{urlencode(kept)}" if kept else address
