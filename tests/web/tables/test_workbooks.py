"""Workbooks as programs save them, and as nobody should: every damage ends in a refusal."""

import contextlib
import datetime
import io
import random
import tracemalloc
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.tables import making
from tests.web.tables.making import OFFICE, parts, saved, sheet_of, workbook
from yunxin.web.tables import archives
from yunxin.web.tables.cells import Fault, FaultKind, Row
from yunxin.web.tables.opening import open_tables
from yunxin.web.tables.problems import TableProblem, TableRefused


def read(data: bytes, sheet: int = 0) -> list[Row]:
    return list(open_tables(io.BytesIO(data))[sheet].rows())


def cells(data: bytes) -> list[dict[int, object]]:
    return [dict(row.cells) for row in read(data)]


def problem(data: bytes) -> TableProblem:
    with pytest.raises(TableRefused) as refusal:
        read(data)
    assert refusal.value.sentence
    return refusal.value.problem


def test_texts_numbers_and_days_come_as_they_were_typed():
    birthday = datetime.date(1990, 12, 12)
    rows = [
        ("手机号", "姓名", "生日"),
        ("13800000001", "张三 & <李>", birthday),
        (13800000002, 1.5),
    ]
    assert cells(workbook(*rows)) == [
        {0: "手机号", 1: "姓名", 2: "生日"},
        {0: "13800000001", 1: "张三 & <李>", 2: birthday},
        {0: 13800000002, 1: 1.5},
    ]


def test_rows_have_the_numbers_that_people_see():
    book = openpyxl.Workbook()
    book.active["A3"], book.active["C7"] = "x", "y"
    assert read(saved(book)) == [Row(3, {0: "x"}), Row(7, {2: "y"})]


def test_a_formula_gives_its_stored_result_and_one_without_is_a_fault():
    rows = (
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>A1</f><v>甲</v></c>'
        '<c r="C1"><f>NOW()</f></c><c r="E1"><f>1</f><v/></c><c r="F1" t="str"><f>""</f><v/></c>'
        '<c r="D1" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    )
    assert cells(parts(sheet_of(rows))) == [
        {
            0: 2,
            1: "甲",
            2: Fault(FaultKind.FORMULA),
            3: Fault(FaultKind.ERROR, "#DIV/0!"),
            4: Fault(FaultKind.FORMULA),
        }
    ]


def test_a_number_in_scientific_notation_is_the_number():
    rows = "<row><c><v>1.3800000001E10</v></c><c><v>13800000001.0</v></c><c><v>1e300</v></c></row>"
    assert cells(parts(sheet_of(rows))) == [{0: 13800000001, 1: 13800000001, 2: 1e300}]


@pytest.mark.parametrize(
    ("serial", "from_1904", "day"),
    [
        (33219, False, "1990-12-12"), (1, False, "1900-01-01"), (59, False, "1900-02-28"),
        (61, False, "1900-03-01"), (2_958_465, False, "9999-12-31"), (31757, True, "1990-12-12"),
    ],
)  # fmt: skip
def test_days_are_numbers_in_a_format_of_days(serial, from_1904, day):
    book = openpyxl.Workbook()
    if from_1904:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active["A1"] = serial
    book.active["A1"].number_format = 'yyyy"年"m"月"d"日"'
    book.active["B1"] = serial
    assert cells(saved(book)) == [{0: datetime.date.fromisoformat(day), 1: serial}]


@pytest.mark.parametrize("shown", ["0.00", '"day" 0', "[Red]0", "h:mm:ss", "0.00E+00", "@"])
def test_other_formats_leave_a_number_a_number(shown):
    book = openpyxl.Workbook()
    book.active["A1"] = 33219
    book.active["A1"].number_format = shown
    assert cells(saved(book)) == [{0: 33219}]


def test_a_day_that_never_was_stays_a_number():
    book = openpyxl.Workbook()
    book.active["A1"], book.active["A1"].number_format = 60, "yyyy-mm-dd"
    assert cells(saved(book)) == [{0: 60}]


def test_hidden_sheets_are_not_shown_and_several_come_in_the_order_of_their_tabs():
    book = openpyxl.Workbook()
    book.active.title, book.active["A1"] = "隐藏", "no"
    book.active.sheet_state = "hidden"
    for name in ("甲", "乙"):
        book.create_sheet(name)["A1"] = name
    sheets = open_tables(io.BytesIO(saved(book)))
    assert [(sheet.name, dict(next(sheet.rows()).cells)) for sheet in sheets] == [
        ("甲", {0: "甲"}), ("乙", {0: "乙"}),
    ]  # fmt: skip


def test_of_merged_cells_only_the_first_has_the_value():
    book = openpyxl.Workbook()
    for row in (("a", "单位"), ("b", "单位"), ("c", "x")):
        book.active.append(row)
    book.active.merge_cells("B1:B2")
    assert cells(saved(book)) == [{0: "a", 1: "单位"}, {0: "b"}, {0: "c", 1: "x"}]


def test_rich_texts_are_put_together_and_their_pronunciation_left_out():
    shared = (
        f'<sst xmlns="{making.MAIN}"><si><r><t>张</t></r><r><t xml:space="preserve">三 </t></r>'
        "<rPh><t>zhang</t></rPh></si><si><t>_x0041_ _xD800_</t></si></sst>"
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="/xl/worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>"
    )
    rows = (
        '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>7</v></c>'
        '<c t="inlineStr"><is><r><t>李</t></r><r><t>四</t></r></is></c></row>'
    )
    more = {"xl/sharedStrings.xml": shared, "xl/_rels/workbook.xml.rels": relations}
    assert cells(parts(sheet_of(rows), more=more)) == [
        {0: "张三 ", 1: "A _xD800_", 2: Fault(FaultKind.ERROR, "7"), 3: "李四"}
    ]


def test_the_strict_form_of_the_standard_and_other_prefixes_are_read_too():
    rows = "<x:sheetData><x:row><x:c><x:v>1</x:v></x:c></x:row></x:sheetData>"
    prefixed = f'<x:worksheet xmlns:x="{making.MAIN}">{rows}</x:worksheet>'
    assert cells(parts(prefixed)) == [{0: 1}]
    strict = parts(sheet_of("<row><c><v>1</v></c></row>"))
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(strict)) as old, zipfile.ZipFile(data, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            text = text.replace(making.MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
            new.writestr(
                name,
                text.replace(OFFICE, "http://purl.oclc.org/ooxml/officeDocument/relationships"),
            )
    assert cells(data.getvalue()) == [{0: 1}]


def test_a_million_empty_rows_at_the_end_are_nothing():
    empty = "".join(
        f'<row r="{n}" spans="1:8"><c r="A{n}" s="1"/></row>' for n in range(2, 100_000)
    )
    data = parts(sheet_of('<row r="1"><c r="A1"><v>1</v></c></row>' + empty))
    assert cells(data) == [{0: 1}]


def test_a_cell_far_to_the_right_is_not_looked_at():
    assert cells(parts(sheet_of('<row><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>'))) == [
        {0: 1}
    ]


def test_a_long_text_is_cut():
    assert len(cells(workbook(["x" * 30_000]))[0][0]) == 1000


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\x00" * 100, "binary"),
        (making.OLE + bytes(504) + "Workbook".encode("utf-16-le") + bytes(512), "old_office"),
        (making.OLE + bytes(99_999) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"%PDF-1.7", "document"),
        (b"\x89PNG\r\n\x1a\n....", "image"),
        (b"Rar!\x1a\x07\x00", "archive"),
        (b"MZ\x90\x00\x03", "binary"),
        (parts(sheet_of(""), kind=making.MACRO_TYPE), "macros"),
        (parts(sheet_of(""), more={"xl/vbaProject.bin": b"x"}), "macros"),
        (parts(sheet_of(""), kind=making.BINARY_TYPE), "binary_workbook"),
        (parts(sheet_of(""), kind=making.WORD_TYPE), "document"),
        (parts(sheet_of(""), kind="text/xml"), "archive"),
        (parts("not xml"), "damaged"),
        (parts(sheet_of("<row><c>")), "damaged"),
        (parts(sheet_of("<row/>").replace("</worksheet>", "")), "damaged"),
        (parts('<!DOCTYPE a [<!ENTITY b "c">]>' + sheet_of("")), "damaged"),
        (parts(sheet_of(""), way=zipfile.ZIP_BZIP2), "damaged"),
        (workbook(["x" * 500, "y"] * 50)[:-200], "damaged"),
        (workbook(["x" * 500, "y"] * 50)[:2000], "damaged"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_refused_in_its_own_words(data, expected):
    assert problem(data) == expected


def test_an_archive_of_something_else_is_an_archive():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert problem(file.getvalue()) == TableProblem.ARCHIVE
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "x")
    assert problem(file.getvalue()) == TableProblem.OPEN_DOCUMENT


def test_a_workbook_of_which_every_sheet_is_hidden_is_refused():
    book = f'<workbook xmlns="{making.MAIN}" xmlns:r="{OFFICE}"><sheets>{{}}</sheets></workbook>'
    hidden = book.format('<sheet name="A" sheetId="1" r:id="rId1" state="veryHidden"/>')
    assert problem(parts(sheet_of(""), more={"xl/workbook.xml": hidden})) == TableProblem.NO_SHEET


def test_an_encrypted_archive_is_refused():
    data = bytearray(workbook(["x"]))
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    assert problem(bytes(data)) == TableProblem.ENCRYPTED


def test_a_bomb_is_refused_with_flat_memory(monkeypatch):
    monkeypatch.setattr(archives, "UNPACKED_BYTES_MAX", 3_000_000)
    data = parts(sheet_of("<row>" + "<c/>" * 1_000_000 + "</row>"))
    assert len(data) < 300_000
    tracemalloc.start()
    assert problem(data) == TableProblem.TOO_MUCH_INSIDE
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "sheet",
    [
        sheet_of('<row><c r="' + "A" * 3_000_000 + '"/></row>'),
        sheet_of("".join(f"<a{n}/>" for n in range(100_000))),
    ],
)
def test_markup_that_would_fill_the_memory_is_refused(sheet):
    assert problem(parts(sheet)) == TableProblem.TOO_MUCH_INSIDE


def test_a_list_of_files_that_would_fill_the_memory_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(30_000):
            archive.writestr(f"{number}", "")
    assert problem(file.getvalue()) == TableProblem.TOO_MUCH_INSIDE


GOOD = workbook(*([f"1380000{n:04}", "张三", n] for n in range(50)))


@given(at=st.integers(0, len(GOOD) - 1), value=st.integers(0, 255), cut=st.integers(0, len(GOOD)))
def test_damage_anywhere_is_a_refusal_or_harmless(at, value, cut):
    data = bytearray(GOOD)
    data[at] = value
    for broken in (bytes(data), GOOD[:cut]):
        try:
            read(broken)
        except TableRefused as refusal:
            assert refusal.sentence


def test_random_bytes_never_raise_anything_else():
    chance = random.Random(1)
    for head in (b"PK\x03\x04", b"PK\x05\x06", making.OLE, b"\xff\xfe", b""):
        for _ in range(50):
            with contextlib.suppress(TableRefused):
                read(head + chance.randbytes(chance.randrange(300)))


@pytest.mark.parametrize("name", ["c", "other"])
def test_elements_in_elements_without_end_are_refused_before_they_fill_the_memory(name):
    assert problem(parts(sheet_of(f"<{name}>" * 100_000))) == TableProblem.TOO_MUCH_INSIDE


def test_prefixes_without_end_are_refused_before_they_fill_the_memory():
    many = "".join(f'<x xmlns:p{n}="u"/>' for n in range(2_000))
    assert problem(parts(sheet_of(many))) == TableProblem.TOO_MUCH_INSIDE
    again = '<row><c t="str" xmlns:p="u"><v>a</v></c></row>' * 2_000  # as some programs write it
    assert len(read(parts(sheet_of(again)))) == 2_000


def test_no_two_rows_have_the_same_number():
    rows = "".join(
        f'<row r="{number}"><c t="str"><v>{at}</v></c></row>'
        for at, number in enumerate(("2", "2", "1", "9", "x", "9" * 5_000))
    )
    assert [row.number for row in read(parts(sheet_of(rows)))] == [2, 3, 4, 9, 10, 11]


def test_rows_further_down_than_a_sheet_reaches_are_not_there():
    rows = "".join(
        f'<row r="{number}"><c t="str"><v>a</v></c></row>' for number in (1, 1_048_576, 999_999_999)
    )
    assert [row.number for row in read(parts(sheet_of(rows)))] == [1, 1_048_576]
