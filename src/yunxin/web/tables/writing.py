"""Workbooks (.xlsx) made while they are sent: nothing is kept but the piece at hand.

Every cell is a text in the format of texts, so that no spreadsheet takes one for a formula, turns
a phone into 1.38E+10 or a code into a date.
Source: ECMA-376 part 1, chapter 18, and part 2.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from yunxin.web.tables.cells import ROWS_MAX

ROWS_AT_ONCE = 1_000
NAME_CHARS_MAX = 31  # of a sheet, as Excel takes it
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
CONTENT_TYPE = f"{_KIND}.sheet"
_TEXT_STYLE, _HEADING_STYLE = 1, 2
_STYLES = (
    f'{_DECLARATION}<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFE8EEF9"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1"'
    ' applyFont="1" applyFill="1"/></cellXfs><cellStyles count="1">'
    '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


@dataclass(frozen=True, kw_only=True)
class SheetPlan:
    """A sheet to be written: a row of headings, and rows of texts below it.

    `widths` are in characters. `choices`: the words that a column may have, which spreadsheet
    programs then offer; at most 255 characters together.
    """

    name: str
    headings: Sequence[str]
    widths: Sequence[int]
    rows: Iterable[Sequence[Any]] = ()
    choices: Mapping[int, Sequence[str]] = field(default_factory=dict)


def workbook(sheets: Sequence[SheetPlan]) -> Iterator[bytes]:
    """The file, in pieces.

    Rows beyond what a sheet can hold are left out: ask before whether they fit.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        archive.writestr("[Content_Types].xml", _content_types(len(sheets)))
        archive.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        archive.writestr("xl/workbook.xml", _book(sheets))
        parts = [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
        archive.writestr(
            "xl/_rels/workbook.xml.rels", _relations([*parts, ("styles", "styles.xml")])
        )
        archive.writestr("xl/styles.xml", _STYLES)
        for number, sheet in enumerate(sheets, 1):
            with archive.open(f"xl/worksheets/sheet{number}.xml", "w") as part:
                for text in _sheet(sheet):
                    part.write(text.encode())
                    yield sink.take()
    yield sink.take()


class _Sink:
    """What the archive is written into: it hands on the bytes instead of keeping them."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        data = bytes(self._waiting)
        self._waiting.clear()
        return data


def _sheet(sheet: SheetPlan) -> Iterator[str]:
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" style="{_TEXT_STYLE}" customWidth="1"/>'
        for n, width in enumerate(sheet.widths, 1)
    )
    yield (
        f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{columns}</cols><sheetData>"
        f"{_row(1, sheet.headings, _HEADING_STYLE)}"
    )
    pieces: list[str] = []
    for number, cells in enumerate(sheet.rows, 2):
        if number > ROWS_MAX:
            break
        pieces.append(_row(number, cells, _TEXT_STYLE))
        if len(pieces) >= ROWS_AT_ONCE:
            yield "".join(pieces)
            pieces.clear()
    yield f"{''.join(pieces)}</sheetData>{_choices(sheet.choices)}</worksheet>"


def _row(number: int, cells: Sequence[Any], style: int) -> str:
    shown = "".join(
        f'<c r="{letter_of(at)}{number}" s="{style}" t="inlineStr"><is>'
        f'<t xml:space="preserve">{_clean(cell)}</t></is></c>'
        for at, cell in enumerate(cells)
        if cell not in ("", None)
    )
    return f'<row r="{number}">{shown}</row>'


def _clean(cell: Any) -> str:
    text = _NOT_IN_XML.sub("", str(cell))
    return escape(_LOOKS_ESCAPED.sub("_x005F_", text))


def letter_of(column: int) -> str:
    """`A` for 0, `AA` for 26."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _choices(choices: Mapping[int, Sequence[str]]) -> str:
    if not choices:
        return ""
    rules = "".join(
        f'<dataValidation type="list" allowBlank="1" sqref="{letter_of(at)}2:{letter_of(at)}'
        f'{ROWS_MAX}"><formula1>"{escape(",".join(words))}"</formula1></dataValidation>'
        for at, words in choices.items()
    )
    return f'<dataValidations count="{len(choices)}">{rules}</dataValidations>'


def _content_types(sheets: int) -> str:
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_KIND}.worksheet+xml"/>'
        for n in range(1, sheets + 1)
    )
    return (
        f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>{parts}</Types>'
    )


def _relations(targets: Iterable[tuple[str, str]]) -> str:
    each = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'


def _book(sheets: Sequence[SheetPlan]) -> str:
    each = "".join(
        f'<sheet name={quoteattr(_name(sheet.name, n))} sheetId="{n}" r:id="rId{n}"/>'
        for n, sheet in enumerate(sheets, 1)
    )
    return (
        f'{_DECLARATION}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{each}</sheets>'
        "</workbook>"
    )


def _name(name: str, number: int) -> str:
    return _NOT_IN_NAMES.sub(" ", _NOT_IN_XML.sub("", name))[:NAME_CHARS_MAX] or f"Sheet{number}"
