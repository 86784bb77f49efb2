"""Texts of rows (.csv): UTF-8, GB18030 or UTF-16, separated by commas, semicolons or tabs.

One bad row costs one row: a quotation mark that is never closed does not swallow the rest.
"""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from yunxin.text.encodings import EncodingProbe
from yunxin.web.tables.cells import CELL_CHARS_MAX, COLUMNS_MAX, ROWS_MAX, FaultKind, Row

PIECE_BYTES = 256 * 1024
LINE_CHARS_MAX = 32_768  # what a cell of a spreadsheet can hold; a longer line is no row
RECORD_LINES_MAX = 50  # a cell may have line breaks; more of them, and a quotation mark is missing
SEPARATORS = (",", "\t", ";")
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BROKEN = "\ufffd"
_BOM = "\ufeff"


class TextTable:
    """The one table of a text."""

    name = ""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size_bytes = file.seek(0, io.SEEK_END)
        self._encoding = _encoding_of(file)
        self._separator = _separator_of(self._first_line())
        self.share = 0.0

    def rows(self) -> Iterator[Row]:
        self.share = 0.0
        lines = _Lines(self._numbered_lines(), self._separator)
        yield from islice(lines.rows(), ROWS_MAX)
        self.share = 1.0

    def day_of(self, number: int) -> None:
        """In a text days are words."""

    def _first_line(self) -> str:
        return next((text for _, text in self._numbered_lines() if text.strip()), "")

    def _numbered_lines(self) -> Iterator[tuple[int, str]]:
        """Lines with their numbers from 1, line breaks included; endless ones are cut."""
        self._file.seek(0)
        # Not closed: that would close the caller's file.
        text = io.TextIOWrapper(self._file, encoding=self._encoding, errors="replace", newline="")
        try:
            number = 0
            while line := text.readline(LINE_CHARS_MAX):
                number += 1
                while not line.endswith(("\n", "\r")):
                    more = text.readline(LINE_CHARS_MAX)
                    if not more:
                        break
                    line = line[:LINE_CHARS_MAX] + more[-1:]
                if number % 1000 == 0:
                    self.share = self._file.tell() / self._size_bytes
                yield number, line.removeprefix(_BOM) if number == 1 else line
        finally:
            text.detach()


def _encoding_of(file: BinaryIO) -> str:
    file.seek(0)
    mark = file.read(2)
    if mark in _UTF16:
        return _UTF16[mark]
    probe = EncodingProbe()
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        probe.feed(piece)
    return probe.encoding()


def _separator_of(line: str) -> str:
    """What separates the cells of a heading: what occurs most, the comma before all others."""
    return max(SEPARATORS, key=lambda mark: (line.count(mark), mark == ","))


class _Lines:
    """Puts records together from lines; a record may have line breaks inside quotation marks."""

    def __init__(self, lines: Iterator[tuple[int, str]], separator: str) -> None:
        self._lines = lines
        self._separator = separator
        self._waiting: deque[tuple[int, str]] = deque()
        self._taken: list[tuple[int, str]] = []
        self._is_at_end = False

    def rows(self) -> Iterator[Row]:
        records = csv.reader(self, delimiter=self._separator)
        while True:
            self._taken, self._is_at_end = [], False
            try:
                record = next(records)
            except StopIteration:
                return
            except (csv.Error, _TooManyLines):
                record = None
            if record is None or self._is_at_end:
                yield self._first_line_alone(FaultKind.QUOTE)
                records = csv.reader(self, delimiter=self._separator)
                continue
            row = self._row(record)
            if row is not None:
                yield row

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        """What csv.reader asks for: the next line of the record it is at."""
        if len(self._taken) >= RECORD_LINES_MAX:
            raise _TooManyLines
        line = self._waiting.popleft() if self._waiting else next(self._lines, None)
        self._is_at_end = line is None
        if line is None:
            raise StopIteration
        self._taken.append(line)
        return line[1]

    def _first_line_alone(self, fault: FaultKind) -> Row:
        """Give up the first line of what was taken; the others are read again as rows."""
        (number, text), *others = self._taken
        self._waiting.extendleft(reversed(others))
        return Row(number, {0: text.strip()[:CELL_CHARS_MAX]}, fault)

    def _row(self, record: list[str]) -> Row | None:
        number, text = self._taken[0]
        if len(text) > LINE_CHARS_MAX:
            return Row(number, {0: text[:CELL_CHARS_MAX]}, FaultKind.TOO_LONG)
        cells = {
            at: cell[:CELL_CHARS_MAX]
            for at, cell in enumerate(record[:COLUMNS_MAX])
            if cell and not cell.isspace()
        }
        if not cells:
            return None
        is_broken = any(_BROKEN in cell for cell in cells.values())
        return Row(number, cells, FaultKind.ENCODING if is_broken else None)


class _TooManyLines(Exception):
    """A record goes on for longer than any cell would."""
