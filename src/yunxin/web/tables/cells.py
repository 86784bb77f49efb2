"""What a table consists of, whichever kind of file it comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol

CELL_CHARS_MAX = 1_000  # what is longer is cut: no field of ours takes more than 200
COLUMNS_MAX = 256  # cells further to the right are not looked at
ROWS_MAX = 1_048_576  # what a sheet can hold; in a text no more are read either


class FaultKind(StrEnum):
    """Why a cell, or a row as a whole, has no value that could be taken."""

    FORMULA = "formula"  # never calculated: the file has no result for it
    ERROR = "error"  # #REF!, #N/A, …
    ENCODING = "encoding"  # bytes that are no text
    QUOTE = "quote"  # a quotation mark that is never closed
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell without a usable value, and what stands in it."""

    kind: FaultKind
    text: str = ""


Cell = str | int | float | date | Fault
"""Text as it stands, a number, a day, or why there is none. Texts of .csv files are always str."""


class Row(NamedTuple):
    """A row with at least one cell: its number as people see it, and its cells by column from 0.

    `fault` means that the row could not be taken apart; its beginning is then in cell 0.
    """

    number: int
    cells: Mapping[int, Cell]
    fault: FaultKind | None = None


class Table(Protocol):
    """One sheet of a workbook, or a text."""

    name: str
    """What the sheet is called; empty for a text."""
    share: float
    """How much of it has been read, 0 to 1."""

    def rows(self) -> Iterator[Row]:
        """The rows that are not empty, from the top; may be asked for again.

        Raises:
            TableRefused: the file turns out to be damaged.
        """
        ...

    def day_of(self, number: int) -> date | None:
        """The day that a number may mean, where days are numbers (in workbooks)."""
        ...


def as_text(cell: Cell) -> str:
    """The cell as people would read it."""
    if isinstance(cell, Fault):
        return cell.text
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return repr(cell)
    return str(cell)
