"""A code finds its meaning: its own row, the error behind it, the longest beginning, its word."""

import pytest

from yunxin.text.codes import CodeBook

BOOK = CodeBook(
    (protocol, code, group, True, f"{protocol} {code}", "", False)
    for protocol, code, group in (
        ("", "UNDELIV", "unreachable"),
        ("", "MK:*", "unreachable"),
        ("", "MK:01*", "number"),
        ("sgip", ":27", "phone"),
        ("sgip", "LENGTH", "format"),
        ("cmpp", "LENGTH", "format"),
        ("smgp", ":005", "blocked"),
        ("smgp", "MK:*", "carrier"),
        ("smgp", "BUSY", "limit"),
        ("smpp", "BUSY", "carrier"),
        ("smgp", "UNDELIV", "number"),
    )
)


@pytest.mark.parametrize(
    ("protocol", "code", "row", "is_exact"),
    [
        ("cmpp", "UNDELIV", " UNDELIV", True),
        ("smgp", "UNDELIV", "smgp UNDELIV", True),  # a protocol's row before one for all
        ("cmpp", " undeliv ", " UNDELIV", True),
        ("cmpp", "MK:0001", " MK:*", True),
        ("cmpp", "MK:0112", " MK:01*", True),  # the longest beginning
        ("smgp", "MK:0001", "smgp MK:*", True),
        ("smgp", "MK:0112", " MK:01*", True),
        ("sgip", "UNDELIV:27", "sgip :27", True),  # the error behind the word
        ("sgip", "UNDELIV:99", " UNDELIV", False),  # only the word is known
        ("smpp", "UNDELIV:27", " UNDELIV", False),  # another protocol's error
        ("smgp", "UNDELIV:005", "smgp :005", True),
        ("cmpp", "HD:0001:002", None, False),
        ("cmpp", "MK", None, False),
        ("cmpp", "", None, False),
        ("cmpp", None, None, False),
        ("", "UNDELIV:27", " UNDELIV", False),  # nobody knows whose 27 it is
        ("", "LENGTH", "cmpp LENGTH", True),  # two agree
        ("", "BUSY", None, False),  # two do not
    ],
)
def test_a_code_finds_its_row(protocol, code, row, is_exact):
    found = BOOK.find(code, protocol)
    assert (found.meaning.english if found else None) == row
    assert bool(found and found.is_exact) == is_exact


def test_an_empty_table_knows_nothing():
    assert CodeBook().find("UNDELIV:001", "smgp") is None


def test_what_operators_decided_holds_for_the_very_code_only() -> None:
    book = CodeBook(
        [
            ("smpp", "RSYSERR", "carrier", True, "", "", True),
            ("", "HD:*", "number", True, "", "", True),
            ("", "RINVDSTADR", "number", False, "", "", True),
            ("smpp", "RINVDSTADR", "number", True, "", "", False),
        ]
    )
    decided = book.decision("RSYSERR", "smpp")
    assert decided is not None and decided.permanent
    assert book.decision("RSYSERR", "cmpp") is None
    assert book.decision("HD:12", "cmpp") is not None
    # A protocol's own row, which nobody changed, goes before what holds for all.
    assert book.decision("RINVDSTADR", "smpp") is None
    assert book.decision("RSYSERR:001", "smpp") is None
