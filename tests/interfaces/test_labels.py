"""Words of the interfaces: each has a label, in the reader's language."""

import pytest
from django.utils import translation

from yunxin.dialects import problems, ronghe
from yunxin.dialects.v1 import Scope
from yunxin.interfaces import labels
from yunxin.vocabulary import PushBatchState, PushError, PushFormat, PushKind, PushWishKind


@pytest.mark.parametrize(
    ("words", "table"),
    [
        (PushError, labels.ERRORS), (PushKind, labels.PUSH_KINDS), (PushFormat, labels.FORMATS),
        (PushBatchState, labels.BATCH_STATES), (PushBatchState, labels.BATCH_TONES),
        (PushWishKind, labels.WISHES), (Scope, labels.SCOPES),
    ],
)  # fmt: skip
def test_every_word_has_a_label(words, table):
    assert set(words) == set(table)


def test_errors_are_whole_sentences():
    assert all(str(text).endswith(".") for word, text in labels.ERRORS.items() if word)
    assert labels.push_error("a_word_of_tomorrow") == "a_word_of_tomorrow"


def test_every_refusal_that_is_counted_says_why():
    words = {*problems.PROBLEMS, *problems.REFUSALS, *map(str, ronghe.CODE_OF)}
    words -= {"no_key", "unknown_cpcode"}  # nobody's requests
    assert [word for word in words if not labels.outcome(word)] == []
    assert labels.outcome("ronghe_304") and not labels.outcome("ronghe_999")
    assert labels.outcome("a_word_of_tomorrow") == ""


def test_refusals_follow_the_language():
    english = labels.outcome("no_balance")
    with translation.override("zh-hans"):
        assert labels.outcome("no_balance") != english
