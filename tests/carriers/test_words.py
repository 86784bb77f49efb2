"""Forbidden words: added in bulk, each once, found through disguises."""

import pytest

from yunxin.carriers.models import ForbiddenWord
from yunxin.carriers.words import allow_words, find_all, forbid_words, search_words

pytestmark = pytest.mark.django_db


def test_words_are_added_once_whatever_their_case(operator):
    done = forbid_words(words=["Casino", "CASINO", "赌博", "x", "y" * 61], by=operator)
    assert (done.added, done.already, done.refused) == (2, 0, ["x", "y" * 60])
    again = forbid_words(words=["casino", "网贷"], by=operator)
    assert (again.added, again.already) == (1, 1)


def test_a_word_of_separators_only_is_refused(operator):
    assert forbid_words(words=["* - *", "  ·  a"], by=operator).refused == ["* - *", "  ·  a"]
    assert not ForbiddenWord.objects.exists()


def test_all_words_of_a_text_are_found_through_disguises(operator):
    forbid_words(words=["赌博", "casino", "网贷"], by=operator)
    assert find_all("欢迎来到 C-a-s-i-n-o,赌 博开始") == ["赌博", "casino"]
    assert find_all("您的快递已到") == []


def test_words_are_searched_and_removed(operator):
    forbid_words(words=["赌博", "casino"], by=operator)
    row = search_words("asi").get()
    assert allow_words(ids=[row.pk], by=operator) == 1
    assert allow_words(ids=[row.pk], by=operator) == 0
    assert search_words("").get().word == "赌博"
