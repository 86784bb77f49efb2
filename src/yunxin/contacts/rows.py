"""The rows of a file of contacts: which sheet and columns hold them, and which can be taken in.

No database here. `find_columns` looks for the headings, then `Reader.read` judges row by row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from yunxin.text.people import FIELDS, Person, PersonInvalid, clean, tidy
from yunxin.text.people_columns import DigitsLost, columns_of, text_for, unknown_headings
from yunxin.web.tables.cells import Fault, Row, Table, as_text

HEADING_ROWS = 20  # further down nobody puts headings
SHEETS_SEARCHED = 20
CONTENT_CHARS_MAX = 200  # of a refused row, as it is kept and shown
FAULTS_CHARS_MAX = 200


class FileProblem(StrEnum):
    """Why a file that can be read has nothing to take in; TableProblem has more such words."""

    NO_HEADINGS = "no_headings"
    NO_ROWS = "no_rows"
    ONLY_BAD_ROWS = "only_bad_rows"
    BOOK_FULL = "book_full"
    GROUP_GONE = "group_gone"
    INTERNAL = "internal"  # our fault


class RowFault(StrEnum):
    """Why a row is refused, beside the reasons of `text.people` and the faults of cells."""

    DUPLICATE = "duplicate"
    DIGITS_LOST = "digits_lost"


class HeadingsMissing(ValueError):
    """No sheet has a column for phones; `seen` is what stands where headings should."""

    def __init__(self, seen: str) -> None:
        super().__init__(seen)
        self.seen = seen


class Good(NamedTuple):
    """A row that can be taken in."""

    line: int
    person: Person


class Bad(NamedTuple):
    """A row that cannot: its beginning, and words such as `phone:phone birthday:future`."""

    line: int
    content: str
    faults: str


@dataclass(frozen=True)
class Layout:
    """Where the people of a file stand."""

    table: Table
    headings_row: int
    columns: dict[str, int]  # field → column
    unread: Sequence[str] = ()  # headings that name no field of ours
    other_tables: int = 0  # visible sheets that are not read


def find_columns(tables: Sequence[Table]) -> Layout:
    """The first sheet that has a column for phones.

    Raises:
        HeadingsMissing: none has.
        TableRefused: the file is damaged.
    """
    seen = ""
    for table in tables[:SHEETS_SEARCHED]:
        for row in islice(table.rows(), HEADING_ROWS):
            cells = {at: as_text(cell) for at, cell in row.cells.items()}
            seen = seen or content_of(row)
            columns = columns_of(cells)
            if columns is not None:
                unread = tuple(each.replace("\0", "") for each in unknown_headings(cells))
                return Layout(table, row.number, columns, unread, len(tables) - 1)
    raise HeadingsMissing(seen)


def content_of(row: Row) -> str:
    """The row as a line of text, cut."""
    cells = (tidy(as_text(row.cells[at])) for at in sorted(row.cells))
    return ", ".join(cell for cell in cells if cell).replace("\0", "")[:CONTENT_CHARS_MAX]


class Reader:
    """Judges the rows below the headings, each by itself.

    Whether a phone came before, only all rows together can show.
    """

    def __init__(self, layout: Layout, *, today: date) -> None:
        """
        Args:
            today: birthdays after it are slips.
        """
        self._layout = layout
        self._today = today

    def read(self) -> Iterator[Good | Bad]:
        """Every row that has something in one of our columns.

        Raises:
            TableRefused: the file is damaged further down.
        """
        for row in self._layout.table.rows():
            if row.number <= self._layout.headings_row:
                continue
            judged = self._judge(row)
            if judged is not None:
                yield judged

    def _judge(self, row: Row) -> Good | Bad | None:
        if row.fault is not None:
            return Bad(row.number, content_of(row), f":{row.fault}")
        given: dict[str, str] = {}
        faults: list[str] = []
        for name, column in self._layout.columns.items():
            cell = row.cells.get(column)
            if cell is None:
                continue
            if isinstance(cell, Fault):
                faults.append(f"{name}:{cell.kind}")
                continue
            try:
                given[name] = text_for(name, cell, self._layout.table.day_of)
            except DigitsLost:
                faults.append(f"{name}:{RowFault.DIGITS_LOST}")
        if not given and not faults:
            return None
        # A field that is at fault already is not judged again for being empty.
        required = () if any(fault.startswith("phone:") for fault in faults) else ("phone",)
        try:
            person = clean(given, required=required, today=self._today)
        except PersonInvalid as error:
            faults += [f"{problem.field}:{problem.reason}" for problem in error.problems]
        if faults:
            faults.sort(key=lambda fault: FIELDS.index(fault.partition(":")[0]))
            return Bad(row.number, content_of(row), " ".join(faults)[:FAULTS_CHARS_MAX])
        return Good(row.number, person)
