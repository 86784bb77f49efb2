"""Forbidden words are found through the usual disguises, and nothing else is."""

import pytest

from yunxin.text.words import WordList

WORDS = WordList(["发票", "Casino", "", "发票"])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("代开发票", "发票"),
        ("代开发 票", "发票"),
        ("代开发\u200b票", "发票"),
        ("ＣＡＳＩＮＯ", "casino"),
        ("ca-si*no", "casino"),
        ("发货单", None),
        ("", None),
    ],
)
def test_a_word_is_found_in_disguise(text: str, word: str | None) -> None:
    assert WORDS.find(text) == word


def test_an_empty_list_finds_nothing() -> None:
    assert WordList([]).find("发票") is None


def test_doubles_and_empty_words_do_not_count() -> None:
    assert len(WORDS) == 2
