"""The lines of an audience: encodings, line breaks, and what is refused for which reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.campaigns.audience import (
    BLOCK_BYTES,
    LINE_BYTES_MAX,
    FileProblem,
    LineReader,
    Refused,
    Rules,
    problem_of_head,
    served_carriers,
    typed_numbers,
)
from yunxin.text.encodings import EncodingProbe
from yunxin.text.places import PlaceMap, pack
from yunxin.text.words import WordList
from yunxin.vocabulary import CarrierName, Refusal, SignaturePosition, TemplateKind


def rules(content: str = "您好#*#，金额#*#元", **fields) -> Rules:
    fields.setdefault("words", WordList(["赌博"]))
    return Rules(
        content=content,
        signature="云启科技",
        position=SignaturePosition.FRONT,
        kind=TemplateKind.INDUSTRY,
        **fields,
    )


def read(data: bytes, *, step: int = 0):
    """What becomes of a file: recipients and refused lines, fed in pieces of `step` bytes."""
    probe = EncodingProbe()
    probe.feed(data)
    reader = LineReader(probe.encoding())
    pieces = [data[at : at + step] for at in range(0, len(data), step)] if step else [data]
    blocks = [block for piece in pieces for block in reader.feed(piece)]
    blocks += list(reader.finish())
    return [line for block in blocks for line in block]


def check(text: str, **fields):
    return rules(**fields).check(read(text.encode()))


def refusal(line: str, **fields) -> tuple[Refusal, str]:
    recipients, refused = check(line, **fields)
    assert not recipients
    assert len(refused) == 1
    return refused[0].reason, refused[0].detail


GOOD = "13800000001,张三,100\n13800000002,李四,200\n"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("step", [0, 1, 7])
def test_it_reads_every_encoding_and_line_ending(encoding, ending, step):
    data = GOOD.replace("\n", ending).encode(encoding)
    recipients, refused = rules().check(read(data, step=step))
    assert [(r.line, r.phone, r.params) for r in recipients] == [
        (1, "13800000001", ("张三", "100")),
        (2, "13800000002", ("李四", "200")),
    ]
    assert refused == []


def test_a_last_line_without_a_break_counts():
    assert [line.number for line in read(b"13800000001\n13800000002")] == [1, 2]


def test_blank_lines_are_counted_and_left_out():
    lines = read("\n13800000001,a,b\r\n \t\u3000\r\n\r\n13800000002,a,b\n".encode())
    assert [line.number for line in lines] == [2, 5]


def test_surrounding_spaces_are_tolerated():
    recipients, _ = check(" \u300013800000001 , 张三\t,\u3000100 \n")
    assert recipients[0][1:3] == ("13800000001", ("张三", "100"))


def test_empty_fields_that_a_spreadsheet_leaves_are_tolerated():
    recipients, _ = check("13800000001,张三,100,,\n")
    assert recipients[0].params == ("张三", "100")


@pytest.mark.parametrize("prefix", ["+86", "86", "0086", "+86 "])
def test_a_country_code_is_taken_off(prefix):
    recipients, _ = check(f"{prefix}13800000001,a,b")
    assert recipients[0].phone == "13800000001"


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        ("13800000001，张三，100", Refusal.FULL_WIDTH_COMMA, ""),
        ("13800000001,张三，100", Refusal.FULL_WIDTH_COMMA, ""),
        ("13800000001;张三;100", Refusal.LINE_MALFORMED, "separator"),
        ("13800000001\t张三\t100", Refusal.LINE_MALFORMED, "separator"),
        ("13800000001 张三", Refusal.LINE_MALFORMED, "separator"),
        ("13800000001,张三", Refusal.PARAMS_MISSING, "2/1"),
        ("13800000001", Refusal.PARAMS_MISSING, "2/0"),
        ("13800000001,张三,,", Refusal.PARAMS_MISSING, "empty 2"),
        ("13800000001,张三,100,元", Refusal.PARAMS_EXTRA, "2/3"),
        ("12800000001,张三,100", Refusal.PHONE_INVALID, ""),
        ("手机号,姓名,金额", Refusal.PHONE_INVALID, ""),
        ("1380000000,张三,100", Refusal.PHONE_INVALID, ""),
        ("13800000001,张\x00三,100", Refusal.LINE_MALFORMED, "control"),
        ("13800000001,赌.博,100", Refusal.FORBIDDEN_WORD, "赌博"),
        (f"13800000001,{'长' * 1000},100", Refusal.TEXT_TOO_LONG, "1015"),
    ],
)
def test_what_is_refused_and_why(line, reason, detail):
    assert refusal(line) == (reason, detail)


def test_a_full_width_comma_inside_a_parameter_is_text():
    recipients, _ = check("13800000001,张三，你好,100")
    assert recipients[0].params == ("张三，你好", "100")


def test_one_bad_word_refuses_one_line_only():
    recipients, refused = check("13800000001,张三,1\n13800000002,赌博,2\n13800000003,王五,3\n")
    assert [r.line for r in recipients] == [1, 3]
    assert [r.line for r in refused] == [2]


def test_a_word_is_not_found_across_two_lines():
    recipients, _ = check("13800000001,赌\n13800000002,博\n", content="#*#")
    assert len(recipients) == 2


def test_carriers_outside_the_range_are_refused():
    carriers = served_carriers(["mobile", "unicom"])
    assert refusal("13300000001,a,b", carriers=carriers) == (
        Refusal.CARRIER_NOT_SERVED,
        CarrierName.TELECOM,
    )
    assert check("13800000001,a,b", carriers=carriers)[0]
    assert served_carriers(["all"]) == frozenset()
    places = PlaceMap(pack([("1330000", "hainan", "unicom")]))
    assert check("13300000001,a,b", carriers=carriers, places=places)[0]


def test_segments_are_those_of_the_whole_text():
    recipients, _ = check(f"13800000001,{'字' * 70},1\n13800000002,a,1")
    assert [r.segments for r in recipients] == [2, 1]


def test_bytes_of_no_encoding_refuse_their_line_only():
    data = "13800000001,张三,100\n".encode() + b"13800000002,\xff\xff\xfe,1\n13800000003,a,b\n"
    recipients, refused = rules().check(read(data))
    assert [r.line for r in recipients] == [1, 3]
    assert refused[0][:1] + refused[0][2:] == (2, Refusal.LINE_MALFORMED, "encoding")


def test_an_endless_line_is_refused_once_and_forgotten():
    reader = LineReader("utf-8")
    lines, longest = [], 0
    for piece in (b"13800000001,a,b\n", *[b"x" * 5000] * 50, b"\r", b"\n13800000002,a,b\n"):
        lines += [line for block in reader.feed(piece) for line in block]
        longest = max(longest, len(reader._rest))
    lines += [line for block in reader.finish() for line in block]
    assert [line.number for line in lines] == [1, 2, 3]
    assert longest < LINE_BYTES_MAX + 5001


@given(st.binary(max_size=300), st.integers(1, 50))
def test_it_never_depends_on_where_the_bytes_are_cut(data, step):
    assert read(data, step=step) == read(data)


@given(st.lists(st.sampled_from(["a", "", "\r", "\n", "\r\n", "字"]), max_size=60))
def test_line_numbers_are_those_of_an_editor(pieces):
    text = "".join(pieces)
    numbered = enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1)
    assert [(line.number, line.text) for line in read(text.encode())] == [
        (number, line) for number, line in numbered if line
    ]


@given(st.binary(max_size=400))
def test_no_bytes_ever_raise(data):
    problem_of_head(data)
    for outcome in rules().check(read(data)):
        for row in outcome:
            assert "\x00" not in str(row)


def test_many_lines_are_cut_into_blocks():
    data = b"13800000001,a,b\r\n" * 60_000
    reader = LineReader("utf-8")
    blocks = [*reader.feed(data), *reader.finish()]
    assert len(blocks) > 2
    assert max(map(len, blocks)) <= BLOCK_BYTES // 17 + 1
    assert [block[-1].number for block in blocks][-1] == 60_000


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (b"", FileProblem.EMPTY),
        (b" \r\n\n", FileProblem.EMPTY),
        (b"PK\x03\x04\x14\x00[Content_Types].xml...xl/workbook.xml", FileProblem.SPREADSHEET),
        (b"PK\x03\x04\x14\x00[Content_Types].xml...word/document.xml", FileProblem.DOCUMENT),
        (b"PK\x03\x04\x14\x00readme.txt", FileProblem.ARCHIVE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileProblem.DOCUMENT),
        (b"%PDF-1.7", FileProblem.DOCUMENT),
        (b"\x89PNG\r\n\x1a\n\x00", FileProblem.IMAGE),
        (b"\xff\xd8\xff\xe0", FileProblem.IMAGE),
        ("﻿13800000001".encode("utf-16"), FileProblem.UTF16),
        (b"MZ\x90\x00\x03", FileProblem.BINARY),
        (b"13800000001\n", None),
        ("13800000001,张三".encode("gb18030"), None),
    ],
)
def test_what_is_no_text_is_told_by_its_bytes(head, problem):
    assert problem_of_head(head) == problem


def test_a_refused_line_is_kept_short_and_clean():
    _, refused = check("x\x07" * 500)
    assert refused == [Refused(1, "x" * 200, Refusal.LINE_MALFORMED, "control")]


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("13800000001 13800000002\n13800000003", 3),
        ("13800000001，13800000002;13800000003、", 3),
        ("+86 138 0000 0001\n138-0000-0002", 2),
        ("  \n ,, ", 0),
        ("13800000001 abc", 2),
    ],
)
def test_typed_numbers_are_separated_by_anything_usual(typed, numbers):
    assert len(typed_numbers(typed)) == numbers


def test_typed_numbers_share_their_parameters():
    recipients, refused = rules().check_typed(
        enumerate(["13800000001", "123", "+8613800000002"], 1), ("张三", "100")
    )
    assert [(r.line, r.phone, r.params) for r in recipients] == [
        (1, "13800000001", ("张三", "100")),
        (3, "13800000002", ("张三", "100")),
    ]
    assert refused == [Refused(2, "123", Refusal.PHONE_INVALID)]
