"""Workbooks (.xlsx), read row by row with flat memory.

Source: ECMA-376 part 1 (SpreadsheetML, chapter 18) and part 2 (packages). Only what cells show is
read: texts, numbers, days, and the stored results of formulas. Nothing is calculated, no link is
followed, and no name out of the file becomes a path.
"""

import posixpath
import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from math import isfinite
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import BinaryIO

from yunxin.web.tables.archives import Archive
from yunxin.web.tables.cells import (
    CELL_CHARS_MAX,
    COLUMNS_MAX,
    ROWS_MAX,
    Cell,
    Fault,
    FaultKind,
    Row,
)
from yunxin.web.tables.markup import RELATION_IDS, Attributes, parse
from yunxin.web.tables.problems import TableProblem, TableRefused

_CONTENT_TYPES = "[Content_Types].xml"
_USUAL_WORKBOOK = "xl/workbook.xml"
# ECMA-376 part 1, annex A; [MS-OFFMACRO2] 2.1; [MS-XLSB] 2.1
_WORKBOOK_TYPES = (
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
)
_OTHER_TYPES = (
    ("sheet.binary.macroenabled", TableProblem.BINARY_WORKBOOK),
    ("ms-excel", TableProblem.MACROS),
    ("wordprocessingml", TableProblem.DOCUMENT),
    ("presentationml", TableProblem.DOCUMENT),
)
_OPEN_DOCUMENT_MARKS = ("mimetype", "content.xml")
SMALL_PART_BYTES_MAX = 16 * 1024 * 1024  # every part but sheets and texts
SHEETS_MAX = 1_000
STYLES_MAX = 65_490  # what Excel itself can hold, rounded up
TEXTS_MAX = 10_000_000  # different texts in one workbook: four bytes each are kept
# ECMA-376 part 1, 18.8.30: formats of days among the built-in ones, those of East Asia included.
_DAY_FORMATS = frozenset({14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 59)})
_NOT_A_FORMAT = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_CELL_NAME = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # 22.9.2.19: characters that XML cannot hold
EXACT_BELOW = 1e15  # whole numbers up to here are what was typed: 15 digits
_SERIALS = range(1, 2_958_466)  # days up to 9999-12-31
_SERIAL_OF_29_FEBRUARY_1900 = 60  # a day that never was, which Excel counts


@dataclass(slots=True)
class _Book:
    """What is known of a workbook before any sheet is read."""

    sheets: list[tuple[str, str]] = field(default_factory=list)  # name, part
    texts_part: str = ""
    is_day: list[bool] = field(default_factory=list)  # by the number of the style
    counts_from_1904: bool = False


class Workbook:
    """A workbook and its visible sheets."""

    def __init__(self, file: BinaryIO) -> None:
        """
        Raises:
            TableRefused: damaged, protected, with macros, or no workbook at all.
        """
        self.archive = Archive(file)
        part = _workbook_part(self.archive)
        self.book = _read_book(self.archive, part)
        self._texts: _Texts | None = None

    def sheets(self) -> list["Sheet"]:
        """The visible sheets, in the order of their tabs."""
        if not self.book.sheets:
            raise TableRefused(TableProblem.NO_SHEET)
        return [Sheet(self, name, part) for name, part in self.book.sheets]

    @property
    def texts(self) -> "_Texts":
        """The texts that the cells of all sheets point to, read when first needed."""
        if self._texts is None:
            self._texts = _Texts(self.archive, self.book.texts_part)
        return self._texts


class Sheet:
    """One sheet of a workbook."""

    def __init__(self, workbook: Workbook, name: str, part: str) -> None:
        self.name = name
        self.share = 0.0
        self._workbook = workbook
        self._part = part

    def rows(self) -> Iterator[Row]:
        archive, book = self._workbook.archive, self._workbook.book
        reader = _SheetReader(self._workbook.texts, book)
        size_bytes = max(archive.size_bytes(self._part), 1)
        read_bytes = 0

        def metered() -> Iterator[bytes]:
            nonlocal read_bytes
            for piece in archive.pieces(self._part):
                read_bytes += len(piece)
                yield piece

        for _ in parse(metered(), reader.start, reader.end, reader.text):
            self.share = min(read_bytes / size_bytes, 1.0)
            for row in reader.take():
                if row.number > ROWS_MAX:
                    return
                yield row
            if reader.number > ROWS_MAX:
                return
        self.share = 1.0

    def day_of(self, number: int) -> date | None:
        """The day that a number means, whose format of days got lost."""
        return day_of_serial(number, counts_from_1904=self._workbook.book.counts_from_1904)


class _SheetReader:
    """Follows the elements of a sheet, and keeps the rows that are complete.

    Source: ECMA-376 part 1, 18.3.1.73 (row), 18.3.1.4 (c), 18.18.11 (types of cells).
    """

    def __init__(self, texts: "_Texts", book: _Book) -> None:
        self._texts = texts
        self._book = book
        self._rows: list[Row] = []
        self.number = 0
        self._cells: dict[int, Cell] = {}
        self._column = -1
        self._kind = ""
        self._style = 0
        self._has_formula = self._has_value = False
        self._is_collecting = self._is_phonetic = False
        self._pieces: list[str] = []
        self._chars = 0

    def take(self) -> list[Row]:
        """The rows that were completed since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name in ("v", "t"):
            self._has_value = True
            self._is_collecting = not self._is_phonetic
        elif name == "f":
            self._has_formula = True
        elif name == "rPh":
            self._is_phonetic = True
        elif name == "row":
            number = attributes.get("r", "")
            given = int(number) if number.isdecimal() and len(number) < 10 else 0
            # Rows stand in their order; a number that was there already would be two rows' own.
            self.number = max(given, self.number + 1)
            self._cells, self._column = {}, -1

    def text(self, piece: str) -> None:
        if self._is_collecting and self._chars < CELL_CHARS_MAX:
            self._pieces.append(piece)
            self._chars += len(piece)

    def end(self, name: str) -> None:
        if name == "c":
            self._end_cell()
        elif name in ("v", "t"):
            self._is_collecting = False
        elif name == "rPh":
            self._is_phonetic = False
        elif name == "row" and self._cells:
            self._rows.append(Row(self.number, self._cells))
            self._cells = {}

    def _start_cell(self, attributes: Attributes) -> None:
        place = attributes.get("r")
        self._column = _column_of(place) if place else self._column + 1
        self._kind = attributes.get("t", "n")
        style = attributes.get("s", "0")
        self._style = int(style) if style.isdecimal() else 0
        self._has_formula = self._has_value = False
        self._pieces, self._chars = [], 0

    def _end_cell(self) -> None:
        if not 0 <= self._column < COLUMNS_MAX:
            return
        raw = "".join(self._pieces)[:CELL_CHARS_MAX]
        if not self._has_value or (self._kind == "n" and not raw):
            if self._has_formula:
                self._cells[self._column] = Fault(FaultKind.FORMULA)
            return
        value = self._value(raw)
        if isinstance(value, str) and (not value or value.isspace()):
            return
        self._cells[self._column] = value

    def _value(self, raw: str) -> Cell:
        if self._kind == "s":
            return self._texts.get(raw)
        if self._kind == "n":
            return self._number(raw)
        if self._kind == "e":
            return Fault(FaultKind.ERROR, raw)
        if self._kind == "d":
            return _iso_day(raw)
        return unescaped(raw)  # inlineStr, str (the result of a formula), b

    def _number(self, raw: str) -> Cell:
        try:
            number = float(raw)
        except ValueError:
            return raw
        if not isfinite(number):
            return raw
        if self._is_day() and (day := _day(number, self._book.counts_from_1904)):
            return day
        return int(number) if number.is_integer() and abs(number) < EXACT_BELOW else number

    def _is_day(self) -> bool:
        return self._style < len(self._book.is_day) and self._book.is_day[self._style]


@lru_cache(maxsize=4096)
def _letters(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _column_of(place: str) -> int:
    """The column from 0 of a cell such as `AB12`; -1 for what is no place."""
    found = _CELL_NAME.fullmatch(place)
    return _letters(found[1]) if found else -1


def day_of_serial(serial: int, *, counts_from_1904: bool) -> date | None:
    """The day that a number means. Source: ECMA-376 part 1, 18.17.4.1."""
    if serial not in _SERIALS:
        return None
    if counts_from_1904:
        begin = date(1904, 1, 1)
        return begin + timedelta(days=serial) if serial < _SERIALS.stop - 1463 else None
    if serial == _SERIAL_OF_29_FEBRUARY_1900:
        return None
    begin = date(1899, 12, 31) if serial < _SERIAL_OF_29_FEBRUARY_1900 else date(1899, 12, 30)
    return begin + timedelta(days=serial)


def _day(number: float, counts_from_1904: bool) -> date | None:
    if not 1 <= number < _SERIALS.stop:
        return None
    return day_of_serial(int(number), counts_from_1904=counts_from_1904)


def _iso_day(raw: str) -> Cell:
    try:
        return date.fromisoformat(raw[:10])
    except ValueError:
        return raw


# The texts of cells ------------------------------------------------------------------------------


class _Texts:
    """The shared texts: their bytes in a temporary file, of each only its place in memory.

    A list of Python strings would take five times as much, for texts that are read once.
    Source: ECMA-376 part 1, 18.4.
    """

    def __init__(self, archive: Archive, part: str) -> None:
        self._ends = array("I", [0])
        self._bytes: mmap | bytes = b""
        if not part:
            return
        with TemporaryFile() as file:
            for data in self._read(archive, part):
                file.write(data)
            file.flush()
            if self._ends[-1]:
                self._bytes = mmap(file.fileno(), 0, access=ACCESS_READ)

    def _read(self, archive: Archive, part: str) -> Iterator[bytes]:
        done: list[bytes] = []
        pieces: list[str] = []
        is_collecting = is_phonetic = False
        chars = 0

        def start(name: str, _: Attributes) -> None:
            nonlocal is_collecting, is_phonetic, chars
            if name == "si":
                pieces.clear()
                chars = 0
            elif name == "t":
                is_collecting = not is_phonetic
            elif name == "rPh":
                is_phonetic = True

        def text(piece: str) -> None:
            nonlocal chars
            if is_collecting and chars < CELL_CHARS_MAX:
                pieces.append(piece)
                chars += len(piece)

        def end(name: str) -> None:
            nonlocal is_collecting, is_phonetic
            if name == "t":
                is_collecting = False
            elif name == "rPh":
                is_phonetic = False
            elif name == "si":
                data = "".join(pieces)[:CELL_CHARS_MAX].encode()
                done.append(data)
                self._ends.append(self._ends[-1] + len(data))

        for _ in parse(archive.pieces(part), start, end, text):
            if len(self._ends) > TEXTS_MAX:
                raise TableRefused(TableProblem.TOO_MUCH_INSIDE)
            yield b"".join(done)
            done.clear()

    def get(self, number: str) -> Cell:
        """The text of a number as cells have it."""
        at = int(number) if number.isdecimal() and len(number) < 10 else len(self._ends)
        if at + 1 >= len(self._ends):
            return Fault(FaultKind.ERROR, number)
        return unescaped(self._bytes[self._ends[at] : self._ends[at + 1]].decode())


def unescaped(text: str) -> str:
    """The text without the escapes that workbooks have for control characters."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code <= 0xDFFF else chr(code)


# What the workbook consists of -------------------------------------------------------------------


def _small_part(archive: Archive, part: str) -> Iterator[bytes]:
    left_bytes = SMALL_PART_BYTES_MAX
    for piece in archive.pieces(part):
        left_bytes -= len(piece)
        if left_bytes < 0:
            raise TableRefused(TableProblem.TOO_MUCH_INSIDE)
        yield piece


def _elements(archive: Archive, part: str) -> Iterator[tuple[str, Attributes]]:
    """The elements that begin in a part, in order."""
    found: list[tuple[str, Attributes]] = []
    for _ in parse(
        _small_part(archive, part),
        lambda name, attributes: found.append((name, attributes)),
        lambda name: found.append(("/" + name, {})),
        lambda text: None,
    ):
        yield from found
        found.clear()


def _workbook_part(archive: Archive) -> str:
    """Where the workbook itself is.

    Raises:
        TableRefused: it is another kind of document, or has macros.
    """
    names = set(archive.names())
    if _CONTENT_TYPES not in names:
        is_open_document = all(mark in names for mark in _OPEN_DOCUMENT_MARKS)
        raise TableRefused(TableProblem.OPEN_DOCUMENT if is_open_document else TableProblem.ARCHIVE)
    workbook = ""
    types = []
    for name, attributes in _elements(archive, _CONTENT_TYPES):
        if name in ("Override", "Default"):
            kind = attributes.get("ContentType", "")
            types.append(kind.lower())
            if kind in _WORKBOOK_TYPES:
                workbook = attributes.get("PartName", "").lstrip("/") or _USUAL_WORKBOOK
    if any("vbaproject" in each.lower() for each in (*types, *names)):
        raise TableRefused(TableProblem.MACROS)
    if workbook:
        return workbook
    for mark, problem in _OTHER_TYPES:
        if any(mark in kind for kind in types):
            raise TableRefused(problem)
    raise TableRefused(TableProblem.ARCHIVE)


def _read_book(archive: Archive, part: str) -> _Book:
    book = _Book()
    folder, name = posixpath.split(part)
    targets: dict[str, str] = {}
    styles = ""
    for element, attributes in _elements(archive, f"{folder}/_rels/{name}.rels".lstrip("/")):
        if element != "Relationship" or attributes.get("TargetMode") == "External":
            continue
        target = posixpath.normpath(posixpath.join("/" + folder, attributes.get("Target", "")))
        target = target.lstrip("/")
        kind = attributes.get("Type", "").rpartition("/")[2]
        if kind == "worksheet":
            targets[attributes.get("Id", "")] = target
        elif kind == "sharedStrings":
            book.texts_part = target
        elif kind == "styles":
            styles = target
    for element, attributes in _elements(archive, part):
        if element == "workbookPr":
            book.counts_from_1904 = attributes.get("date1904") in ("1", "true", "on")
        elif element == "sheet" and attributes.get("state", "visible") == "visible":
            related = next((attributes[key] for key in RELATION_IDS if key in attributes), "")
            if related in targets and len(book.sheets) < SHEETS_MAX:
                book.sheets.append((attributes.get("name", "")[:100], targets[related]))
    if styles and archive.size_bytes(styles):
        book.is_day = _day_styles(archive, styles)
    return book


def _day_styles(archive: Archive, part: str) -> list[bool]:
    """For each style of cells, whether it shows a number as a day."""
    is_day: list[bool] = []
    own: dict[str, str] = {}
    inside = False
    for element, attributes in _elements(archive, part):
        if element == "numFmt":
            own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif element in ("cellXfs", "/cellXfs"):
            inside = element == "cellXfs"
        elif element == "xf" and inside and len(is_day) < STYLES_MAX:
            is_day.append(_shows_day(attributes.get("numFmtId", "0"), own))
    return is_day


def _shows_day(number: str, own: Mapping[str, str]) -> bool:
    if number in own:
        letters = _NOT_A_FORMAT.sub("", own[number]).lower()
        return "y" in letters or "d" in letters
    return number.isdecimal() and int(number) in _DAY_FORMATS
