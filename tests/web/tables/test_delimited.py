"""Texts of rows: encodings, separators, quotation marks that are never closed."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.web.tables.cells import FaultKind, Row
from yunxin.web.tables.delimited import RECORD_LINES_MAX
from yunxin.web.tables.opening import open_tables
from yunxin.web.tables.problems import TableRefused

TEXT = "手机号,姓名\r\n13800000001,张三\r\n13800000002,李四\r\n"


def read(data: bytes | str) -> list[Row]:
    data = data.encode() if isinstance(data, str) else data
    (table,) = open_tables(io.BytesIO(data))
    return list(table.rows())


def cells(data: bytes | str) -> list[list[object]]:
    return [list(row.cells.values()) for row in read(data)]


GOOD = [["手机号", "姓名"], ["13800000001", "张三"], ["13800000002", "李四"]]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_encoding_line_ending_and_separator(encoding, ending, separator):
    text = TEXT.replace("\r\n", ending).replace(",", separator)
    mark = "\ufeff" if encoding in ("gb18030", "utf-16-be") else ""
    assert cells((mark + text).encode(encoding)) == GOOD


def test_rows_have_the_numbers_of_their_first_lines_and_empty_ones_are_left_out():
    found = read('a,b\n\n , \nc,"d\ne"\nf,g')
    assert found == [
        Row(1, {0: "a", 1: "b"}),
        Row(4, {0: "c", 1: "d\ne"}),
        Row(6, {0: "f", 1: "g"}),
    ]


@pytest.mark.parametrize("after", [0, 1, 3, RECORD_LINES_MAX - 1, RECORD_LINES_MAX, 200])
def test_a_quotation_mark_that_is_never_closed_costs_one_row(after):
    text = 'a,b\n"c,d\n' + "".join(f"{n},x\n" for n in range(after))
    found = read(text)
    assert found[1] == Row(2, {0: '"c,d'}, FaultKind.QUOTE)
    assert [row.number for row in found] == list(range(1, after + 3))
    assert all(row.fault is None for row in found[2:])


def test_a_quotation_mark_inside_a_cell_is_a_character():
    assert cells('a,b\n5" pipe,c\n') == [["a", "b"], ['5" pipe', "c"]]


def test_bytes_that_are_no_text_cost_their_row():
    found = read("a,b\n甲,乙\n".encode() + b"\xff\xff,c\n" + "丙,丁\n".encode())
    assert [row.fault for row in found] == [None, None, FaultKind.ENCODING, None]
    assert [row.number for row in found] == [1, 2, 3, 4]


def test_a_line_without_end_is_one_bad_row():
    found = read("a,b\n" + "x" * 300_000 + "\nc,d\n")
    assert [(row.number, row.fault) for row in found] == [
        (1, None), (2, FaultKind.TOO_LONG), (3, None),
    ]  # fmt: skip


def test_the_file_stays_open():
    file = io.BytesIO(TEXT.encode())
    (table,) = open_tables(file)
    rows = table.rows()
    next(rows)
    del rows
    assert len(list(table.rows())) == 3
    assert not file.closed


@given(st.binary(max_size=300))
def test_any_bytes_end_in_rows_or_a_refusal(data):
    try:
        found = read(data)
    except TableRefused:
        return
    numbers = [row.number for row in found]
    assert numbers == sorted(set(numbers))


@given(
    st.lists(st.lists(st.sampled_from(["", "a", '"', ",", "x\ny", "'"]), max_size=3), max_size=8)
)
def test_what_csv_writes_is_read_back(table):
    import csv

    file = io.StringIO()
    csv.writer(file).writerows([["head", "line"], *table])
    kept = [{at: cell for at, cell in enumerate(row) if cell} for row in table]
    assert [dict(row.cells) for row in read(file.getvalue())][1:] == [row for row in kept if row]
