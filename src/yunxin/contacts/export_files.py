"""Contacts as files: templates to fill in, exports of up to 20,000 at once, larger ones later.

Every cell is text: a spreadsheet takes none for a formula. Rows come in portions along the ids, so
memory stays flat and no transaction stays open; who is added meanwhile may be missing, who is
deleted meanwhile too, and nobody is there twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from yunxin.accounts.models import Enterprise
from yunxin.contacts.models import Contact
from yunxin.contacts.people import find_people
from yunxin.contacts.transfer_labels import GENDERS, WIDTHS, headings
from yunxin.contacts.transfers import FileFormat
from yunxin.text.people import FIELDS, Gender
from yunxin.web import csv_files
from yunxin.web.tables import writing

AT_ONCE_MAX = 20_000  # the manual's limit of one export
ROWS_AT_ONCE = 2_000
CSV_TYPE = "text/csv; charset=utf-8"
CONTENT_TYPES = {FileFormat.CSV: CSV_TYPE, FileFormat.XLSX: writing.CONTENT_TYPE}
Cells = Sequence[str]


@dataclass(frozen=True)
class Scope:
    """Which contacts are meant: some by id, or a group and a search as the list shows them."""

    ids: Sequence[int] = field(default=())
    group_id: int | None = None
    with_subgroups: bool = False
    search: str = ""

    def people(self, enterprise: Enterprise) -> QuerySet[Contact]:
        """The contacts, newest first; of another enterprise none."""
        if self.ids:
            return enterprise.contacts.filter(pk__in=self.ids).order_by("-id")
        return find_people(
            enterprise,
            group_id=self.group_id,
            with_subgroups=self.with_subgroups,
            search=self.search,
        )


def rows(people: QuerySet[Contact]) -> Iterator[Cells]:
    """A row of texts for each contact, in the order of FIELDS."""
    last: int | None = None
    while True:
        part = people if last is None else people.filter(pk__lt=last)
        found = list(part.values_list("pk", *FIELDS)[:ROWS_AT_ONCE])
        yield from (_cells(row[1:]) for row in found)
        if len(found) < ROWS_AT_ONCE:
            return
        last = found[-1][0]


def _cells(values: Sequence[Any]) -> Cells:
    row = dict(zip(FIELDS, values, strict=True))
    row["gender"] = str(GENDERS[Gender(row["gender"])])
    row["birthday"] = row["birthday"].isoformat() if row["birthday"] else ""
    return [row[name] for name in FIELDS]


def file(form: FileFormat, cells: Iterable[Cells]) -> Iterator[bytes]:
    """The file in pieces, in the language at hand."""
    if form == FileFormat.CSV:
        return (piece.encode() for piece in csv_files.lines(headings(), cells))
    return writing.workbook([_sheet(_("Contacts"), cells)])


def _sheet(name: str, cells: Iterable[Cells]) -> writing.SheetPlan:
    genders = [str(label) for word, label in GENDERS.items() if word]
    return writing.SheetPlan(
        name=name,
        headings=headings(),
        widths=[WIDTHS[each] for each in FIELDS],
        rows=cells,
        choices={FIELDS.index("gender"): genders},
    )


def template(form: FileFormat) -> Iterator[bytes]:
    """An empty file to fill in; a workbook has a second sheet that says how."""
    if form == FileFormat.CSV:
        return file(form, ())
    help_sheet = writing.SheetPlan(
        name=_("How to fill it in"),
        headings=(_("Column"), _("What belongs there")),
        widths=(18, 90),
        rows=explanations(),
    )
    return writing.workbook([_sheet(_("Contacts"), ()), help_sheet])


def explanations() -> list[tuple[str, str]]:
    """What belongs into each column."""
    texts = (
        _("Required; 11 digits, once each. Of rows with the same number the first counts."),
        _("Up to 40 characters."),
        _("Male or female, or empty."),
        _("A date such as 1990-12-12, or empty."),
        _("Up to 40 characters."),
        _("Up to 40 characters."),
        _("Up to 100 characters."),
        _("Up to 200 characters."),
    )
    return list(zip(headings(), texts, strict=True))


def answer(name: str, form: FileFormat, pieces: Iterable[bytes]) -> StreamingHttpResponse:
    """The file as a download that is made while it is sent."""
    made = StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[form])
    made["Content-Disposition"] = content_disposition_header(True, f"{name}.{form}")
    made["X-Content-Type-Options"] = "nosniff"
    made["Cache-Control"] = "private, no-store"
    return made


def file_name() -> str:
    """What an export is called, without its ending."""
    return f"{_('Contacts')}-{timezone.localtime():%Y%m%d-%H%M}"
