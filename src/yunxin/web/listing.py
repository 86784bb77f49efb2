"""Lists: search, filters, sort and paging, from the query string to the rows of one page.

A room declares a `Listing` (columns, filters, what to say when it is empty), the view makes one
from the request and a queryset, and the template extends `web/list.html`. `KeysetListing` pages
by id instead of by number: it stays fast on tables that nobody may count. docs/adding-a-page.md
has a whole example.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, ClassVar, Literal

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Text = str | Promise
Choices = Iterable[tuple[Any, Text]]
CellKind = Literal["text", "title", "status", "number", "time", "code", "actions", "pick"]

SIZES = (10, 20, 50, 100)
YEARS = (2000, 2100)  # further days are slips of the finger, and leave the calendar of time zones
ID_MAX = 2**63 - 1  # bigint
SEARCH_MAX = 100  # characters; nobody types more, and it goes into a LIKE


@dataclass(frozen=True)
class Column:
    """A column: its heading, how its cells look, and by which field it sorts (if it does).

    On a phone rows become cards: `title` stands at the top left, `status` at the top right,
    `actions` at the bottom, all others as a labelled line each. `pick` is a box to choose the row.
    """

    name: str
    label: Text
    kind: CellKind = "text"
    sort: str = ""


@dataclass(frozen=True)
class Choice:
    """A filter of fixed choices, a drop-down. `choices` may be a function, to read them late.

    For a yes or no (`is_active`, `deleted_at__isnull`) the values are True and False.
    """

    name: str
    label: Text  # also what stands for "no choice": 全部状态
    choices: Choices | Callable[[], Choices]
    field: str = ""  # the lookup; the name where it is left out
    kind: ClassVar[str] = "choice"

    def options(self) -> list[tuple[str, Text]]:
        found = self.choices() if callable(self.choices) else self.choices
        return [(str(value), label) for value, label in found]

    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def condition(self, query: QueryDict) -> Q:
        """What rows must fulfil. An unknown value is no filter: links go stale."""
        value = query.get(self.name, "")
        if value not in dict(self.options()):
            return Q()
        field = self.field or self.name
        return Q(**{field: value == "True" if field.endswith("__isnull") else value})


@dataclass(frozen=True)
class Exact:
    """A filter that must be typed whole, such as a phone number."""

    name: str
    label: Text
    field: str = ""
    kind: ClassVar[str] = "exact"

    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def condition(self, query: QueryDict) -> Q:
        value = query.get(self.name, "").strip()[:SEARCH_MAX]
        return Q(**{self.field or self.name: value}) if value else Q()


@dataclass(frozen=True)
class Dates:
    """A filter from one day to another, both included, in the time zone of the pages."""

    name: str
    label: Text
    field: str = ""
    kind: ClassVar[str] = "dates"

    def names(self) -> tuple[str, ...]:
        return (f"{self.name}_from", f"{self.name}_to")

    def span(self, query: QueryDict) -> tuple[datetime | None, datetime | None]:
        """The first moment of the range and the first after it.

        Raises:
            ValueError: one of them is not a date; the message is for people.
        """
        first, last = (_day(query.get(name, "")) for name in self.names())
        if first and last and first > last:
            raise ValueError(_("The first day is after the last."))
        return _midnight(first), _midnight(last + timedelta(days=1) if last else None)

    def condition(self, query: QueryDict) -> Q:
        begin, end = self.span(query)
        field = self.field or self.name
        since = Q(**{f"{field}__gte": begin}) if begin else Q()
        return since & (Q(**{f"{field}__lt": end}) if end else Q())


Filter = Choice | Exact | Dates


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(_("Enter dates such as 2026-11-21.")) from None
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise ValueError(_("Enter dates such as 2026-11-21."))
    return day


def _midnight(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time())) if day else None


def _storable(query: QueryDict) -> QueryDict:
    """A query string without NUL characters, which PostgreSQL knows in no text."""
    if not any("\0" in value for _name, values in query.lists() for value in values):
        return query
    clean = query.copy()
    for name, values in query.lists():
        clean.setlist(name, [value.replace("\0", "") for value in values])
    return clean


@dataclass(frozen=True)
class Shown:
    """A filter as it stands in the page: with what was chosen."""

    filter: Filter
    values: dict[str, str]
    error: str = ""

    @property
    def value(self) -> str:
        return next(iter(self.values.values()))


@dataclass(frozen=True)
class Header:
    """A column's heading with the link that sorts by it."""

    column: Column
    url: str = ""
    direction: str = ""  # "ascending", "descending" or nothing, as aria-sort says it


class Listing:
    """One page of a list, made from a request; declare one by subclassing.

    Args:
        request: its query string has q, sort, page, size and the filters' names.
        rows: all that the person may see; the listing narrows it.
        filters: in place of the declared ones, where choices depend on who asks.
    """

    columns: ClassVar[Sequence[Column]] = ()
    filters: Sequence[Filter] = ()
    search: ClassVar[Sequence[str]] = ()  # fields that hold what is searched for
    search_label: ClassVar[Text] = gettext_lazy("Search")
    order: ClassVar[Sequence[str]] = ("-id",)
    empty_icon: ClassVar[str] = "inbox"
    empty_title: ClassVar[Text] = gettext_lazy("There is nothing here yet.")
    empty_text: ClassVar[Text] = ""  # what to do next
    refresh_s: int = 0  # above 0 the list renews itself that often

    def __init__(
        self, request: HttpRequest, rows: QuerySet[Any], *, filters: Sequence[Filter] | None = None
    ) -> None:
        self.request = request
        self.query = _storable(request.GET)
        self.rows = rows
        if filters is not None:
            self.filters = filters

    # -- rows ---------------------------------------------------------------------------------
    @cached_property
    def shown_filters(self) -> list[Shown]:
        return [self._shown(item) for item in self.filters]

    def _shown(self, item: Filter) -> Shown:
        values = {name: self.query.get(name, "") for name in item.names()}
        try:
            item.condition(self.query)
        except ValueError as error:
            return Shown(item, values, str(error))
        return Shown(item, values)

    @property
    def text(self) -> str:
        """What was searched for."""
        return self.query.get("q", "").strip()[:SEARCH_MAX]

    @property
    def is_filtered(self) -> bool:
        names = [name for item in self.filters for name in item.names()]
        return bool(self.text) or any(self.query.get(name) for name in names)

    @cached_property
    def found(self) -> QuerySet[Any]:
        """The rows that fulfil search and filters, in order; for exports too."""
        condition = Q()
        for shown in self.shown_filters:
            if not shown.error:
                condition &= shown.filter.condition(self.query)
        rows = self.rows.filter(condition) if condition else self.rows
        return self.searched(rows).order_by(*self._ordering)

    def searched(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow to what was typed into the search field; override for a search of another kind."""
        if not self.text or not self.search:
            return rows
        condition = Q()
        for field in self.search:
            condition |= Q(**{f"{field}__icontains": self.text})
        return rows.filter(condition)

    @property
    def _ordering(self) -> Sequence[str]:
        name = self.query.get("sort", "")
        for column in self.columns:
            if column.sort and name.removeprefix("-") == column.name:
                sign = "-" if name.startswith("-") else ""
                return (sign + column.sort, *self.order)
        return self.order

    @cached_property
    def headers(self) -> list[Header]:
        return [self._header(column) for column in self.columns]

    def _header(self, column: Column) -> Header:
        if not column.sort:
            return Header(column)
        current = self.query.get("sort", "")
        direction = {column.name: "ascending", f"-{column.name}": "descending"}.get(current, "")
        following = {"": f"-{column.name}", "descending": column.name, "ascending": ""}[direction]
        return Header(column, self.url(sort=following, page=""), direction)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    # -- paging -------------------------------------------------------------------------------
    @property
    def size(self) -> int:
        text = self.query.get("size", "")
        return int(text) if text in map(str, SIZES) else SIZES[0]

    @property
    def sizes(self) -> list[tuple[int, str]]:
        return [(size, self.url(size=str(size), page="", **self._start())) for size in SIZES]

    def _start(self) -> dict[str, str]:
        return {}

    @cached_property
    def page(self) -> Any:
        return Paginator(self.found, self.size).get_page(self.query.get("page"))

    @cached_property
    def items(self) -> list[Any]:
        return list(self.page.object_list)

    @property
    def total(self) -> int | None:
        """How many rows were found; None when nobody counted."""
        return int(self.page.paginator.count)

    @property
    def pages(self) -> list[tuple[str, str]]:
        """Number and address of each page to offer; a gap has no address."""
        numbers = self.page.paginator.get_elided_page_range(
            self.page.number, on_each_side=1, on_ends=1
        )
        return [(str(n), self.url(page=str(n)) if isinstance(n, int) else "") for n in numbers]

    @property
    def current(self) -> str:
        return str(self.page.number)

    @property
    def previous_url(self) -> str:
        return self.url(page=str(self.page.number - 1)) if self.page.has_previous() else ""

    @property
    def next_url(self) -> str:
        return self.url(page=str(self.page.number + 1)) if self.page.has_next() else ""

    # -- addresses ----------------------------------------------------------------------------
    def url(self, **changes: str) -> str:
        """This list's address with some parameters changed; an empty value removes one."""
        query = self.query.copy()
        for name, value in changes.items():
            query[name] = value
        for name in [name for name, value in query.items() if not value]:
            del query[name]
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path

    @property
    def here(self) -> str:
        return self.url()

    @property
    def clear_url(self) -> str:
        """The list without search and filters; order and size stay."""
        names = [name for item in self.filters for name in item.names()]
        return self.url(q="", page="", **self._start(), **dict.fromkeys(names, ""))


class KeysetListing(Listing):
    """A list along an id, newest first, for tables with millions of rows: nothing is counted.

    `?before=ID` is the page of rows older than ID, `?after=ID` the one of newer rows. Override
    `window` where the rows do not come from a queryset.
    """

    key: ClassVar[str] = "id"

    def _start(self) -> dict[str, str]:
        return {"before": "", "after": ""}

    def _bound(self, name: str) -> int | None:
        text = self.query.get(name, "")
        is_number = text.isascii() and text.isdigit() and len(text) < 20
        return min(int(text), ID_MAX) if is_number else None

    def window(self, *, before: int | None, after: int | None, limit: int) -> list[Any]:
        """Up to `limit` rows: the newest below `before`, or the oldest above `after`."""
        rows = self.found
        if after is not None:
            return list(rows.filter(**{f"{self.key}__gt": after}).order_by(self.key)[:limit])
        if before is not None:
            rows = rows.filter(**{f"{self.key}__lt": before})
        return list(rows.order_by(f"-{self.key}")[:limit])

    @cached_property
    def _page(self) -> tuple[list[Any], bool, bool]:
        """The rows newest first, whether there are newer ones, whether there are older ones."""
        before, after = self._bound("before"), self._bound("after")
        rows = self.window(before=before, after=after, limit=self.size + 1)
        more = len(rows) > self.size
        rows = rows[: self.size]
        if after is not None:
            return rows[::-1], more, bool(rows)
        return rows, before is not None and bool(rows), more

    @cached_property
    def items(self) -> list[Any]:
        return self._page[0]

    @property
    def total(self) -> int | None:
        return None

    @property
    def pages(self) -> list[tuple[str, str]]:
        return []

    @property
    def current(self) -> str:
        return ""

    @property
    def previous_url(self) -> str:
        items, has_newer, _has_older = self._page
        first = str(getattr(items[0], self.key)) if items else ""
        return self.url(after=first, before="") if has_newer else ""

    @property
    def next_url(self) -> str:
        items, _has_newer, has_older = self._page
        last = str(getattr(items[-1], self.key)) if items else ""
        return self.url(before=last, after="") if has_older else ""
