"""Workbooks that we make, read back by an independent program and by our own reader."""

import io
from typing import Any

import openpyxl
from hypothesis import given
from hypothesis import strategies as st

from yunxin.web.tables.opening import open_tables
from yunxin.web.tables.writing import SheetPlan, letter_of, workbook


def written(*rows: Any, **more: Any) -> bytes:
    plan = SheetPlan(
        name="名单[1]", headings=("手机号", "姓名"), widths=(14, 10), rows=rows, **more
    )
    return b"".join(workbook([plan, SheetPlan(name="说明", headings=("a",), widths=(9,))]))


def test_an_independent_program_reads_it():
    book = openpyxl.load_workbook(io.BytesIO(written(("13800000001", "=1+1"), ("", "<&>"))))
    assert book.sheetnames == ["名单 1 ", "说明"]
    sheet = book.worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.rows] == [
        ["手机号", "姓名"], ["13800000001", "=1+1"], [None, "<&>"],
    ]  # fmt: skip
    assert {cell.data_type for row in sheet.rows for cell in row if cell.value} == {"s"}
    assert sheet["A2"].number_format == "@"
    assert sheet.freeze_panes == "A2"


def test_the_words_of_a_column_are_offered():
    book = openpyxl.load_workbook(io.BytesIO(written(choices={1: ("男", "女")})))
    (rule,) = book.worksheets[0].data_validations.dataValidation
    assert (rule.formula1, str(rule.sqref)) == ('"男,女"', "B2:B1048576")


def test_it_is_made_piece_by_piece():
    rows = ((f"1380000{n:04}", "x" * 20) for n in range(10_000))
    pieces = list(workbook([SheetPlan(name="a", headings=("a",), widths=(9,), rows=rows)]))
    assert len(pieces) > 10
    assert max(map(len, pieces)) < 200_000


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=3))
def test_what_is_written_is_read_back(texts):
    kept = [
        "".join(c for c in text if (c >= " " or c in "\t\n\r") and c not in "\ufffe\uffff")
        for text in texts
    ]
    kept = [text.replace("\r\n", "\n").replace("\r", "\n") for text in kept]  # as XML has it
    data = written(*[(text,) for text in texts])
    rows = [row.cells.get(0) for row in open_tables(io.BytesIO(data))[0].rows()][1:]
    assert rows == [text for text in kept if text and not text.isspace()]


def test_columns_have_letters():
    assert [letter_of(n) for n in (0, 25, 26, 701, 702, 16_383)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]
